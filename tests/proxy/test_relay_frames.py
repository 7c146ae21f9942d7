"""Streams that are framed oddly, broken, too long or hostile; and what ends a stream."""

import json

import pytest

from promptguard_gateway.core.detector import CodeDetector, Hit, Knowledge
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.detectors.leak import LEAK
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.proxy.inspect import InspectionFailed, Judge
from proxy.transcripts import (
    AWS,
    JUDGES,
    PROMPT,
    Said,
    Script,
    at,
    characters,
    chunks,
    content,
    hear,
    relayed,
    stream,
    uncut,
)

MODERATE = JUDGES["moderate"]
SCRIPT = content(f"Grüße 😀, the key is {AWS} ok", usage=True)
PLAIN = stream(SCRIPT, at(3, 20, 30))
EXPECTED = hear(relayed(MODERATE, PLAIN)[1])
DONE = b"data: [DONE]\n\n"


def event(**choice: object) -> bytes:
    """One chunk with one choice."""
    return b"data: " + json.dumps({"id": "c", "choices": [{"index": 0, **choice}]}).encode() + b"\n\n"


def said(text: str, **more: object) -> bytes:
    """One chunk with a piece of content."""
    return event(delta={"content": text}, **more)


def spaced_data(data: bytes) -> bytes:
    """Every event as several data lines, which the reader joins with line feeds."""
    events = [one.removeprefix(b"data: ") for one in data.split(b"\n\n")[:-1]]
    pretty = [one if one == b"[DONE]" else json.dumps(json.loads(one), indent=1).encode() for one in events]
    return b"".join(b"".join(b"data:" + line + b"\n" for line in one.split(b"\n")) + b"\n" for one in pretty)


