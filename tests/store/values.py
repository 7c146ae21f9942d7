"""Intents and events for the store's tests: complete values of which a test names only what it is about."""

from collections.abc import Mapping

from promptguard_gateway.domain.events import Coverage, Event, Intent, Usage

MINUTE = 60_000
BEGAN = 1_760_000_000_000 - 1_760_000_000_000 % MINUTE


def make_intent(identifier: str, *, time: int = BEGAN, project: str = "default") -> Intent:
    return Intent(
        id=identifier,
        time=time,
        project=project,
        api_key="key_1",
        route="chat.completions",
        digest="sha256:" + "0" * 64,
    )


def make_event(
    identifier: str,
    *,
    time: int = BEGAN,
    project: str = "default",
    decision: str = "allow",
    threat_type: str | None = None,
    timings_us: Mapping[str, int | None] | None = None,
    usage: Usage | None = None,
    status: int = 200,
    model: str = "demo",
) -> Event:
    return Event(
        id=identifier,
        time=time,
        project=project,
        api_key="key_1",
        end_user=None,
        route="chat.completions",
        dialect="openai_chat",
        model=model,
        upstream="demo",
        streamed=False,
        policy="default:moderate",
        policy_version=1,
        mode="enforce",
        direction="input",
        decision=decision,
        flagged=threat_type is not None,
        threat_type=threat_type,
        confidence=0.25,
        scores={"pii.email": 0.25},
        coverage={"input": Coverage(leaves=3, inspected=2, exempt={"identifier": 1}, characters=40)},
        timings_us={"total": 5_500, "upstream": 5_000} if timings_us is None else timings_us,
        usage=usage,
        outcome="blocked" if decision == "block" else "answered",
        status=status,
    )
