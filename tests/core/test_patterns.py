"""Reading patterns, writing them again, and the closure that accepts every beginning of every word."""

import re

import pytest
import re2
from hold_catalogue import PATTERNS
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.book import HoldBack
from promptguard_gateway.core.engine import Program
from promptguard_gateway.core.patterns import closure, copies, emit, longest, reverse, shortest
from promptguard_gateway.core.syntax import PatternError, parse

REGEXES = [
    "abc",
    "a|bc|",
    "(?:ab|c)+d",
    "(a)(?P<name>b)(?<other>c)",
    "a?b*c+d{2}e{2,}f{2,4}",
    "a??b*?c+?d{2}?e{1,3}?",
    "(?i)a(?-i)b",
    "a(?i)b|c",
    "(?i:[a-f]x)y",
    "(?s:.).",
    "(?sm-i:^.$)",
    r"\Aa\b.\B\z",
    r"[]a][^]b][\]c]",
    r"[[:alpha:][:^digit:]\d\-x-z]",
    r"\x41\x{1F600}\pL\p{Greek}\P{Lu}\p{^Lu}",
    r"\.\-\_\{\}\[\]\(\)\\\/",
    r"\d\D\w\W\s\S\n\t\r\f\v\a",
    "a{,5}{x}}]",
    "x{0}y",
    "(|a)b",
    "ñ[á-ú]{2}é?",
    "^a$",
    "(?m)^a$",
    "a" * 40,
    "(?:a{3,4}b?){2,3}",
    "(?:a|b|(?:c|d))*",
]
TEXTS = st.text("abcdefgxyzABCD .-]{}5ñáúé\n", max_size=12)


@pytest.mark.parametrize("regex", REGEXES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(text=TEXTS)
def test_written_again_a_pattern_finds_the_same(regex: str, text: str) -> None:
    """emit(parse(x)) and x find the same spans."""
    again = emit(parse(regex))
    data = text.encode()
    assert [m.span() for m in re2.finditer(again, data)] == [m.span() for m in re2.finditer(regex, data)]


@pytest.mark.parametrize(
    ("regex", "reason", "position"),
    [
        (r"(a)\1", "back-references", 3),
        ("a(?=b)", "look-around", 2),
        ("a(?<!b)", "look-around", 2),
        ("a(?>b)", "look-around", 2),
        ("(a", "never closed", 0),
        ("a)b", "never opened", 1),
        ("[ab", "class", 0),
        ("*a", "nothing to repeat", 0),
        ("a|+", "nothing to repeat", 2),
        ("a**", "repeat of a repeat", 2),
        ("a*+", "repeat of a repeat", 2),
        ("a{2}{3}", "repeat of a repeat", 4),
        ("ba{1001}", "1000 repeats", 2),
        (r"a\Q.\E", "escape", 1),
        (r"a\C", "escape", 1),
        ("a\\", "escape", 1),
        ("(?U)a+", "flags", 1),
        ("(?:a{100}){20}", "RE2 refuses", 0),
        ("[b-a]", "RE2 refuses", 0),
        ("(" * 61 + "a" + ")" * 61, "60 groups inside", 60),
    ],
)
def test_what_cannot_be_closed_is_refused_with_the_place(regex: str, reason: str, position: int) -> None:
    """The error says why, and at which character."""
    with pytest.raises(PatternError, match=reason) as caught:
        parse(regex)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("regex", "closed"),
    [
        ("a", "a?"),
        ("ab", "(?:ab?)?"),
        ("[ab]{2,3}", "[ab]{0,3}"),
        ("a|b", "(?:a?|b?)"),
        (r"\ba$", "a?"),
        ("a*", "a*"),
        ("(?:ab){2}", "(?:ab)?(?:ab?)?"),
        ("(?i)ab", "(?:(?i:a)(?i:b)?)?"),
        ("", ""),
        ("x{0}", ""),
    ],
)
def test_closures_are_small(regex: str, closed: str) -> None:
    """The closure is written nested, without assertions."""
    assert emit(closure(parse(regex))) == closed


@pytest.mark.parametrize(
    ("regex", "size"),
    [("a", 1), ("a?", 0), (r"\b", 0), ("a|", 0), ("a*b", 1), ("(?:ab|cde){2,5}f", 5), (r"\bab\d{3}", 5)],
)
def test_the_length_of_the_shortest_word(regex: str, size: int) -> None:
    """Nothing shorter can match, and something of this length can: 0 means that the empty text is a word."""
    assert shortest(parse(regex)) == size


