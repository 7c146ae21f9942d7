"""Qwen3Guard (the generative models, `Qwen3Guard-Gen`).

The chat template writes the instructions. The answer has a line for the severity and one for the categories, and for
answers a third that says whether the model refused:

    Safety: Unsafe
    Categories: Violent

`Controversial` is what some policies call unsafe and some do not: its score is weighed by 0.6, so that it is flagged by
the `strict` and `moderate` policies and not acted on.

Source: the model card of Qwen3Guard-Gen.
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

CATEGORIES: Mapping[str, Category] = {
    "Violent": Category(Family.SAFETY, "violence"),
    "Non-violent Illegal Acts": Category(Family.SAFETY, "illegal acts"),
    "Sexual Content or Sexual Acts": Category(Family.SAFETY, "sexual content"),
    "PII": Category(Family.SAFETY, "personal data"),
    "Personally Identifiable Information": Category(Family.SAFETY, "personal data"),
    "Suicide & Self-Harm": Category(Family.SAFETY, "suicide and self-harm"),
    "Unethical Acts": Category(Family.SAFETY, "unethical acts"),
    "Politically Sensitive Topics": Category(Family.SAFETY, "politically sensitive topics"),
    "Copyright Violation": Category(Family.SAFETY, "copyright violation"),
    "Jailbreak": Category(Family.INJECTION, "jailbreak"),
}

_NAMES = "|".join(map(re.escape, sorted(CATEGORIES, key=len, reverse=True)))
_VERDICT = re.compile(
    r"\s{0,2}Safety: (Safe|Unsafe|Controversial)\n"
    rf"Categories: (None|(?:{_NAMES})(?:, (?:{_NAMES})){{0,8}})(?:\nRefusal: (?:Yes|No))?\s{{0,2}}"
)
_WEIGHTS = {"Unsafe": 1.0, "Controversial": 0.6}
_MOST_TOKENS = 128


def asks(question: Question) -> tuple[Ask, ...]:
    """One call, which answers for all categories."""
    return (Ask(chat_body(conversation(question), _MOST_TOKENS), read),)


def read(answer: Spoken) -> Verdict:
    """Raises Unreadable, also when severity and categories contradict each other."""
    found = _VERDICT.fullmatch(answer.text)
    if found is None:
        raise Unreadable("no verdict")
    if (found[1] == "Safe") != (found[2] == "None"):
        raise Unreadable("contradiction")
    if found[1] == "Safe":
        return ()
    score = _WEIGHTS[found[1]] * answer.probability(found.start(1), found.end(1))
    return tuple(Violation(code, score) for code in dict.fromkeys(found[2].split(", ")))


QWEN3GUARD = Format("qwen3guard", CATEGORIES, asks)
