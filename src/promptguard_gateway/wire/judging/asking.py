"""Asking a guard model about a text, and reading what it says.

The text is an attacker's. Two things keep it from deciding about itself: no character that control tokens and tags are
made of is left in it, so it cannot end its place in the prompt; and the verdict is read from the model's answer alone,
which must be a verdict from its first letter to its last. Whatever else comes back is `Unreadable`, a failure, and
never "safe".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from promptguard_gateway.core.findings import Family
from promptguard_gateway.wire.strict_json import JsonObject

CERTAIN: Final = 0.9
"""The score of a verdict that came without log-probabilities."""

# Small and full-width forms too: some tokenizers fold them. The last two stand in the tokens of one more family.
_NEUTRAL = str.maketrans("<>[]\ufe64\ufe65\uff1c\uff1e\uff5c\u2581", "\u2039\u203a()\u2039\u203a\u2039\u203a|_")


class Category(Struct, frozen=True):
    """What one code of a guard model means here. `words` become the finding's category."""

    family: Family
    words: str


class Rule(Struct, frozen=True):
    """A rule of the operator's in natural language, under the code by which a verdict names it."""

    name: str
    sentence: str


class Question(Struct, frozen=True):
    """A text to judge: what a user or a document says, or what the model answers to `asked`."""

    text: str
    answers: bool = False
    asked: str = ""
    rules: tuple[Rule, ...] = ()


class Violation(Struct, frozen=True):
    """A code that the model named, with the probability it gives its verdict."""

    code: str
    score: float


Verdict = tuple[Violation, ...]
"""What a text violates; nothing when it is safe."""


class Unreadable(Exception):
    """The guard model's answer is no verdict. The message is a kind, and never quotes the answer."""


class Spoken(Struct, frozen=True):
    """An answer of a guard model: its text and its tokens with their log-probabilities, which may be missing."""

    text: str
    tokens: tuple[tuple[str, float], ...] = ()

    def probability(self, start: int, end: int) -> float:
        """The probability of the tokens that spell these characters; `CERTAIN` when they are not known.

        vLLM lists the token that ends an answer as well, which is no part of the text.
        """
        if not self.tokens or not "".join(token for token, _ in self.tokens).startswith(self.text):
            return CERTAIN
        total, position = 0.0, 0
        for token, logprob in self.tokens:
            if position < end and position + len(token) > start:
                total += min(logprob, 0.0)
            position += len(token)
        return math.exp(total)


class Ask(Struct, frozen=True):
    """One call: the body but for the model's name, and how its answer is read. `read` raises Unreadable."""

    body: JsonObject
    read: Callable[[Spoken], Verdict]


class Format(Struct, frozen=True):
    """A family of guard models. `takes_rules`: it can be asked about rules in natural language."""

    name: str
    categories: Mapping[str, Category]
    asks: Callable[[Question], Sequence[Ask]]
    takes_rules: bool = False

    @property
    def detector(self) -> str:
        """The id that findings and failures have."""
        return f"judge.{self.name}"


def neutral(text: str) -> str:
    """The text without characters that control tokens, tags and their look-alikes are made of; as long as before."""
    return text.translate(_NEUTRAL)


def conversation(question: Question) -> list[JsonObject]:
    """The question as a conversation, for models whose chat template brings the instructions."""
    if not question.answers:
        return [{"role": "user", "content": neutral(question.text)}]
    return [
        {"role": "user", "content": neutral(question.asked) or "(not shown)"},
        {"role": "assistant", "content": neutral(question.text)},
    ]


def chat_body(messages: Sequence[JsonObject], most_tokens: int, **more: bool | str | JsonObject) -> JsonObject:
    """The body of a chat completion without chance, with log-probabilities."""
    body: JsonObject = {"messages": [*messages], "temperature": 0, "max_tokens": most_tokens, "logprobs": True}
    return {**body, **more}


class _Token(Struct):
    token: str
    logprob: float


class _Logprobs(Struct):
    content: list[_Token] | None = None


class _Message(Struct):
    content: str | None = None


class _Choice(Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Completion(Struct):
    choices: list[_Choice]


_COMPLETIONS = msgspec.json.Decoder(_Completion)


def spoken(data: bytes) -> Spoken:
    """What a chat completion says. Raises Unreadable for any that is not one whole answer."""
    try:
        choices = _COMPLETIONS.decode(data).choices
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("malformed") from None
    if len(choices) != 1 or choices[0].finish_reason != "stop":
        raise Unreadable("unfinished")
    [choice] = choices
    entries = (choice.logprobs.content if choice.logprobs else None) or []
    return Spoken(choice.message.content or "", tuple((entry.token, entry.logprob) for entry in entries))
