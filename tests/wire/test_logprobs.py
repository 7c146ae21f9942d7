"""No log-probability leaves for a character that did not leave itself."""

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.wire.logprobs import LogprobQueue, cut_logprobs, entries_of, with_entries


@dataclass
class Cut:
    """A piece as the stream inspector gives it."""

    text: str
    start: int
    end: int


def entry(token: str, *alternatives: str) -> dict:
    return {
        "token": token,
        "bytes": list(token.encode()),
        "logprob": -1.0,
        "top_logprobs": [{"token": other, "logprob": -2.0} for other in (token, *alternatives)],
    }


def entries(*tokens: str) -> list[dict]:
    return [entry(token, "other") for token in tokens]


def tokens(listed: list[dict]) -> list[str]:
    return [each["token"] for each in listed]


def test_entries_leave_with_their_text() -> None:
    """Pieces of any cut take along what is complete, and what lies across waits."""
    queue = LogprobQueue(may_redact=False)
    queue.push("hello world", entries("hello", " wor", "ld"))
    assert tokens(queue.take([Cut("hello w", 0, 7)])) == ["hello"]
    assert tokens(queue.take([Cut("orld", 7, 11)])) == [" wor", "ld"]


def test_entries_of_redacted_text_are_dropped() -> None:
    """Also those that lie across the border of a redaction, on either side."""
    queue = LogprobQueue(may_redact=True)
    queue.push("mail ana@x.io now", entries("mail", " a", "na@x", ".io n", "ow"))
    pieces = [Cut("mail ", 0, 5), Cut("[EMAIL_REDACTED]", 5, 13), Cut(" now", 13, 17)]
    assert tokens(queue.take(pieces)) == ["mail", "ow"]


def test_alternatives_are_removed_whenever_the_policy_may_redact() -> None:
    """They are text that nobody inspected."""
    for may_redact, count in ((True, 0), (False, 2)):
        queue = LogprobQueue(may_redact=may_redact)
        queue.push("a", entries("a"))
        (left,) = queue.take([Cut("a", 0, 1)])
        assert len(left["top_logprobs"]) == count


def test_half_characters_and_control_tokens() -> None:
    """An empty token travels with what is before it; a token that is no part of the text stays only if nothing may
    be redacted."""
    half = {"token": "", "bytes": [], "logprob": -1.0, "top_logprobs": []}
    for may_redact, expected in ((True, ["", "\U0001f600"]), (False, ["", "\U0001f600", "<|im_end|>"])):
        queue = LogprobQueue(may_redact=may_redact)
        queue.push("\U0001f600", [half, *entries("\U0001f600", "<|im_end|>")])
        assert tokens(queue.take([Cut("\U0001f600", 0, 1)])) == expected


def test_bytes_must_agree_with_the_token() -> None:
    """Else they could carry what the token does not show."""
    queue = LogprobQueue(may_redact=True)
    queue.push("ab", [{"token": "a", "bytes": [115]}, {"token": "", "bytes": [115]}, {"token": "ab", "bytes": None}])
    assert tokens(queue.take([Cut("ab", 0, 2)])) == ["ab"]


def test_entries_may_come_before_their_text() -> None:
    """A server that looks for a stop string holds text back, but not its log-probabilities."""
    queue = LogprobQueue(may_redact=True)
    queue.push("", entries("one"))
    queue.push("on", entries(" two"))
    assert tokens(queue.take([Cut("on", 0, 2)])) == []
    queue.push("e t", entries(" three"))
    assert tokens(queue.take([Cut("e t", 2, 5)])) == ["one"]
    queue.push("wo", entries("STOP"))
    assert tokens(queue.take([Cut("wo", 5, 7)])) == [" two"]
    queue.push(" th", [])
    assert tokens(queue.take([Cut(" [X]", 7, 10)])) == []
    queue.push("ree", [])
    assert tokens(queue.take([Cut("ree", 10, 13)])) == []


def test_text_without_entries_is_passed_over() -> None:
    """Entries that come later find their own text."""
    queue = LogprobQueue(may_redact=True)
    queue.push("ab", [])
    queue.push("ab", entries("ab"))
    assert tokens(queue.take([Cut("[X]", 0, 2), Cut("ab", 2, 4)])) == ["ab"]


