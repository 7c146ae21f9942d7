"""The decoder gives the same events however the bytes arrive, and its limits hold."""

import pytest
from tests.wire.values import refusal

from promptguard_gateway.wire.sse import DONE, DONE_DATA, SseDecoder, SseEvent, encode_data, error_frame


def decoder(max_line: int = 1000, max_events: int = 1000) -> SseDecoder:
    return SseDecoder(max_line, max_events)


TRANSCRIPTS = [
    (b'data: {"a": 1}\n\ndata: [DONE]\n\n', [("", b'{"a": 1}'), ("", b"[DONE]")]),
    (b"data:x\r\n\r\ndata: y\r\n\r\n", [("", b"x"), ("", b"y")]),
    (b"data: x\r\rdata: y\r\r", [("", b"x"), ("", b"y")]),
    (b"data: x\r\n\ndata: y\n\r\n", [("", b"x"), ("", b"y")]),
    (b"\xef\xbb\xbfdata: x\n\n", [("", b"x")]),
    (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("", b"a")]),
    (b": keep-alive\n\ndata: x\n: note\n\n: bye\n\n", [("", b"x")]),
    (b"data: one\ndata: two\ndata\ndata:\n\n", [("", b"one\ntwo\n\n")]),
    (b"event: error\ndata: x\n\ndata: y\n\n", [("error", b"x"), ("", b"y")]),
    (b"id: 7\nretry: 10\ndata: x\nunknown: z\n\n", [("", b"x")]),
    (b"data:  two spaces\n\n", [("", b" two spaces")]),
    (b"data:\n\nevent: only\n\n\n\n\ndata: x\n\n", [("", b"x")]),
    ("data: é\U0001f600\n\n".encode(), [("", "é\U0001f600".encode())]),
    (b'data: {"text": "data: [DONE]\\n\\n"}\n\n', [("", b'{"text": "data: [DONE]\\n\\n"}')]),
    (b"data: x\n\ndata: cut", [("", b"x")]),
    (b"data: x\n\ndata: cut\n", [("", b"x")]),
]


def events(pieces: list[bytes]) -> list[tuple[str, bytes]]:
    reader = decoder()
    return [(event.event, event.data) for piece in pieces for event in reader.feed(piece)]


@pytest.mark.parametrize(("stream", "expected"), TRANSCRIPTS)
def test_the_same_events_at_every_cut(stream: bytes, expected: list[tuple[str, bytes]]) -> None:
    """All at once, byte by byte, and cut at each place and at each pair of places."""
    assert events([stream]) == expected
    assert events([stream[index : index + 1] for index in range(len(stream))]) == expected
    for first in range(len(stream) + 1):
        assert events([stream[:first], stream[first:]]) == expected
        for second in range(first, len(stream) + 1, 3):
            assert events([stream[:first], stream[first:second], stream[second:]]) == expected


def test_finish_tells_whether_the_stream_ended_between_events() -> None:
    """An interrupted event is dropped, and the end says so."""
    reader = decoder()
    reader.feed(b"data: x\n\n")
    assert reader.finish()
    reader.feed(b"data: y\n")
    assert not reader.finish()


def test_a_long_event_is_refused_whether_complete_or_not() -> None:
    """The limit counts the bytes of an event, also when its end has not come."""
    exactly = b"data: " + b"x" * 94
    assert decoder(max_line=100).feed(exactly + b"\n\n") == [SseEvent("", b"x" * 94)]
    assert refusal(lambda: decoder(max_line=100).feed(exactly + b"xx\n\n")).code == "stream_limit"
    reader = decoder(max_line=100)
    error = refusal(lambda: [reader.feed(b"data: y\n") for _ in range(20)])
    assert error.code == "stream_limit"


def test_comments_count_as_events() -> None:
    """A stream of keep-alives alone ends too."""
    reader = decoder(max_events=3)
    reader.feed(b": one\n\n: two\n\ndata: x\n\n")
    assert refusal(lambda: reader.feed(b": four\n\n")).code == "stream_limit"


def test_what_we_write_we_can_read() -> None:
    """Frames are canonical: one data line, one blank line."""
    stream = encode_data(b'{"a":1}') + error_frame(b'{"error":{}}') + DONE
    assert events([stream]) == [("", b'{"a":1}'), ("", b'{"error":{}}'), ("", DONE_DATA)]


def test_one_byte_at_a_time_takes_linear_time() -> None:
    """A long line that arrives byte by byte is not searched again from its beginning."""
    reader = SseDecoder(1 << 20, 10)
    stream = b"data: " + b"x\\n" * 100_000 + b"\n\n"
    assert sum(len(reader.feed(stream[index : index + 1])) for index in range(len(stream))) == 1
