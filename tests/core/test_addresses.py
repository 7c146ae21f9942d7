"""Where an address begins and ends, for a text that grows."""

import itertools
import random

import pytest

from promptguard_gateway.core.addresses import AddressReader, is_markup

INSIDE = [
    "see https://evil.example/?q=",
    "see https://evil.example/a,b;(c)[d]",
    "HTTPS://",
    "https:evil.example/",
    "https:\\\\evil.example\\",
    "//evil.example/",
    "/\\evil.example/",
    "mailto:",
    "javascript:alert(",
    "www.",
    "go to example.com/",
    "example.com:8080/",
    "example.com?",
    "https://user:",
    "![x](",
    "[x]( ",
    "[x](/relative?q=",
    "[x](https://evil.example/?q=a b ",
    "[x](https://evil.example/(a)?q=",
    "[x](/relative/(a)(b)?q=",
    "[x](\nhttps://evil.example/",
    "[x](</with blanks and ",
    "[x](<https://evil.example/a b ",
    "[1]: https://evil.example/?",
    "[1]: <https://evil.example/ ",
    "<https://evil.example/a b",
    '<img src="',
    "<img src=",
    "<img src = '",
    '<img alt=">" src="https://evil.example/?q=a b ',
    "<a title='it' href=\"/x y ",
    '<a\nhref="\n\n',
    "<IMG SRC=x",
    "url(",
    "url( 'a b",
    "background:url(/x",
    '"https://evil.example/?q=a b ',
    "'//evil.example/a b ",
    '{"url": "https://evil.example/?q=a b ',
    "https://" + "a" * 9000,
    '<img src="' + "a " * 9000,
]
OUTSIDE = [
    "",
    "mail me at ",
    "(see ",
    "https://ok.example/ and ",
    "https://ok.example\n",
    'as "https://ok.example" says, ',
    "<https://ok.example>",
    "[text](https://ok.example) ",
    "[text](<https://ok.example> ",
    "[text](/a b) ",
    "[text](/a\n",
    "[text](/a(b)) and ",
    "![",
    "[",
    "a/b or c/d, e.g. and/or ",
    "1 / 2 = ",
    "x = ",
    'to="',
    "send(to='",
    '{"email": "',
    "a < b and ",
    "if a<b then write ",
    "List<String> of ",
    "<p>",
    '<p class="x">',
    "<br/> ",
    "<a href='https://ok.example'>",
    "url (",
    "url('x') ",
    "// a comment: ",
    "the end.So ",
    "http is a protocol, ",
    "https://" + "a" * 9000 + " ",
]


def inside(pieces: list[str]) -> bool:
    reader = AddressReader()
    for piece in pieces:
        reader.add(piece)
    return reader.inside


@pytest.mark.parametrize("text", INSIDE)
def test_in_an_address(text: str) -> None:
    """What a client would fetch, or send along, if more were written there."""
    assert inside([text])
    assert inside(["x\n" * 5000, text])


@pytest.mark.parametrize("text", OUTSIDE)
def test_outside_of_addresses(text: str) -> None:
    """Ordinary text, also right behind an address."""
    assert not inside([text])


@pytest.mark.parametrize("seed", range(8))
def test_cutting_makes_no_difference(seed: int) -> None:
    """However the text arrives, the answer at a place is the same."""
    sample = random.Random(seed)
    parts = [*sample.choices(INSIDE[:-2] + OUTSIDE[:-1], k=12), "y" * sample.randint(0, 5000), sample.choice(INSIDE)]
    sample.shuffle(parts)
    text = " ".join(parts)
    for place in sorted(sample.sample(range(len(text) + 1), 25)):
        expected = inside([text[:place]])
        assert inside([*text[:place]]) == expected
        edges = [0, *sorted(sample.randint(0, place) for _ in range(5)), place]
        assert inside([text[start:end] for start, end in itertools.pairwise(edges)]) == expected


def test_what_is_markup() -> None:
    """Whatever opens or closes a link, a tag or an address; ordinary values do not."""
    for text in ("https://a.example", "//x", "](", "<b", "a[0]", "x>y", "www.x", "a.com/"):
        assert is_markup(text)
    for text in (
        "",
        "ana.lopez@example.com",
        "+49 (0)151 / 234",
        "Calle Mayor 1, 2º",
        "2001:db8::1",
        'O\'Brien "x"',
        "a=b",
    ):
        assert not is_markup(text)