FRAMINGS = {
    "crlf": PLAIN.replace(b"\n", b"\r\n"),
    "cr": PLAIN.replace(b"\n", b"\r"),
    "comments": b": hello\n\n" + PLAIN.replace(b"\n\n", b"\n\n: ping\n\n"),
    "comments inside events": PLAIN.replace(b"data: {", b": ping\ndata: {"),
    "several data lines": spaced_data(PLAIN),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "no space": PLAIN.replace(b"data: ", b"data:"),
    "names, ids and retries": PLAIN.replace(b"data: ", b"event: message\nid: 7\nretry: 10\ndata: "),
    "many blank lines": PLAIN.replace(b"\n\n", b"\n\n\n\n\n"),
    "letters as they are": stream(SCRIPT, at(3, 20, 30), ascii_only=False),
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_framing_makes_no_difference(name: str) -> None:
    """Line ends, comments, fields and marks: whole and byte by byte, the client gets the same."""
    data = FRAMINGS[name]
    for pieces in ([data], [data[place : place + 1] for place in range(len(data))]):
        relay, frames = relayed(MODERATE, pieces)
        assert relay.complete
        assert hear(frames) == EXPECTED


BROKEN = {
    "nothing": b"",
    "no end mark": said("hello", finish_reason="stop"),
    "an event cut short": said("hello") + b'data: {"id": "c", "cho',
    "the end mark without its blank line": said("hello") + b"data: [DONE]",
    "no json": said("hello") + b"data: {oops\n\n" + DONE,
    "a list": said("hello") + b"data: []\n\n" + DONE,
    "a bare word": said("hello") + b"data: [done]\n\n" + DONE,
    "two equal keys": said("hello") + b'data: {"choices": [], "choices": []}\n\n' + DONE,
    "bad utf-8": said("hello") + b'data: {"id": "\xff", "choices": []}\n\n' + DONE,
    "not a number": said("hello") + b'data: {"choices": [], "x": NaN}\n\n' + DONE,
    "an error": said("hello") + b'data: {"error": {"message": "CUDA out of memory at /srv/secret"}}\n\n' + DONE,
    "an error that is a word": said("hello") + b'data: {"error": "boom"}\n\n' + DONE,
    "choices of another shape": said("hello") + b'data: {"choices": {"0": {}}}\n\n' + DONE,
    "a choice without index": said("hello") + b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n' + DONE,
    "a delta of another shape": said("hello") + event(delta="text") + DONE,
    "a call without index": said("hello") + event(delta={"tool_calls": [{"function": {"arguments": "x"}}]}) + DONE,
    "text behind the end of a choice": said("hello", finish_reason="stop") + said(" again") + DONE,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_is_a_fault(name: str) -> None:
    """It ends with a fault, says nothing of what the upstream wrote, and lets out only the beginning of the text."""
    relay, frames = relayed(MODERATE, BROKEN[name])
    assert relay.fault is not None
    assert (relay.fault.code, relay.fault.status) == ("upstream_error", 502)
    assert not relay.complete
    assert not relay.blocked
    assert "hello".startswith(hear(frames).texts.get((0, "content", -1), ""))
    assert b"secret" not in frames + relay.fault.message.encode()


def test_what_follows_the_end_is_not_read() -> None:
    """Behind `[DONE]` anything may come and none of it matters."""
    relay, frames = relayed(MODERATE, said("hello") + DONE + said(" more") + b"data: {oops\n\n")
    assert relay.complete
    assert relay.fault is None
    assert hear(frames).texts[0, "content", -1] == "hello"


def test_nothing_follows_a_block() -> None:
    """Not the rest of the same bytes, and not what another choice says afterwards."""
    script = Script("both", (Said(PROMPT + " And so on." * 40), Said("calm words " * 60, choice=1)), woven=True)
    data = stream(script, characters)
    relay, frames = relayed(MODERATE, data)
    assert relay.blocked
    assert 0 < len(hear(frames).texts[1, "content", -1]) < len(PROMPT) + 100
    assert relay.judgement().decision.verb == "block"
    assert relay.judgement() == relay.judgement()


LIMITS = {
    "a line over the limit": (UpstreamLimits(max_line_bytes=100), [said("x" * 200)]),
    "a line that never ends": (UpstreamLimits(max_line_bytes=100), [b"data: " + b"x" * 30] * 10),
    "a line of many data fields": (UpstreamLimits(max_line_bytes=100), [b"data: x\n"] * 100),
    "too many events": (UpstreamLimits(max_stream_events=5), [said("x")] * 6),
    "too many comments": (UpstreamLimits(max_stream_events=5), [b": ping\n\n"] * 6),
    "endless arguments": (
        UpstreamLimits(max_line_bytes=300),
        [event(delta={"tool_calls": [{"index": 0, "function": {"arguments": "y" * 100}}]})] * 10,
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_a_fault(name: str) -> None:
    """Too long a line, too many events, endless arguments: a fault that names the limit."""
    limits, pieces = LIMITS[name]
    relay, _ = relayed(MODERATE, pieces, limits)
    assert relay.fault is not None
    assert (relay.fault.code, relay.fault.status) == ("stream_limit", 502)


def test_several_pieces_of_one_strand_in_one_chunk() -> None:
    """A chunk that names one choice twice loses and doubles nothing, also when it is the last."""
    first = {"index": 0, "delta": {"content": "one "}}
    second = {"index": 0, "delta": {"content": f"two {AWS} "}}
    third = {"index": 0, "delta": {"content": "three"}, "finish_reason": "stop"}
    data = b"data: " + json.dumps({"id": "c", "choices": [first, second, third]}).encode() + b"\n\n" + DONE
    text = hear(relayed(MODERATE, data)[1]).texts[0, "content", -1]
    assert text.startswith("one two [")
    assert text.endswith("] three")
    assert "AKIA" not in text


STRAYS = {
    "the name of a tool": event(delta={"tool_calls": [{"index": 0, "function": {"name": f"get-{AWS}"}}]}),
    "an unknown member of a delta": event(delta={"thoughts": f"so {AWS} it is"}),
    "an unknown member of a choice": event(delta={}, note={"deep": [f"see {AWS} here"]}),
    "a member of a choice with the name of metadata": event(delta={}, provider=f"by {AWS}"),
    "an unknown member of the chunk": b'data: {"choices": [], "debug": "' + AWS.encode() + b'"}\n\n',
    "a role that is none": event(delta={"role": f"assistant {AWS}"}),
    "a finish reason that is none": event(delta={}, finish_reason=f"stop {AWS}"),
}


@pytest.mark.parametrize("name", STRAYS)
def test_no_member_is_a_way_around(name: str) -> None:
    """A secret in any string of a chunk is redacted or blocked."""
    relay, frames = relayed(MODERATE, said("hello ") + STRAYS[name] + DONE)
    assert AWS.encode() not in frames
    assert relay.fault is None
    assert relay.judgement().decision.verb in ("redact", "block")


def test_a_key_that_must_be_redacted_is_an_error() -> None:
    """No placeholder can stand for it on a stream: what came before stays, and the answer does not end as if whole."""
    relay, frames = relayed(MODERATE, said("hello ") + event(delta={f"k {AWS}": 1}) + DONE)
    assert AWS.encode() not in frames
    assert relay.fault is not None
    assert (relay.fault.code, relay.blocked, relay.complete) == ("request_blocked", False, False)
    assert relay.judgement().decision.verb == "redact"


def test_the_ledger_counts_every_text() -> None:
    """Characters and texts of all strands are in the coverage."""
    script = Script("all", (Said("content"), Said("thinking", "reasoning_content"), Said("{}", "arguments", 0, 0)))
    relay, _ = relayed(MODERATE, stream(script))
    coverage = relay.coverage
    assert coverage.leaves == coverage.inspected + sum(coverage.exempt.values())
    assert coverage.characters == len("content") + len("thinking") + len("{}") + len("find_0")


class Broken:
    """A code detector that fails as soon as it reads a certain word."""

    def __init__(self, answer: object) -> None:
        self.spec = LEAK.spec
        self._answer = answer

    def scan(self, text: str, _: Knowledge) -> list[Hit]:
        if "trigger" not in text:
            return []
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def pending(self, text: str, _: Knowledge) -> int:
        return min(len(text), 7)


@pytest.mark.parametrize("answer", [RuntimeError("x"), None, 7, ["word"], [None], [Hit("a", "b", 1.0, "r")]])
@pytest.mark.parametrize("member", ["content", "arguments", "name"])
def test_a_failing_detector_ends_a_closed_stream(member: str, answer: object) -> None:
    """An exception, or an answer of the wrong type, is a fault that names the detector; the text stays inside."""
    detector: CodeDetector = Broken(answer)
    judge = Judge([detector], PRESETS["moderate"])
    strand = Said("a b trigger c", member, 0, 0 if member == "arguments" else -1)
    relay, frames = relayed(judge, stream(Script("s", (strand,)), uncut if member == "name" else at(5)))
    assert isinstance(relay.fault, InspectionFailed)
    assert relay.fault.detectors == (LEAK.spec.id,)
    assert relay.fault.status == 503
    assert b"trigger" not in frames
    with pytest.raises(InspectionFailed):
        relay.judgement()


def test_chunks_that_say_nothing_are_not_sent() -> None:
    """Text that is held back sends no empty frames, and the frames that carry it keep the answer's own head."""
    relay, frames = relayed(MODERATE, stream(content(f"{AWS[:-1]}"), characters))
    assert relay.complete
    sent = [json.loads(frame[6:]) for frame in frames.split(b"\n\n")[:-1]]
    assert len(sent) < len(chunks(content(AWS), characters))
    assert {chunk["id"] for chunk in sent} == {"chatcmpl-1"}
