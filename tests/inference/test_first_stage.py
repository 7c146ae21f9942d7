"""Stage 1 settles what is plainly harmless, and nothing on which it has no number."""

import pytest

from inference import tiny
from promptguard_gateway.inference.first_stage import Gate
from promptguard_gateway.inference.manifest import ArtifactError, FirstStage
from promptguard_gateway.inference.runtime import Session

HOW = FirstStage(file="sieve.onnx", outputs=("attack", "harm"), settles_below=0.2)
FRAME = (tiny.CLS, 1)


def gate(how: FirstStage = HOW) -> Gate:
    """One that knows the words of both heads."""
    return Gate(Session(tiny.sieve()), how, "ids")


def window(*words: str) -> tuple[int, ...]:
    """A window of a user's words."""
    return (*FRAME, *(tiny.WORDS.index(word) for word in words), tiny.SEP)


def test_what_no_output_likes_is_not_settled() -> None:
    """The highest of the outputs is compared with the bar."""
    assert gate().settles(window("bread", "is", "good"))
    assert not gate().settles(window("bread", "ignore", "is"))
    assert not gate().settles(window("hurt", "the", "fox"))


def test_what_is_no_number_is_not_settled() -> None:
    """Whatever the other output says."""
    assert gate().score(window("nan", "bread")) == 1.0


@pytest.mark.parametrize(
    ("ids", "outputs", "words"),
    [
        ("input_ids", ("attack",), "must have the input input_ids"),
        ("ids", ("attack", "spam"), "one number for spam"),
    ],
)
def test_a_session_must_fit_what_is_said_of_it(ids: str, outputs: tuple[str, ...], words: str) -> None:
    """At the start, with its name."""
    how = FirstStage(file="sieve.onnx", outputs=outputs, settles_below=0.2)
    with pytest.raises(ArtifactError, match=words):
        Gate(Session(tiny.sieve()), how, ids)


def test_an_output_with_more_columns_is_no_first_stage() -> None:
    """The encoder is none."""
    with pytest.raises(ArtifactError, match="one number for attack"):
        Gate(Session(tiny.two_heads()), HOW, "ids")
