"""The arguments of a tool call on a stream: gathered whole, decided leaf by leaf, still JSON afterwards."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.findings import Inspection
from promptguard_gateway.core.segments import Channel, Segment
from promptguard_gateway.core.stream import Release
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.restoring import Restoring
from promptguard_gateway.proxy.strands import ArgumentsStrand, Strand
from promptguard_gateway.wire.openai_chunks import Delta
from proxy.transcripts import AWS, JUDGES, KNOWLEDGE, MAIL, PROMPT

AT = ("choices", 0, "delta", "tool_calls", 0, "function", "arguments")
FIRST = Delta(0, Channel.TOOL_ARGUMENTS, 0, AT, "")


def arguments(policy: str = "strict", limit: int = 10_000) -> tuple[ArgumentsStrand, list[Segment]]:
    segments: list[Segment] = []
    return ArgumentsStrand(FIRST, JUDGES[policy], KNOWLEDGE, segments, Restoring(), limit), segments


def decide(text: str, policy: str = "strict") -> tuple[Release, Inspection, list[Segment]]:
    strand, segments = arguments(policy)
    for letter in text:
        assert strand.feed(letter) == Release()
    release = strand.finish()
    inspection = Inspection(findings=[], failures=[], scores={}, degraded=[])
    strand.conclude(inspection)
    assert strand.characters == len(text)
    return release, inspection, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("{}", "{}"),
        ('{"a": 1}', '{"a": 1}'),
        (' { "a" :\t[1, 2.50 , "x\\u0041"] } ', ' { "a" :\t[1, 2.50 , "x\\u0041"] } '),
        (f'{{"to": "{MAIL}", "n": 1}}', '{"to": "[EMAIL_REDACTED]", "n": 1}'),
        (f'{{"to": "say \\"{MAIL}\\"\\n"}}', '{"to": "say \\"[EMAIL_REDACTED]\\"\\n"}'),
        (f'{{"to": ["{MAIL}", "{MAIL}"]}}', '{"to": ["[EMAIL_REDACTED]", "[EMAIL_REDACTED]"]}'),
        (f"to={MAIL}", "to=[EMAIL_REDACTED]"),
        (f'{{"to": "{MAIL}"', '{"to": "[EMAIL_REDACTED]"'),
        ("null", "null"),
    ],
)
def test_arguments_leave_whole_and_redacted(text: str, expected: str) -> None:
    """Only what must change changes, to the last blank."""
    assert decide(text)[0].text == expected


@pytest.mark.parametrize(
    "text",
    [
        f'{{"k": "{AWS}"}}',
        f'{{"{AWS}": 1}}',
        f'{{"a": "b", "k": {{"deep": ["{AWS}"]}}}}',
        '{"k": "' + AWS.replace("A", "\\u0041") + '"}',
        f'{{"k": "x", "k": "{AWS}"}}',
        f"key {AWS}",
        f'{{"k": "{AWS}',
        json.dumps({"text": PROMPT}),
    ],
)
def test_a_secret_in_arguments_blocks_and_lets_nothing_out(text: str) -> None:
    """Half a call is no call. Escapes and twins of keys are no way around."""
    release, inspection, _ = decide(text)
    assert release.blocked is not None
    assert release.text == ""
    assert inspection.findings


def test_keys_that_would_become_equal_end_the_call() -> None:
    """No placeholder can stand for both of them; a whole answer is refused in the same way."""
    strand, _ = arguments()
    strand.feed(f'{{"{MAIL}": 1, "other.{MAIL}": 2}}')
    with pytest.raises(GatewayError) as caught:
        strand.finish()
    assert caught.value.code == "request_blocked"
    assert MAIL not in str(caught.value)


def test_a_finding_says_which_leaf() -> None:
    """Path and pointer, as in a whole answer."""
    _, inspection, segments = decide(f'{{"a": {{"to": "{MAIL}"}}}}')
    [finding] = [one for one in inspection.findings if one.label == "EMAIL"]
    segment = segments[finding.segment]
    assert segment.path == "choices[0].message.tool_calls[0].function.arguments"
    assert segment.pointer == "/a/to"
    assert segment.text[finding.start : finding.end] == MAIL


def test_arguments_have_a_limit() -> None:
    """They are held whole, so there is a most that may be held."""
    strand, _ = arguments(limit=10)
    strand.feed("x" * 10)
    with pytest.raises(GatewayError) as caught:
        strand.feed("x")
    assert caught.value.code == "stream_limit"


def test_finishing_twice_says_nothing_more() -> None:
    """A choice may end, and then the stream."""
    strand, _ = arguments()
    strand.feed("{}")
    assert strand.finish().text == "{}"
    assert strand.finish().text == ""
    plain = Strand(
        Delta(0, Channel.CONTENT, None, ("choices", 0, "delta", "content"), ""),
        JUDGES["strict"],
        KNOWLEDGE,
        [],
        Restoring(),
    )
    assert plain.feed("calm").text + plain.finish().text + plain.finish().text == "calm"


LEAVES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-99, 99), st.text(max_size=8), st.sampled_from([MAIL, f"é {MAIL}"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text('abc"\\é', max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(value=st.dictionaries(st.text("xyz", max_size=3), LEAVES, max_size=4), escape=st.booleans())
def test_json_stays_json_with_the_values_replaced(value: dict[str, object], escape: bool) -> None:
    """For any arguments: what leaves is the JSON of the same value with each address replaced."""

    def redacted(one: object) -> object:
        if isinstance(one, str):
            return one.replace(MAIL, "[EMAIL_REDACTED]")
        if isinstance(one, list):
            return [redacted(each) for each in one]
        if isinstance(one, dict):
            return {key: redacted(each) for key, each in one.items()}
        return one

    release, _, _ = decide(json.dumps(value, ensure_ascii=escape))
    if release.blocked is None:
        assert json.loads(release.text) == redacted(value)
