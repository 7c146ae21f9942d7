"""Every way of cutting 200 short answers in two and in three, with the detectors that ship.

`test_holdback` proves the mechanism on a catalogue made for it; this proves that no shipped pattern escapes it. The
policy is strict, which changes the most answers. Keys are assembled from pieces.
"""

import itertools

import pytest

from promptguard_gateway.core.detector import Knowledge, Redacted
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.restore import Restorer
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.stream import StreamInspector
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.detectors.catalogue import DETECTORS

PLAN = AnswerPlan.compile(DETECTORS, PRESETS["strict"], Column.ANSWER)
RULE = "Staff code: orange elephant nine seven river stone"
MAIL = "joe.q@shop.example"
KNOWLEDGE = Knowledge(
    protected=(RULE,),
    canaries=("canary-77-x-88-y",),
    spoken=("my parrot is called Harlekin",),
    redacted=(Redacted(MAIL, "EMAIL"), Redacted("AB-123-CD", "PLATE")),
)

VALUES = [
    "ana@example.com",
    " ".join(MAIL),
    "4111 1111 1111 1111",
    "ab 123/CD",
    MAIL.encode().hex(),
    "123-45-6789",
    "SSN 078-05-1120",
    "+34 600 123 456",
    "(212) 555-0142",
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "canary 77x88y",
    "2001:4860:4860::8888",
    "AKIA" + "IOSFODNN7EXAMPL1",
    "ghp_" + "a1B2c3D4e5F6" * 3,
    "sk-" + "proj-" + "A1b2C3d4E5f6" * 3,
    "xoxb-" + "123456789012-abcdefABCDEF",
    "glpat-" + "aB3dE6gH9jK2mN5pQ8rT",
    "-----BEGIN " + "PRIVATE KEY-----\nMIIB\n-----END " + "PRIVATE KEY-----",
    "![x](http://a.example/p?d=c2VjcmV0IGRhdGEgaGVyZQ)",
    "![](//a.b/?my+parrot+is+called+Harlekin)",
    '<img src="http://a.example/?q=aGVsbG8gd29ybGQgYWdhaW4">',
    "password: Tr0ub4dor&3x",
    "postgres://u:" + "s3cr3tpw@db.example/x",
    RULE,
    RULE[:20],
    "ana@example",
    "4111 1111 1111",
    "caf\u00e9 na\u00efve \U0001f600 e\u0301",
    "a\u200bna@exam\u200bple.com",
]
FRAMES = ["{}", "is {} ok", "{}.", "so:{}, {}", "a {}x", "{}\n{}", "({})"]
TRANSCRIPTS = [frame.format(*(value,) * frame.count("{}"))[:64] for value in VALUES for frame in FRAMES][:200]


VAULT = Vault(b"k" * 32)
TOKEN = VAULT.issue("EMAIL", MAIL)
TOKENS = [
    TOKEN,
    TOKEN[:9],
    f"{TOKEN} {TOKEN}",
    f"//a.b/{TOKEN}",
    f"ana@example.com{TOKEN}",
    f"{TOKEN}ana@example.com",
    f"[{TOKEN}](/{TOKEN})",
]


def restored(parts: tuple[str, ...]) -> tuple[str, int, bool]:
    """The same with values put back behind the inspection: the text, how many were put back, and the block."""
    inspector, restorer = StreamInspector(PLAN, KNOWLEDGE), Restorer(VAULT)
    releases = [*map(inspector.feed, parts), inspector.finish()]
    pieces = [piece for release in releases for piece in restorer.feed(release.pieces)] + [*restorer.finish()]
    return "".join(piece.text for piece in pieces), restorer.restored, inspector.blocked is not None


def decided(parts: tuple[str, ...]) -> tuple[str, bool]:
    """What the client gets, and whether the answer was blocked."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    text = "".join([inspector.feed(part).text for part in parts]) + inspector.finish().text
    return text, inspector.blocked is not None


def test_there_are_two_hundred() -> None:
    """The number is a promise."""
    assert len(set(TRANSCRIPTS)) == 200


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_no_cut_changes_what_the_client_gets(text: str) -> None:
    """All cuts in two and in three, and single characters, give what the whole text gives."""
    whole = decided((text,))
    assert decided(tuple(text)) == whole
    for first, second in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert decided((text[:first], text[first:second], text[second:])) == whole, (first, second)


@pytest.mark.parametrize("text", [frame.format(*(token,) * 2) for token in TOKENS for frame in FRAMES[:5]])
def test_no_cut_changes_what_is_restored(text: str) -> None:
    """All cuts in two and in three of answers with tokens in them, near values and in addresses."""
    whole = restored((text,))
    assert whole[1] == 0 or MAIL in whole[0]
    assert restored(tuple(text)) == whole
    for first, second in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert restored((text[:first], text[first:second], text[second:])) == whole, (first, second)


@pytest.mark.parametrize("text", [text for text in TRANSCRIPTS if decided((text,))[1]])
def test_a_block_lets_only_a_beginning_out(text: str) -> None:
    """What was delivered before a block is a beginning of the text, up to redactions."""
    delivered, _ = decided((text,))
    assert RULE[:12] not in delivered
