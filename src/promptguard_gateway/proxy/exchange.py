"""One exchange with a model, from the first byte of the request to the last of the answer.

    parse -> inventory -> choose the upstream -> inspect -> decide -> intent -> forward -> inspect -> decide -> event

Each step may end it, and every end leaves an event: answered, blocked, refused (the client's fault), upstream_error,
failed (ours), client_gone. An event is durable before the answer's last byte leaves. What is forwarded, in both
directions, is built from what was parsed and inspected, never from the bytes that came.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress

from promptguard_gateway import __version__
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import Inspection
from promptguard_gateway.core.policy import Verb
from promptguard_gateway.core.segments import Direction, Inventory, Segment
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.ports import Choice, Router, UpstreamAnswer
from promptguard_gateway.proxy.dialects import (
    DIALECTS,
    Dialect,
    answer_inventory,
    read_answer,
    redact_answer,
    usage_of,
)
from promptguard_gateway.proxy.failures import internal_error, report
from promptguard_gateway.proxy.gateway import Answer, render_block, render_error
from promptguard_gateway.proxy.held_stream import HeldStream
from promptguard_gateway.proxy.http_reply import EventStream, Reply, json_response, start_stream
from promptguard_gateway.proxy.http_request import Request
from promptguard_gateway.proxy.inspect import Judgement, knowledge_of
from promptguard_gateway.proxy.redaction import block_error, redact
from promptguard_gateway.proxy.relay import Relay
from promptguard_gateway.proxy.restoring import Restoring
from promptguard_gateway.proxy.second_opinion import Text, asked_last, spoken_texts
from promptguard_gateway.proxy.services import Call, Services, decision_headers
from promptguard_gateway.proxy.toolbox import Toolbox
from promptguard_gateway.wire.errors import error_body
from promptguard_gateway.wire.openai_request import Request as ModelRequest
from promptguard_gateway.wire.openai_request import forward_body
from promptguard_gateway.wire.sse import DONE, error_frame
from promptguard_gateway.wire.strict_json import JsonObject, encode, parse_object

log = logging.getLogger("promptguard")

_LAST_WAIT = 0.25  # seconds for the end of a body behind `[DONE]`


class Exchanges:
    """The handlers of the model routes."""

    def __init__(self, services: Services, router: Router) -> None:
        self._services = services
        self._router = router
        self._background: set[asyncio.Task[None]] = set()

    async def __call__(self, call: Call, request: Request) -> Answer:
        """Answer one request to a model.

        Cancelled when the client leaves: the upstream is closed, the event kept. Cancelled while the client is there:
        the gateway ends, and says so.
        """
        exchange = _Exchange(self._services, self._router, call, request)
        self._services.metrics.in_flight += 1
        try:
            return await exchange.run()
        except GatewayError as error:
            return await exchange.fail(error)
        except (asyncio.CancelledError, ConnectionError) as end:
            if isinstance(end, asyncio.CancelledError) and request.departure is None:
                return await exchange.fail(GatewayError("draining", "The gateway is shutting down."))
            self._finish_later(exchange.abandoned())
            raise
        except Exception as failure:
            report("An exchange", failure)
            return await exchange.fail(internal_error())
        finally:
            self._services.metrics.in_flight -= 1

    def _finish_later(self, work: Coroutine[None, None, None]) -> None:
        """Let the record of an abandoned exchange be written although its handler is being cancelled."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def drain(self) -> None:
        """Wait for the records that are still being written."""
        while self._background:
            await asyncio.gather(*self._background, return_exceptions=True)