def test_what_was_released_without_the_queue_knowing_takes_nothing_along() -> None:
    """Pieces that do not fit the text that was pushed are treated as redacted."""
    queue = LogprobQueue(may_redact=True)
    queue.push("ab", entries("ab"))
    assert queue.take([Cut("xyz", 0, 3)]) == []
    queue.push("cd", entries("cd"))
    assert tokens(queue.take([Cut("cd", 3, 5)])) == ["cd"]


def test_text_completions_have_parallel_lists_and_offsets() -> None:
    """Offsets move with what a redaction made longer or shorter."""
    logprobs = {
        "text_offset": [0, 5, 13],
        "token_logprobs": [-1.0, -2.0, -3.0],
        "tokens": ["mail ", "ana@x.io", " now"],
        "top_logprobs": [{"mail ": -1.0}, {"ana@x.io": -2.0}, {" now": -3.0}],
    }
    text = "mail ana@x.io now"
    whole = [(text, [Cut(text, 0, 17)])]
    assert cut_logprobs(logprobs, whole, may_redact=False) == logprobs
    assert cut_logprobs(logprobs, whole, may_redact=True) == {**logprobs, "top_logprobs": [None] * 3}
    pieces = [Cut("mail ", 0, 5), Cut("[X]", 5, 13), Cut(" now", 13, 17)]
    assert cut_logprobs(logprobs, [(text, pieces)], may_redact=True) == {
        "text_offset": [0, 8],
        "token_logprobs": [-1.0, -3.0],
        "tokens": ["mail ", " now"],
        "top_logprobs": [None, None],
    }


REASONED = {"content": entries("I", " know", "</think>", "I", " do", "<|im_end|>")}


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        ([("I know", "I know"), ("I do", "I do")], ["I", " know", "I", " do"]),
        ([("I know", "[X]"), ("I do", "I do")], ["I", " do"]),
        ([("I do", "I do")], ["I", " do"]),
        ([("I know", "I know"), ("", "")], ["I", " know"]),
        ([("something else", "something else")], None),
    ],
)
def test_only_tokens_of_texts_that_left_can_leave(texts: list[tuple[str, str]], kept: list[str] | None) -> None:
    """Reasoning that was redacted, or that the server kept to itself, does not come back as tokens."""
    decided = [(text, [Cut(left, 0, len(text))] if text else []) for text, left in texts]
    cut = cut_logprobs(REASONED, decided, may_redact=True)
    assert (cut and tokens(cut["content"])) == kept
    assert cut_logprobs(REASONED, decided, may_redact=False) == REASONED


def test_an_entry_keeps_only_the_members_that_entries_have() -> None:
    """Another one could say anything, and so could another list beside the entries."""
    logprobs = {"content": [{**entries("hi")[0], "note": "payload"}], "refusal": entries("payload")}
    cut = cut_logprobs(logprobs, [("hi", [Cut("hi", 0, 2)])], may_redact=True)
    assert "payload" not in str(cut)
    assert tokens(cut["content"]) == ["hi"]
    assert cut_logprobs("payload", [], may_redact=True) is None


@pytest.mark.parametrize("logprobs", [None, "x", [], {}, {"content": None}, {"content": "x"}, {"content": ["x"]}])
def test_malformed_log_probabilities_have_no_entries(logprobs: object) -> None:
    """And what has no entries leaves nothing."""
    assert entries_of(logprobs) == []
    assert with_entries(logprobs, []) is None


words = st.lists(st.text(alphabet="ab é\U0001f600", max_size=4), max_size=8)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(words, st.data())
def test_what_leaves_is_part_of_what_left(parts: list[str], data) -> None:
    """For any tokens, any cut into deltas and pieces and any redactions: tokens that leave spell released text."""
    text = "".join(parts)
    borders = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)) | {0, len(text)})
    pieces = [
        Cut("[X]" if data.draw(st.booleans()) else text[start:end], start, end)
        for start, end in itertools.pairwise(borders)
    ]
    queue = LogprobQueue(may_redact=True)
    left: list[str] = []
    ready, position = list(pieces), 0
    for part in parts:
        queue.push(part, entries(part))
        position += len(part)
        while ready and ready[0].end <= position:
            left += tokens(queue.take([ready.pop(0)]))
    kept = [text[piece.start : piece.end] for piece in pieces if piece.text != "[X]"]
    assert sum(map(len, left)) <= sum(map(len, kept))
    if len(kept) == len(pieces) and pieces:
        assert "".join(left) == text
