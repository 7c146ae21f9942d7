"""Rules for addresses: how hosts are read, what lists mean, and where an address on a stream is decided."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.contract import checked, unstable_cuts
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.stream import StreamInspector
from promptguard_gateway.core.url_rules import UrlDetector, UrlRules, host_of, is_entry

KNOWN = Knowledge()


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("Example.COM:8080", "example.com"),
        ("example.com.", "example.com"),
        ("exa%6dple.com", "example.com"),
        ("ｅｘａｍｐｌｅ。com", "example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("169.254.43518", "169.254.169.254"),
        ("[::1]", "::1"),
        ("[::ffff:169.254.169.254]:80", "169.254.169.254"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("1.2.3.4.5", "1.2.3.4.5"),
        ("256.256.256.256", "256.256.256.256"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_read_as_browsers_do(authority: str, name: str) -> None:
    """Whatever the spelling, one host has one name."""
    assert host_of(authority).name == name


def test_names_that_look_alike() -> None:
    """Letters of other alphabets are read as the Latin ones they look like, in both ways of writing them."""
    assert host_of("аpple.com").looks == host_of("xn--pple-43d.com").looks == "apple.com"


BLOCKING = UrlRules(block=("evil.example", "*.sub.example", "10.0.0.0/8", "private", "apple.com"))
ALLOWING = UrlRules(allow=("docs.example", "192.0.2.7"), schemes=("https",))
PLAIN = UrlRules(numbers=False)


def rules_broken(rules: UrlRules, text: str) -> list[tuple[str, str]]:
    return [(text[hit.start : hit.end], hit.rule) for hit in UrlDetector(rules).scan(text, KNOWN)]


@pytest.mark.parametrize(
    ("rules", "text", "found"),
    [
        (BLOCKING, "see https://evil.example/a?b=c.", [("https://evil.example/a?b=c", "blocked")]),
        (BLOCKING, "(http://www.EVIL.example)", [("http://www.EVIL.example", "blocked")]),
        (BLOCKING, "www.evil.example now", [("www.evil.example", "blocked")]),
        (BLOCKING, '<img src="//evil.example/x.png">', [("//evil.example/x.png", "blocked")]),
        (BLOCKING, "http:\\\\evil.example\\a", [("http:\\\\evil.example\\a", "blocked")]),
        (BLOCKING, "https:/evil.example", [("https:/evil.example", "blocked")]),
        (BLOCKING, "https:///////evil.example", [("https:///////evil.example", "blocked")]),
        (BLOCKING, "see ///evil.example", [("///evil.example", "blocked")]),
        (BLOCKING, "https://docs.example@evil.example/", [("https://docs.example@evil.example/", "credentials")]),
        (BLOCKING, "https://a.sub.example and https://sub.example", [("https://a.sub.example", "blocked")]),
        (BLOCKING, "http://0xa.1.2.3/ http://11.1.2.3/", [("http://0xa.1.2.3/", "blocked")]),
        (
            BLOCKING,
            "http://[::1]:80/ http://localhost/",
            [("http://[::1]:80/", "blocked"), ("http://localhost/", "blocked")],
        ),
        (BLOCKING, "https://аpple.com", [("https://аpple.com", "blocked")]),
        (BLOCKING, "https://ok.example/?u=https://evil.example/x", [("https://evil.example/x", "blocked")]),
        (BLOCKING, "https://ok.example,https://evil.example", [("https://evil.example", "blocked")]),
        (BLOCKING, "https://evil.example.org https://notevil.example", []),
        (BLOCKING, "evil.example is a name, 10.0.0.1 a number, a//b a path, C:\\evil.example a file", []),
        (ALLOWING, "https://docs.example/a and https://x.docs.example", []),
        (ALLOWING, "https://192.0.2.7/", []),
        (ALLOWING, "https://docs.example.org", [("https://docs.example.org", "not_allowed")]),
        (ALLOWING, "https://dоcs.example", [("https://dоcs.example", "not_allowed")]),
        (ALLOWING, "http://docs.example", [("http://docs.example", "scheme")]),
        (ALLOWING, "javascript:alert(1)", [("javascript:alert(1", "scheme")]),
        (ALLOWING, "data:text/html,hi", [("data:text/html,hi", "scheme")]),
        (ALLOWING, "the data: 5 of note:/a", []),
        (PLAIN, "http://127.1/a or http://a.example", [("http://127.1/a", "number")]),
        (UrlRules(), "https://u:p@a.example", [("https://u:p@a.example", "credentials")]),
        (UrlRules(credentials=True), "https://u:p@a.example", []),
    ],
)
def test_addresses_that_break_a_rule(rules: UrlRules, text: str, found: list[tuple[str, str]]) -> None:
    """The whole address is found, without the sentence around it."""
    assert rules_broken(rules, text) == found


@pytest.mark.parametrize(
    ("text", "pending"),
    [
        ("plain words. ", 0),
        ("see htt", 3),
        ("see https://", 8),
        ("see https://docs.exam", 17),
        ("see https://docs.example/long/pa", 2),
        ("see https://evil.example/long/pa", 28),
        ("see https://evil.example/a. ", 0),
    ],
)
def test_only_what_may_change_the_verdict_waits(text: str, pending: int) -> None:
    """An address that is fine leaves as soon as its authority has ended."""
    assert UrlDetector(BLOCKING).pending(text, KNOWN) == pending


SCHEMES = ["https", "http", ":", "//", "/", "\\\\", "javascript:", "data:", "text/html,", "www."]
HOSTS = ["evil.example", "docs.example", "@", "u:p", "[::1]", "127.1", "аpple.com", "a"]
AROUND = [" ", ".", ",", ")", "?u=", "\n", '"', "x" * 35]
PIECES = st.sampled_from([*SCHEMES, *HOSTS, *AROUND])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join), st.sampled_from([BLOCKING, ALLOWING, PLAIN]))
def test_every_cut_gives_the_same(text: str, rules: UrlRules) -> None:
    """On a stream the same addresses are found as in the whole text."""
    assert unstable_cuts(UrlDetector(rules), text) == []


def test_it_keeps_the_contract() -> None:
    """Like a detector of anybody's."""
    assert checked(UrlDetector(BLOCKING))


