"""Granite Guardian 3 (3.0 to 3.3).

The model judges one risk at a time, which the chat template takes from `guardian_config`: `harm` for everything unsafe,
`jailbreak` for requests, or a definition of the operator's own. The answer is `Yes` or `No`; 3.2 adds how sure it is,
and 3.3 writes `<score> yes </score>`.

Source: the model cards of Granite Guardian 3.0, 3.1, 3.2 and 3.3.
"""

import re
from collections.abc import Callable, Mapping

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
from promptguard_gateway.wire.strict_json import JsonObject

CATEGORIES: Mapping[str, Category] = {
    "harm": Category(Family.SAFETY, "harm"),
    "jailbreak": Category(Family.INJECTION, "jailbreak"),
}
_REQUEST_RISKS = ("harm", "jailbreak")
_ANSWER_RISKS = ("harm",)

_VERDICT = re.compile(
    r"\s{0,2}(?:(Yes|No)(?:\n<confidence> (?:High|Low) </confidence>)?|<score> (yes|no) </score>)\s{0,2}"
)
_MOST_TOKENS = 32


def asks(question: Question) -> tuple[Ask, ...]:
    """A call for each risk and for each rule."""
    risks: list[tuple[str, JsonObject]] = [
        (risk, {"risk_name": risk}) for risk in (_ANSWER_RISKS if question.answers else _REQUEST_RISKS)
    ]
    risks += [(rule.name, {"risk_name": rule.name, "risk_definition": rule.sentence}) for rule in question.rules]
    return tuple(
        Ask(
            chat_body(conversation(question), _MOST_TOKENS, chat_template_kwargs={"guardian_config": config}),
            _reader(code),
        )
        for code, config in risks
    )


def _reader(code: str) -> Callable[[Spoken], Verdict]:
    def read(answer: Spoken) -> Verdict:
        found = _VERDICT.fullmatch(answer.text)
        if found is None:
            raise Unreadable("no verdict")
        group = 1 if found[1] else 2
        if found[group].lower() == "no":
            return ()
        return (Violation(code, answer.probability(found.start(group), found.end(group))),)

    return read


GRANITE_GUARDIAN = Format("granite_guardian", CATEGORIES, asks, takes_rules=True)
