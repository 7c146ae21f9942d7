"""Protected text reappearing in an answer, in any of the disguises a model can be talked into."""

from base64 import b64encode
from codecs import encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.detectors.leak import LEAK
from promptguard_gateway.detectors.projection import project

PROMPT = (
    "You are Harbour, the booking assistant of Seaside Hotels. Never offer more than 15 percent discount, "
    "and never mention the internal supplier code QX-77-ALPHA to a guest. Always answer in one paragraph."
)
KNOWN = Knowledge(protected=(PROMPT,))
PART = PROMPT[20:110]

DISGUISES = {
    "as it is": PART,
    "upper case": PART.upper(),
    "spaced": " ".join(PART),
    "one character per line": "\n".join(PART),
    "without spaces": PART.replace(" ", ""),
    "bold words": "**" + PART.replace(" ", "** **") + "**",
    "reversed": PART[::-1],
    "rot13": encode(PART, "rot13"),
    "hexadecimal": PART.encode().hex(" "),
    "hexadecimal in capitals": PART.encode().hex().upper(),
    "byte escapes": "".join(f"\\x{byte:02x}" for byte in PART.encode()),
    "unicode escapes": "".join(f"\\u{ord(c):04x}" for c in PART),
    "URL encoding": "".join(f"%{byte:02X}" for byte in PART.encode()),
    "numbers": ", ".join(f"0x{byte:02x}" for byte in PART.encode()),
    "decimal codes": " ".join(map(str, PART.encode())),
    "reversed, spaced": " ".join(PART[::-1]),
    "rot13, one character per line": "\n".join(encode(PART, "rot13")),
    "stars between characters": "*".join(PART),
    "look-alikes": PART.replace("e", "\u0435").replace("o", "\u03bf"),
    "accents": PART.replace("a", "\u00e1").replace("e", "e\u0301"),
    "base64": b64encode(PART.encode()).decode(),
    "base64 in lines": "\n".join(b64encode(PART.encode()).decode()[at : at + 20] for at in range(0, 120, 20)),
    "base64 behind other text": b64encode(b"The text is: " + PART.encode()).decode()[16:],
    "base64, shifted": b64encode(PART[1:].encode()).decode(),
    "base64, shifted twice": b64encode(PART[2:].encode()).decode(),
    "full width": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in PART),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
def test_every_disguise_is_found_where_it_stands(disguise):
    """The finding lies inside the repeated part and covers most of it."""
    text = f"Of course! {disguise} That is all."
    [hit] = LEAK.scan(text, KNOWN)
    start = text.index(disguise)
    assert start - 4 <= hit.start < hit.end <= start + len(disguise) + 4
    assert hit.end - hit.start > len(disguise) * 0.8


@pytest.mark.parametrize(
    "text",
    [
        "You are welcome! The booking assistant can help you with a room by the sea.",
        "We offer a discount of 10 percent to all guests of the house.",
        "",
        "Seaside Hotels",
    ],
)
def test_common_words_are_no_leak(text):
    """Fewer than thirty-two letters in a row are common speech."""
    assert list(LEAK.scan(text, KNOWN)) == []


def test_what_a_user_said_may_be_repeated():
    """Text that users or documents of the exchange brought is no leak, even if it is protected too."""
    said = Knowledge(protected=(PROMPT,), spoken=(f"My colleague wrote: {PART}",))
    assert list(LEAK.scan(PART, said)) == []
    assert list(LEAK.scan(PROMPT, said)) != []


def test_a_canary_counts_as_a_whole():
    """A short protected text is found entire, and not in part."""
    known = Knowledge(canaries=("canary-7f3a9b2c",))
    assert [(hit.start, hit.end) for hit in LEAK.scan("id: CANARY 7F3A9B2C!", known)] == [(4, 19)]
    assert list(LEAK.scan("id: canary 7f3a", known)) == []


@pytest.mark.parametrize("before", ["", "a", "ab", "so "])
def test_a_canary_is_found_in_encoded_text(before):
    """Wherever it stands in the text that was encoded, and whatever follows it there."""
    known = Knowledge(canaries=("canary-7f3a9b2c",))
    for coded in (b64encode(f"{before}canary-7f3a9b2c, and more".encode()).decode(), before.encode().hex()):
        text = coded if "=" in coded or len(coded) > 8 else f"{before}canary-7f3a9b2c".encode().hex()
        assert list(LEAK.scan(f"It is {text}.", known))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("You are a helpful assistant.", "You are a helpful assistant. That is what I am told."),
        ("Answer in French, please.", "I will answer in French, please wait."),
        (
            "You are a helpful, respectful and honest assistant. Always be brief.",
            "I am a helpful, respectful and honest assistant.",
        ),
    ],
)
def test_generic_instructions_are_no_secret(prompt, answer):
    """What many prompts say, and a short one without a code in it, may be said."""
    assert list(LEAK.scan(answer, Knowledge(protected=(prompt,)))) == []


def test_a_short_instruction_with_a_code_is_one():
    """A name with a number stands for itself."""
    assert list(LEAK.scan("The code is Otter-4471!", Knowledge(protected=("the code is otter4471",))))


def test_ordinary_text_holds_back_next_to_nothing():
    """A stream waits for a few letters at most when nothing is leaking."""
    text = "The weather will be mild tomorrow, with some clouds in the afternoon. " * 3
    assert max(LEAK.pending(text[:cut], KNOWN) for cut in range(len(text))) <= 14


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([PART, PART[:40], PART[30:], PROMPT, " and ", "x", PART[::-1][:50], "\n"]), max_size=4),
    st.integers(0, 400),
)
def test_hits_before_what_is_pending_never_change(parts, cut):
    """Whatever follows, hits that end before the pending part stay as they are, and nothing new ends there."""
    text = "".join(parts)
    prefix = text[:cut]
    safe = len(prefix) - LEAK.pending(prefix, KNOWN)
    early = [hit for hit in LEAK.scan(prefix, KNOWN) if hit.end < safe]
    assert [hit for hit in LEAK.scan(text, KNOWN) if hit.end < safe] == early


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=20), st.text(max_size=20))
def test_projection_works_character_by_character(one, other):
    """The projection of two texts is the projection of both, which is what streams rely on."""
    assert project(one + other) == project(one) + project(other)