class _Exchange:
    """The state of one exchange."""

    def __init__(self, services: Services, router: Router, call: Call, request: Request) -> None:
        self._services = services
        self._router = router
        self._call = call
        self._http = request
        self._dialect: Dialect = DIALECTS[call.route.dialect]
        self._trace, self._judge = services.trace(call)
        self._answer: UpstreamAnswer | None = None
        self._stream: EventStream | None = None
        self._relay: Relay | None = None
        self._held: HeldStream | None = None
        self._unjudged: Inspection | None = None
        self._asked = ""
        self._recorded = False

    async def run(self) -> Answer:
        """The story, told once."""
        tree, request, choice = await self._services.inspecting(len(self._call.body), self._arrive)
        vault = self._services.vault(self._trace)
        judgement = await self._services.judge_request(self._trace, self._judge, request.inventory, vault)
        self._asked = asked_last(judgement)
        if judgement.decision.outcome is Verb.BLOCK:
            return await self._blocked(judgement, Direction.INPUT)
        redacted = judgement.decision.outcome is Verb.REDACT
        if redacted:
            await self._services.inspecting(request.inventory.characters, lambda: redact(tree, judgement))
        body = forward_body(tree, choice.model)
        await self._services.sink.record_intent(self._trace.intent(self._call.body))
        self._trace.lap("record")
        self._answer = await choice.upstream.send(
            self._dialect.path, body, stream=request.stream, credential=self._call.principal.upstream_credential
        )
        knowledge = knowledge_of(judgement.segments, self._services.settings.canaries, judgement)
        restoring = Restoring(vault if redacted else None, self._judge.policy.restore_tools)
        toolbox = Toolbox.of(self._judge.policy.tools, tree)
        if request.stream:
            limits = self._services.settings.upstream
            relay = Relay(self._judge, knowledge, limits, restoring, toolbox=toolbox, logprobs=request.logprobs)
            return await self._relay_stream(self._answer, relay)
        return await self._return_whole(self._answer, knowledge, restoring, toolbox)

    def _arrive(self) -> tuple[JsonObject, ModelRequest, Choice]:
        """Parse and take inventory; find out where the request wants to go. Raises GatewayError."""
        trace, settings = self._trace, self._services.settings
        tree = parse_object(self._call.body, settings.body)
        trace.lap("parse")
        request = self._dialect.read_request(tree, settings, self._judge.policy)
        trace.streamed = request.stream
        trace.end_user = trace.end_user or request.end_user
        trace.covered(Direction.INPUT, request.inventory)
        choice = self._router.resolve(request.model, self._call.headers.get("x-vllm-base-url"))
        trace.model, trace.upstream = choice.model, choice.upstream.name
        self._held = self._hold() if request.stream else None
        trace.lap("inventory")
        return tree, request, choice

    def _hold(self) -> HeldStream | None:
        """What holds the answer back until models have read it. Raises GatewayError where that is not wanted."""
        most = self._services.most_held(self._judge.policy)
        return None if most is None else HeldStream(self._services.settings.upstream, most)

    async def _review(self, judgement: Judgement, texts: Sequence[Text], said: Sequence[Segment] = ()) -> Judgement:
        return await self._services.review_answer(self._trace, self._judge, judgement, texts, self._asked, said)

    async def _return_whole(
        self, answer: UpstreamAnswer, knowledge: Knowledge, restoring: Restoring, toolbox: Toolbox
    ) -> Reply:
        """The answer that is not streamed."""
        data = await answer.read()
        self._trace.lap("upstream")
        tree, inventory = await self._services.inspecting(len(data), lambda: self._read_whole(data))
        self._trace.covered(Direction.OUTPUT, inventory)
        on_calls = toolbox.findings(tree, inventory.segments)
        judgement = await self._services.inspecting(
            inventory.characters, lambda: self._judge.answer(inventory.segments, knowledge, on_calls)
        )
        judgement = await self._review(judgement, spoken_texts(judgement))
        self._trace.judged(Direction.OUTPUT, judgement)
        self._trace.usage = usage_of(tree)
        self._trace.lap("answer")
        if judgement.decision.outcome is Verb.BLOCK:
            return await self._blocked(judgement, Direction.OUTPUT)
        judgement = restoring.whole(tree, judgement)
        self._trace.restored = restoring.count
        redact_answer(tree, judgement, may_redact=self._judge.may_redact_answers or restoring.active)
        body = encode(tree)
        await self._record(self._trace.event("answered", 200))
        return json_response(200, body, decision_headers(self._trace, __version__))

    def _read_whole(self, data: bytes) -> tuple[JsonObject, Inventory]:
        tree = read_answer(data, self._services.settings)
        return tree, answer_inventory(tree, self._services.settings)

    async def _relay_stream(self, answer: UpstreamAnswer, relay: Relay) -> Answer:
        """The answer that is: what no detector can still object to goes out, the rest waits."""
        self._relay = relay
        pieces = answer.chunks()
        self._services.metrics.streams += 1
        try:
            frames = await self._pump(relay, pieces)
            stream = await self._end_stream(relay, frames)
            if relay.complete:
                await _exhaust(pieces)
            return stream
        finally:
            answer.abort()
            self._services.metrics.streams -= 1

    async def _pump(self, relay: Relay, pieces: AsyncIterator[bytes]) -> bytes:
        """Relay until the answer is over; the last frames are returned, to leave after the event is recorded.

        Raises GatewayError for a fault, after everything that came before it was sent.
        """
        async for data in pieces:
            frames = relay.feed(data)
            if relay.fault is not None:
                if frames:
                    await self._write(frames)
                raise relay.fault
            if relay.ended:
                return frames
            if frames:
                await self._write(frames)
        relay.end_of_input()
        raise relay.fault or GatewayError("upstream_error", "The upstream's answer ended without an end.")

    async def _end_stream(self, relay: Relay, frames: bytes) -> Answer:
        """Decide on the whole, record, and only then send the last bytes."""
        judgement = self._conclude(relay)
        if self._unjudged is not None:
            judgement = self._judge.reconsider_answer(judgement, self._unjudged)
            self._trace.judged(Direction.OUTPUT, judgement)
        if self._held is not None:
            judgement, frames = await self._release_held(self._held, judgement, frames)
        if judgement.decision.outcome is Verb.BLOCK:
            if self._stream is None and not frames:
                return await self._blocked(judgement, Direction.OUTPUT)
            await self._record(self._trace.event("blocked", 200))
            error = block_error(judgement, Direction.OUTPUT)
            frames += error_frame(error_body(error, self._trace.id))
        else:
            await self._record(self._trace.event("answered", 200))
        await self._write(frames + DONE)
        return await self._finish_stream()

    def _give_up(self, held: HeldStream) -> bytes:
        """The answer is longer than what may be held: the policy's failure mode says whether it may leave."""
        self._unjudged = self._services.unread(self._judge.policy)
        self._judge.require(self._unjudged, Direction.OUTPUT)
        self._held = None
        return held.frames

    async def _release_held(self, held: HeldStream, judgement: Judgement, frames: bytes) -> tuple[Judgement, bytes]:
        """Let the models read what was held back; what is blocked is dropped as a whole."""
        held.add(frames)
        self._held = None
        texts = [(0, held.text)] if judgement.segments else []
        judgement = await self._review(judgement, texts, held.filled(judgement.segments))
        self._trace.judged(Direction.OUTPUT, judgement)
        return judgement, b"" if judgement.decision.outcome is Verb.BLOCK else held.frames

    def _conclude(self, relay: Relay) -> Judgement:
        """Keep in the trace what the relay knows."""
        self._trace.lap("upstream")
        judgement = relay.judgement()
        self._trace.usage = relay.usage
        self._trace.restored = relay.restored
        self._trace.coverage = {**self._trace.coverage, Direction.OUTPUT.value: relay.coverage}
        self._trace.judged(Direction.OUTPUT, judgement)
        return judgement

    async def _finish_stream(self) -> EventStream:
        assert self._stream is not None
        await self._stream.finish()
        return self._stream

    async def _write(self, frames: bytes) -> None:
        if self._held is not None:
            self._held.add(frames)
            if not self._held.full:
                return
            frames = self._give_up(self._held)
        if self._stream is None:
            headers = decision_headers(self._trace, __version__)
            self._stream = start_stream(self._http, headers)
        await self._stream.write(frames)

    async def _blocked(self, judgement: Judgement, direction: Direction) -> Reply:
        error = block_error(judgement, direction)
        await self._record(self._trace.event("blocked", error.status))
        return render_block(error, self._call.route, self._trace)

    async def _record(self, event: Event) -> None:
        self._recorded = True
        await self._services.record(event)

    async def fail(self, error: GatewayError) -> Answer:
        """End with an error: a reply before the first byte, an error frame without `[DONE]` after it."""
        self._release()
        self._conclude_quietly()
        if not self._recorded:
            self._recorded = True
            try:
                await self._services.refused(self._trace, error)
            except GatewayError as unrecorded:
                error = unrecorded
        if self._stream is None:
            reply = render_error(error, self._call.route, self._trace.id)
            reply.headers = {**(reply.headers or {}), "X-PromptGuard-Event-ID": self._trace.id}
            return reply
        await self._stream.write(error_frame(error_body(error, self._trace.id)))
        return await self._finish_stream()

    async def abandoned(self) -> None:
        """The client left. Close the upstream at once and keep the record of what happened so far."""
        self._release()
        if self._recorded:
            return
        self._conclude_quietly()
        try:
            await self._services.record(self._trace.event("client_gone", 499))
        except GatewayError:
            log.warning("the event of an abandoned exchange could not be recorded: %s", self._trace.id)

    def _conclude_quietly(self) -> None:
        """What a broken stream had said so far, for its event; a failed inspection has no judgement."""
        if self._relay is not None and Direction.OUTPUT not in self._trace.judgements:
            with suppress(GatewayError):
                self._conclude(self._relay)

    def _release(self) -> None:
        if self._answer is not None:
            self._answer.abort()


async def _exhaust(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of a body behind `[DONE]`, so that the connection can be used again."""
    with suppress(TimeoutError, GatewayError):
        async with asyncio.timeout(_LAST_WAIT):
            async for _ in pieces:
                return
