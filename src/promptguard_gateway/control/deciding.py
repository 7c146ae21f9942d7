"""What the routes that forward no request have in common: one way from a call to a recorded answer."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import msgspec
from msgspec import Struct

from promptguard_gateway import __version__
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import Finding
from promptguard_gateway.core.policy import Verb
from promptguard_gateway.core.segments import Direction, Inventory
from promptguard_gateway.domain import strict_tree
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.strict_tree import TreeError
from promptguard_gateway.proxy.failures import internal_error, report
from promptguard_gateway.proxy.gateway import render_block, render_error
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.redaction import block_error
from promptguard_gateway.proxy.second_opinion import spoken_texts
from promptguard_gateway.proxy.services import Call, Services, decision_headers
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.wire.errors import VALIDATION_CODES
from promptguard_gateway.wire.strict_json import JsonObject, parse_object

T = TypeVar("T", bound=Struct)

Work = Callable[[Trace, Judge, bytes], Awaitable[Reply]]


class Deciding:
    """A group of such routes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def _recorded(self, call: Call, work: Work) -> Reply:
        """Every end leaves an event, errors too. Raises GatewayError `audit_unavailable`."""
        trace, judge = self._services.trace(call)
        try:
            return await work(trace, judge, call.body)
        except GatewayError as error:
            if error.code == "audit_unavailable":
                raise
            if error.code in VALIDATION_CODES:
                error.status = call.route.validation_status
            return await self._refused(call, trace, error)
        except Exception as failure:
            report("A decision", failure)
            return await self._refused(call, trace, internal_error())

    async def _refused(self, call: Call, trace: Trace, error: GatewayError) -> Reply:
        await self._services.refused(trace, error)
        reply = render_error(error, call.route, trace.id)
        reply.headers = {**(reply.headers or {}), "X-PromptGuard-Event-ID": trace.id}
        return reply

    async def _blocked(self, call: Call, trace: Trace, judgement: Judgement, direction: Direction) -> Reply:
        """What a block of something that would have been delivered comes to."""
        error = block_error(judgement, direction)
        await self._services.record(trace.event("blocked", error.status))
        return render_block(error, call.route, trace)

    def _decode(self, body: bytes, kind: type[T]) -> tuple[JsonObject, T]:
        tree = parse_object(body, self._services.settings.body)
        try:
            return tree, msgspec.convert(tree, kind, strict=True)
        except msgspec.ValidationError as error:
            raise _validation_error(strict_tree.explain(error, kind)) from None

    async def _judge(
        self,
        trace: Trace,
        judge: Judge,
        direction: Direction,
        inventory: Inventory,
        *,
        on_calls: Iterable[Finding] = (),
        limit: int | None = None,
        second_opinion: bool = True,
    ) -> Judgement:
        """Judge what a body holds, of `limit` characters at most, and keep the judgement in the trace.

        Raises GatewayError. Without `second_opinion` a guard model is not asked: what it says has no place that could
        be redacted.
        """
        self._check_size(inventory, limit or self._services.settings.body.max_scan_characters)
        trace.covered(direction, inventory)
        trace.lap("inventory")
        segments = inventory.segments
        if direction is Direction.INPUT:
            vault = self._services.vault(trace)
            return await self._services.judge_request(trace, judge, inventory, vault, second_opinion=second_opinion)
        # Every text of the body is the answer: nobody else has said it before, so none of it is known.
        knowledge = Knowledge(canaries=self._services.settings.canaries)
        judgement = await self._services.inspecting(
            inventory.characters, lambda: judge.answer(segments, knowledge, on_calls)
        )
        trace.lap("detect")
        judgement = await self._services.review_answer(trace, judge, judgement, spoken_texts(judgement), asked="")
        trace.judged(direction, judgement)
        return judgement

    def _check_size(self, inventory: Inventory, limit: int) -> None:
        if inventory.characters > limit:
            raise GatewayError(
                "content_too_large",
                f"The text to inspect exceeds {limit} characters (too large). Send it in parts.",
            )

    async def _answer(self, trace: Trace, judgement: Judgement, response: Struct) -> Reply:
        outcome = "blocked" if judgement.decision.outcome is Verb.BLOCK else "answered"
        await self._services.record(trace.event(outcome, 200))
        return json_response(200, msgspec.json.encode(response), decision_headers(trace, __version__))


def _validation_error(wrong: TreeError) -> GatewayError:
    code = "missing_field" if wrong.what == strict_tree.REQUIRED else "invalid_value"
    return GatewayError(code, f"{wrong.place or 'The body'} {wrong.what}", param=wrong.place or None)
