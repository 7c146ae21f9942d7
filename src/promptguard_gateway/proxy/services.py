"""What every exchange is given to work with, and the value that begins one: a call."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from msgspec import Struct

from promptguard_gateway.core.decision import NOTHING_FOUND
from promptguard_gateway.core.findings import Inspection
from promptguard_gateway.core.policy import Policy, Replacement
from promptguard_gateway.core.segments import Direction, Inventory, Segment
from promptguard_gateway.core.vault import Vault, session_key
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.ports import EventSink
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.credentials import Principal
from promptguard_gateway.proxy.inspect import InspectionFailed, Judge, Judgement, merged
from promptguard_gateway.proxy.metrics import Metrics
from promptguard_gateway.proxy.projects import Projects
from promptguard_gateway.proxy.second_opinion import SecondOpinion, Text
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.proxy.understanding import MOST_HELD, Understanding
from promptguard_gateway.wire.route import Route

T = TypeVar("T")

# Above so many characters a body is parsed and inspected in a thread, so that it does not hold up the small ones: prose
# of this length takes the loop 1 ms, the worst text that is known (dotted numbers that are no addresses) 100 ms.
# RE2 gives up the interpreter lock.
_INLINE_CHARACTERS = 16_384
_TOO_LONG = "too_long"


class Call(Struct, frozen=True):
    """A request whose sender is known. `headers`: lower-case names, only those an application may look at.

    `parameters`: what stands in the path in place of the names in braces.
    """

    route: Route
    principal: Principal
    headers: Mapping[str, str]
    body: bytes
    parameters: Mapping[str, str] = {}


class Services:
    """The gateway's parts, joined once at start."""

    def __init__(
        self,
        *,
        settings: Settings,
        projects: Projects,
        sink: EventSink,
        metrics: Metrics,
        digest_key: bytes,
        second_opinion: SecondOpinion | None = None,
        understanding: Understanding | None = None,
    ) -> None:
        self.settings = settings
        self.projects = projects
        self.sink = sink
        self.metrics = metrics
        self.digest_key = digest_key
        self.second_opinion = second_opinion
        self.understanding = understanding
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inspect")

    def trace(self, call: Call) -> tuple[Trace, Judge]:
        """Begin an exchange: its trace, and the judge it keeps to its end whatever changes meanwhile.

        Raises GatewayError `policy_unavailable`.
        """
        ready = self.projects.of(call.principal.key.project)
        trace = Trace(call.route.name, call.route.dialect, call.principal.key, ready.judge, self.digest_key)
        trace.end_user = _end_user(call.headers)
        trace.zero_retention = ready.project.zero_retention
        return trace, ready.judge

    def vault(self, trace: Trace) -> Vault | None:
        """An empty vault with the key of this exchange's session; None if its policy tokenizes nothing."""
        if Replacement.TOKENIZE not in trace.policy.replacement.values():
            return None
        key = trace.principal
        return Vault(session_key(self.digest_key, key.project, key.id, trace.end_user))

    async def inspecting(self, characters: int, work: Callable[[], T]) -> T:
        """Do work on a text of this size, in the pool when it is large."""
        if characters <= _INLINE_CHARACTERS:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def judge_request(
        self, trace: Trace, judge: Judge, inventory: Inventory, vault: Vault | None, *, second_opinion: bool = True
    ) -> Judgement:
        """Judge a request and keep the judgement in the trace. Raises GatewayError `detector_unavailable`."""
        segments, project = inventory.segments, trace.principal.project
        judgement = await self.inspecting(inventory.characters, lambda: judge.request(project, segments, vault))
        trace.lap("detect")
        if self.understanding is not None:
            judgement = await self.understanding.review_request(judge, project, judgement, vault)
            trace.lap("model")
        if self.second_opinion is not None and second_opinion:
            judgement = await self.second_opinion.review_request(judge, project, judgement, vault)
            trace.lap("judge")
        trace.judged(Direction.INPUT, judgement)
        return judgement

    async def review_answer(
        self,
        trace: Trace,
        judge: Judge,
        judgement: Judgement,
        texts: Sequence[Text],
        asked: str,
        said: Sequence[Segment] = (),
    ) -> Judgement:
        """An answer judged by the detectors, judged again by the models that there are. Raises likewise.

        `said`: its segments with their texts, where the judgement's have none.
        """
        trace.lap("answer")
        if self.understanding is not None:
            judgement = await self.understanding.review_answer(judge, judgement, said)
            trace.lap("model")
        if self.second_opinion is not None:
            judgement = await self.second_opinion.review_answer(judge, judgement, texts, asked)
            trace.lap("judge")
        return judgement

    def most_held(self, policy: Policy) -> int | None:
        """How much of a streamed answer, in characters, is held back for models that read it as a whole; None: nothing.

        Raises GatewayError where such an answer may not be streamed.
        """
        second, understanding = self.second_opinion, self.understanding
        if second is not None and second.reads(policy, Direction.OUTPUT):
            if not second.plan.holds_streams:
                raise GatewayError(
                    "invalid_value",
                    "Answers are judged as a whole here, so they cannot be streamed. Ask without `stream`, or let the "
                    "operator set judge.streams to hold.",
                    param="stream",
                )
            return second.plan.most_characters
        if understanding is not None and self.settings.model_streams == "hold" and understanding.reads_answers(policy):
            return MOST_HELD
        return None

    def unread(self, policy: Policy) -> Inspection:
        """The inspection of an answer longer than what is held back: the models that would have read it failed."""
        unread = Inspection([], [], {}, [])
        if self.understanding is not None and self.understanding.reads_answers(policy):
            unread = merged(unread, self.understanding.failed(_TOO_LONG))
        if self.second_opinion is not None and self.second_opinion.reads(policy, Direction.OUTPUT):
            unread = merged(unread, self.second_opinion.failed(_TOO_LONG))
        return unread

    async def record(self, event: Event) -> None:
        """Make an event durable, and count it. Raises GatewayError audit_unavailable."""
        self.metrics.observe(event)
        await self.sink.record_event(event)

    async def refused(self, trace: Trace, error: GatewayError) -> None:
        """Record an exchange that ended in an error of the client's, the upstream's or our own."""
        if isinstance(error, InspectionFailed):
            trace.failed_detectors = error.detectors
        outcome = "refused" if error.status < 500 and error.type != "upstream_error" else "failed"
        if error.type == "upstream_error":
            outcome = "upstream_error"
        await self.record(trace.event(outcome, error.status, error.code))

    def close(self) -> None:
        """End the inspection threads and the text model's."""
        if self.understanding is not None:
            self.understanding.close()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _end_user(headers: Mapping[str, str]) -> str | None:
    value = headers.get("x-end-user")
    return value[:256] if value else None


def _in_a_header(sentence: str) -> str:
    """A sentence in printable ASCII: what a detector of another package calls its findings could hold anything."""
    return "".join(character if " " <= character <= "~" else "?" for character in sentence)


def decision_headers(trace: Trace, version: str) -> dict[str, str]:
    """The response headers that tell a program what was decided."""
    deciding = trace.deciding
    decision = deciding[1].decision if deciding else None
    retention = {"X-PromptGuard-Zero-Retention": "true"} if trace.zero_retention else {}
    return {
        "X-PromptGuard-Event-ID": trace.id,
        "X-PromptGuard-Decision": decision.outcome.value if decision else "allow",
        "X-PromptGuard-Confidence": f"{decision.confidence if decision else 0.0:.2f}",
        "X-PromptGuard-Threat-Type": (decision.threat_type if decision else None) or "none",
        "X-PromptGuard-Reason": _in_a_header(decision.sentence if decision else NOTHING_FOUND),
        "X-PromptGuard-Latency-Ms": f"{trace.own_ms:.2f}",
        "X-PromptGuard-Version": version,
        **retention,
    }
