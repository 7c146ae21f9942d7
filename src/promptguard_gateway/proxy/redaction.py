"""Carrying out a decision: its edits on a parsed body or on the arguments of a streamed call, its block as an error."""

from collections.abc import Mapping

from promptguard_gateway.core.segments import Direction
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.inspect import Judgement
from promptguard_gateway.wire.rewrite import CannotRewrite, Edit, apply, rewrite_embedded
from promptguard_gateway.wire.strict_json import JsonValue


def redact(body: JsonValue, judgement: Judgement) -> None:
    """Apply the edits in place. Raises GatewayError `request_blocked` when the body cannot carry one of them."""
    edits = judgement.decision.edits
    if not edits:
        return
    segments = judgement.segments
    try:
        apply(body, (Edit(segments[edit.segment], edit.start, edit.end, edit.replacement) for edit in edits))
    except CannotRewrite:
        raise no_place() from None


def redact_arguments(text: str, by_leaf: Mapping[tuple[int, int], list[Edit]]) -> str:
    """JSON arguments with edits applied to their leaves. Raises GatewayError `request_blocked` like `redact`."""
    try:
        return rewrite_embedded(text, by_leaf) if by_leaf else text
    except CannotRewrite:
        raise no_place() from None


def no_place() -> GatewayError:
    """The error for a redaction that the body cannot carry."""
    return GatewayError(
        "request_blocked",
        "Blocked by security policy: a value that must be redacted stands where no placeholder can stand, "
        "for instance in a key that would then exist twice.",
    )


def block_error(judgement: Judgement, direction: Direction) -> GatewayError:
    """What a client may know of a block: the kind and the place, never the matched text or the pattern."""
    decision = judgement.decision
    assert decision.deciding is not None
    finding = judgement.inspection.findings[decision.deciding]
    place = judgement.segments[finding.segment].path
    what = "Request" if direction is Direction.INPUT else "Response"
    kind = finding.category.replace(".", " ").replace("_", " ")
    return GatewayError(
        "request_blocked",
        f"{what} blocked by security policy: {kind} in {place}.",
        details={
            "threat_type": finding.threat_type,
            "confidence": round(decision.confidence, 4),
            "direction": direction.value,
            "reason": decision.sentence,
        },
    )