@pytest.mark.parametrize(
    ("regex", "added"),
    [("abc", 0), ("a{3}", 2), ("[ab]{2,7}c", 6), ("a*b+c?", 0), ("(?:ab|c){3}", 6), ("(?:a{2}b){3}", 7), ("a{5,}", 4)],
)
def test_what_counted_repeats_add(regex: str, added: int) -> None:
    """The characters beyond those that are written."""
    assert copies(parse(regex)) == added


@pytest.mark.parametrize(("regex", "back"), [("abc", "cba"), ("(?:ab|c)+d", "d(?:ba|c)+"), ("a(?i)bc", "a(?i:cb)")])
def test_reversing(regex: str, back: str) -> None:
    """Words from their end to their beginning."""
    assert reverse(parse(regex)) != parse(regex)
    assert emit(reverse(parse(regex))).replace("(?i:cb)a", "a(?i:cb)") == back


# Python's `re` reads these too, so that hypothesis can make up their words.
COMMON = [pattern.regex for detector in PATTERNS for pattern in detector.patterns if r"\p" not in pattern.regex]
COMMON += [
    "(?:ab|c){2,4}d?",
    "a{3,4}(?:b|cd)*e",
    "(?i)ab(?:c|d{2})?",
    "x(?s:.){0,3}y",
    "(?:a?b?){1,3}c",
    "a{1000}b?",
    "[^a]b" * 30,
]
CLOSURES = {regex: Program(f"(?:{emit(closure(parse(regex)))})\\z", longest=True) for regex in COMMON}
WHOLE = {regex: Program(f"(?:{regex})\\z") for regex in COMMON}
HOLDS = {regex: HoldBack([regex]) for regex in COMMON}
EVERYTHING = HoldBack(COMMON)


def translated(regex: str) -> str:
    """RE2's syntax as Python's: the end of text is spelled differently."""
    return regex.replace(r"\z", r"\Z")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data(), before=st.text("ab 1-@é", max_size=5))
def test_every_beginning_of_every_word_is_held(data: st.DataObject, before: str) -> None:
    """Whatever word of a pattern is coming, its beginning is matched by the closure and never released."""
    regex = data.draw(st.sampled_from(COMMON))
    word = data.draw(st.from_regex(re.compile(translated(regex), re.ASCII), fullmatch=True))
    assume(WHOLE[regex].prefix(word.encode()))  # to RE2, a vertical tab is no space
    length = data.draw(st.integers(0, len(word)))
    prefix = word[:length]
    assert CLOSURES[regex].prefix(prefix.encode()) == len(prefix.encode())
    assert HOLDS[regex].pending(before + prefix) >= length
    assert EVERYTHING.pending(before + prefix) >= length


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("the end. ", 0),
        ("mail me at john.doe@exa", "john.doe@exa"),
        ("password", "password"),
        ("a ñand", "ñand"),
        ("", 0),
        ("x ", 0),
    ],
)
def test_what_is_held(text: str, held: str | int) -> None:
    """Ordinary text waits for little, a value for its end."""
    assert HoldBack([r"[a-z.]+@[a-z.]+\.[a-z]+", "password", "ñandú"]).pending(text) == (
        held if isinstance(held, int) else len(held)
    )
    assert HoldBack([]).pending(text) == 0


@pytest.mark.parametrize(
    ("regex", "size"), [("abc", 3), ("a|bcd|", 3), ("a{2,4}b?", 5), ("(?:ab){3}", 6), ("a*", None), ("x(?:a+|b)", None)]
)
def test_the_longest_word(regex: str, size: int | None) -> None:
    """How many characters a word can have at most, if there is a most."""
    assert longest(parse(regex)) == size


@pytest.mark.parametrize(
    ("regexes", "text", "held"),
    [
        ([r"\bsk-[a-z0-9]{4}"], "my word", 4),
        ([r"\bsk-[a-z0-9]{4}"], "my sentence ends", 4),
        ([r"\bsk-[a-z0-9]{4}"], "a.b ", 0),
        ([r"\bsk-[a-z0-9]{4}"], "SK", 0),
        ([r"\bsk-[a-z0-9]{4}"], "é" * 3 + "ab", 2),
        ([r"\bsk-[a-z0-9]{4}", "pin [0-9]{2}"], "the pin 1", 5),
        (["a{900}b{900}"], "ab" * 2000, 1800),
        ([], "anything", 0),
    ],
)
def test_patterns_of_one_word_hold_the_end_of_the_word(regexes: list[str], text: str, held: int) -> None:
    """A run of their letters waits, no longer than the longest of their words; other patterns are read exactly."""
    assert HoldBack(regexes).pending(text) == held
