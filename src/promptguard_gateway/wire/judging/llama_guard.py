r"""Llama Guard 3 and 4.

The chat template of the model writes the instructions and the list of hazards around the conversation. The answer is
`safe`, or `unsafe` and on the next line the codes of the hazards; the template leaves two line breaks before it.

Source: the prompt format in the model cards of Llama Guard 3 and 4; the hazards are those of MLCommons (S1 to S13) and
Meta's own S14.
"""

import re
from collections.abc import Mapping

from promptguard_gateway.core.findings import Family
from promptguard_gateway.wire.judging.asking import (
    Ask,
    Category,
    Format,
    Question,
    Spoken,
    Unreadable,
    Verdict,
    Violation,
    chat_body,
    conversation,
)

_HAZARDS = (
    "violent crimes",
    "non-violent crimes",
    "sex-related crimes",
    "child sexual exploitation",
    "defamation",
    "specialized advice",
    "privacy",
    "intellectual property",
    "indiscriminate weapons",
    "hate",
    "suicide and self-harm",
    "sexual content",
    "elections",
    "code interpreter abuse",
)
CATEGORIES: Mapping[str, Category] = {
    f"S{number}": Category(Family.SAFETY, words) for number, words in enumerate(_HAZARDS, 1)
}

_VERDICT = re.compile(r"\s{0,4}(safe|unsafe\n(S[0-9]{1,2}(?:, ?S[0-9]{1,2}){0,13}))\s{0,2}")
_MOST_TOKENS = 64


def asks(question: Question) -> tuple[Ask, ...]:
    """One call, which answers for all hazards."""
    return (Ask(chat_body(conversation(question), _MOST_TOKENS), read),)


def read(answer: Spoken) -> Verdict:
    """Raises Unreadable."""
    found = _VERDICT.fullmatch(answer.text)
    if found is None:
        raise Unreadable("no verdict")
    if found[2] is None:
        return ()
    codes = [code.strip() for code in found[2].split(",")]
    if not CATEGORIES.keys() >= set(codes):
        raise Unreadable("unknown category")
    score = answer.probability(found.start(1), found.start(1) + len("unsafe"))
    return tuple(Violation(code, score) for code in dict.fromkeys(codes))


LLAMA_GUARD = Format("llama_guard", CATEGORIES, asks)