def test_entries_of_lists() -> None:
    """Hosts, networks and `private`; an address with a path is none."""
    assert all(map(is_entry, ["evil.example", "*.evil.example", "10.0.0.0/8", "::1", "private", "bücher.example"]))
    assert not any(map(is_entry, ["", "https://evil.example", "evil.example/a", "a b"]))


PLAN = AnswerPlan.compile([UrlDetector(BLOCKING)], PRESETS["moderate"], Column.ANSWER)


def released(*pieces: str) -> str:
    inspector = StreamInspector(PLAN, KNOWN)
    return "".join([*(inspector.feed(piece).text for piece in pieces), inspector.finish().text])


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("See https://evil.example/a?b=c. Bye", "See [URL_REDACTED]. Bye"),
        ("a //0x7f.1/x, www.evil.example b", "a [URL_REDACTED], [URL_REDACTED] b"),
        ("https://u:p@ok.example", "[URL_REDACTED]"),
        ("ok https://docs.example/?u=http:\\\\[::1]", "ok https://docs.example/?u=[URL_REDACTED]"),
        ("https://аpple.com/a,b https://apple.org", "[URL_REDACTED] https://apple.org"),
    ],
)
def test_a_stream_says_what_the_whole_says(text: str, redacted: str) -> None:
    """For all ways of cutting it in two and in three, and letter by letter."""
    assert released(text) == released(*text) == redacted
    places = range(len(text) + 1)
    cuts = ((text[:one], text[one:other], text[other:]) for one in places for other in places if one <= other)
    assert {released(*pieces) for pieces in cuts} == {redacted}
