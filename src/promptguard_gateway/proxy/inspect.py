"""The inspect step: the one way from text to decision that the proxy and the Guard API share.

A `Judge` is a policy made ready: the engine for requests and one answer plan per column. It also remembers, for a
while, which turns its policy blocked: a client repeats the whole conversation each time, and one blocked turn must
not end the conversation for ever. A repeated turn that was blocked before is therefore withheld, replaced by a
placeholder, instead of blocked again. What it said still never reaches the model, and tool results and documents are
always judged anew.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, structs

from promptguard_gateway.core.decision import Decision, Edit, decide
from promptguard_gateway.core.detector import Detector, Knowledge, Redacted, specs_of
from promptguard_gateway.core.findings import DetectorFailure, Family, Finding, Inspection
from promptguard_gateway.core.inspector import ENCODED, Inspector
from promptguard_gateway.core.memory import Remembered, digest
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.policy import Action, FailureMode, Mode, Policy, Verb
from promptguard_gateway.core.segments import ANSWER_COLUMNS, Column, Direction, Role, Segment
from promptguard_gateway.core.stream import OVERFLOW, StreamInspector
from promptguard_gateway.core.tool_rules import SPECS as TOOL_SPECS
from promptguard_gateway.core.tool_rules import findings_on_names
from promptguard_gateway.core.url_rules import SPEC as URL_SPEC
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.domain.errors import GatewayError

SPECS = (*TOOL_SPECS, URL_SPEC, ENCODED)
"""What findings can be of besides the detectors, and a policy can name: what is compared with rules, and what the
inspector sees itself."""

_REPEATABLE = frozenset({Role.USER, Role.ASSISTANT})
_VALUES = frozenset({Family.PII, Family.SECRETS, Family.CUSTOM})  # families whose findings are values, not phrases
_REMEMBERED_TURNS = 10_000
_REMEMBERED_ANSWERS = 512  # results, by the digest of a text of an answer and of what its exchange knows
_REMEMBERED_LENGTH = 16_384  # characters of an answer, and of what its exchange knows


class InspectionFailed(GatewayError):
    """`detector_unavailable`: detectors failed, and the policy is to refuse then. `detectors`: their ids."""

    def __init__(self, what: str, failures: Sequence[DetectorFailure]) -> None:
        self.detectors = tuple(sorted({failure.detector for failure in failures}))
        super().__init__(
            "detector_unavailable",
            f"{what} could not be inspected ({', '.join(self.detectors)} failed), and the policy is to refuse then. "
            "Try again; if it stays, the operator finds the reason in the log.",
        )


class Judgement(Struct, frozen=True):
    """An inspection with the decision on it, and the segments both speak of."""

    segments: Sequence[Segment]
    inspection: Inspection
    decision: Decision


class _Whole(Struct, frozen=True):
    """What one text of an answer leads to: a pure function of the text, its column and what the exchange knows."""

    findings: tuple[Finding, ...]
    edits: tuple[Edit, ...]
    scores: Mapping[str, float]


_SAYS_NOTHING = _Whole((), (), {})


class _Failed(Exception):
    """Some detector failed on an answer. Not remembered: it may work again."""

    def __init__(self, inspector: StreamInspector, edits: tuple[Edit, ...]) -> None:
        super().__init__()
        self.inspector = inspector
        self.edits = edits


def _outcome(inspector: StreamInspector, edits: tuple[Edit, ...]) -> _Whole:
    return _Whole(tuple(inspector.findings), edits, inspector.scores)


class Judge:
    """One policy, compiled: some seconds of work when it is made and prepared, so that judging takes microseconds."""

    def __init__(self, detectors: Sequence[Detector], policy: Policy) -> None:
        self.policy = policy
        specs = [*(spec for detector in detectors for spec in specs_of(detector)), *SPECS, OVERFLOW]
        _require_whole_calls(policy)
        self.summaries: Mapping[str, str] = {spec.id: spec.summary for spec in specs}
        self.families: Mapping[str, Family] = {spec.id: spec.family for spec in specs}
        self._inspector = Inspector(detectors)
        self._plan = lru_cache(maxsize=None)(lambda column: AnswerPlan.compile(detectors, policy, column))
        self._may_redact_answers = policy.mode is Mode.ENFORCE and any(
            Action.REDACT in policy.cells(spec.id, spec.family, column) for spec in specs for column in ANSWER_COLUMNS
        )
        self._blocked_turns = _BlockedTurns()
        self._remembered = Remembered[_Whole](_REMEMBERED_ANSWERS)

    def prepare(self) -> None:
        """Compile now what answers need, so that none of them waits for it. Raises `PatternError`."""
        for column in ANSWER_COLUMNS:
            self._plan(column)

    @property
    def may_redact_answers(self) -> bool:
        """Whether the policy could change the text of an answer."""
        return self._may_redact_answers

    def request(self, project: str, segments: Sequence[Segment], vault: Vault | None = None) -> Judgement:
        """Judge a request; `vault` is filled with values that the policy tokenizes.

        Raises GatewayError `detector_unavailable` when a detector failed and the mode is closed.
        """
        inspection = self._inspector.inspect(segments)
        add_findings(inspection, findings_on_names(self.policy.tools, segments))
        self.require(inspection, Direction.INPUT)
        return self._decided(project, segments, inspection, vault)

    def everything_in(self, text: str) -> Inspection:
        """What the detectors of requests see in a text, whatever the policy makes of it."""
        return self._inspector.inspect([Segment((), Role.USER, text)])

    def reconsider(
        self, project: str, judgement: Judgement, opinion: Inspection, vault: Vault | None = None
    ) -> Judgement:
        """A request judged again, with what a second opinion adds. Raises like `request`."""
        self.require(opinion, Direction.INPUT)
        return self._decided(project, judgement.segments, merged(judgement.inspection, opinion), vault)

    def reconsider_answer(self, judgement: Judgement, opinion: Inspection) -> Judgement:
        """The same for an answer; what was to be redacted stays so. Raises like `request`."""
        self.require(opinion, Direction.OUTPUT)
        inspection = merged(judgement.inspection, opinion)
        decision = decide(self.policy, judgement.segments, inspection, self.summaries)
        return Judgement(judgement.segments, inspection, structs.replace(decision, edits=judgement.decision.edits))

    def _decided(
        self, project: str, segments: Sequence[Segment], inspection: Inspection, vault: Vault | None
    ) -> Judgement:
        withheld = self._blocked_turns.withheld(project, segments)
        decision = decide(self.policy, segments, inspection, self.summaries, withheld, vault)
        if decision.verb == "block":
            self._blocked_turns.remember(project, segments, inspection, decision)
        return Judgement(segments, inspection, decision)

    def answer(self, segments: Sequence[Segment], knowledge: Knowledge, on_calls: Iterable[Finding] = ()) -> Judgement:
        """Judge a whole answer, each segment exactly as a stream of it would be. Raises like `request`.

        `on_calls`: what the caller found in the arguments of calls (`proxy.toolbox`).
        """
        inspection = Inspection(findings=[], failures=[], scores={}, degraded=[])
        add_findings(inspection, [*findings_on_names(self.policy.tools, segments), *on_calls])
        edits: list[Edit] = []
        surroundings = _surroundings(knowledge)
        for index, segment in enumerate(segments):
            try:
                whole = self._whole(segment, knowledge, surroundings)
            except _Failed as failed:
                inspection.failures.extend(failed.inspector.failures)
                whole = _outcome(failed.inspector, failed.edits)
            inspection.findings += [structs.replace(finding, segment=index) for finding in whole.findings]
            edits += [structs.replace(edit, segment=index) for edit in whole.edits]
            for detector, score in whole.scores.items():
                inspection.scores[detector] = max(score, inspection.scores.get(detector, 0.0))
        return self.conclude(segments, inspection, tuple(edits))

    def _whole(self, segment: Segment, knowledge: Knowledge, surroundings: bytes | None) -> "_Whole":
        """The same for a text that was read before in these surroundings as for a new one. Raises _Failed."""
        if surroundings is None or len(segment.text) > _REMEMBERED_LENGTH:
            return self._read_whole(segment.column, knowledge, segment.text)
        key = digest((segment.column, segment.text), surroundings)
        whole = self._remembered.get(key)
        if whole is None:
            whole = self._read_whole(segment.column, knowledge, segment.text)
            self._remembered.put(key, whole)
        return whole

    def _read_whole(self, column: Column, knowledge: Knowledge, text: str) -> "_Whole":
        """What one complete text of an answer leads to, as segment 0. Raises _Failed."""
        known = self._known(column, knowledge)
        if len(text) <= self.policy.hold_limit and self._plan(column).passes(text, known):
            return _SAYS_NOTHING
        inspector = self.inspector(column, knowledge, 0)
        edits = tuple(
            Edit(0, piece.start, piece.end, piece.text)
            for piece in inspector.whole(text).pieces
            if piece.text != text[piece.start : piece.end]
        )
        if inspector.failures:
            raise _Failed(inspector, edits)
        return _outcome(inspector, edits)

    def conclude(self, segments: Sequence[Segment], inspection: Inspection, edits: tuple[Edit, ...] = ()) -> Judgement:
        """The decision on an answer whose channels have been inspected."""
        self.require(inspection, Direction.OUTPUT)
        decision = decide(self.policy, segments, inspection, self.summaries)
        return Judgement(segments, inspection, structs.replace(decision, edits=edits))

    def inspector(self, column: Column, knowledge: Knowledge, segment: int) -> StreamInspector:
        """A fresh inspector for one channel of a streamed answer."""
        return StreamInspector(self._plan(column), self._known(column, knowledge), segment)

    def _known(self, column: Column, knowledge: Knowledge) -> Knowledge:
        """What the policy and the column add to what the exchange knows."""
        called = column is Column.ANSWER_TOOL_ARGUMENTS
        return structs.replace(knowledge, allowed_hosts=self.policy.allowed_hosts, called=called)

    def ends(self, finding: Finding, column: Column) -> bool:
        """Whether this finding ends an answer."""
        return self.policy.mode is Mode.ENFORCE and self.policy.action_for(finding, column) is Action.BLOCK

    def require(self, inspection: Inspection, direction: Direction) -> None:
        """Let a failed detector pass only where the policy says so, and mark it. Raises InspectionFailed."""
        if not inspection.failures:
            return
        if self.policy.failure[direction] is FailureMode.CLOSED:
            raise InspectionFailed("The text", inspection.failures)
        inspection.degraded.extend(sorted({failure.detector for failure in inspection.failures}))


def _require_whole_calls(policy: Policy) -> None:
    """A call goes through or does not: nothing of it can be replaced. Raises ValueError."""
    for spec in TOOL_SPECS:
        if any(Action.REDACT in policy.cells(spec.id, spec.family, column) for column in ANSWER_COLUMNS):
            raise ValueError(f"policy {policy.name}: {spec.id} in answers can block or flag, but not redact")


def _surroundings(knowledge: Knowledge) -> bytes | None:
    """The digest of what an exchange knows, or None where it hardly ever comes again with the same answer."""
    known = (knowledge.protected, knowledge.canaries, knowledge.spoken)
    if knowledge.redacted or sum(len(text) for texts in known for text in texts) > _REMEMBERED_LENGTH:
        return None
    return digest(text for texts in known for text in (str(len(texts)), *texts))


def add_findings(inspection: Inspection, findings: Iterable[Finding]) -> None:
    """Add findings to an inspection, with their scores."""
    for finding in findings:
        inspection.findings.append(finding)
        inspection.scores[finding.detector] = max(finding.score, inspection.scores.get(finding.detector, 0.0))


def merged(one: Inspection, other: Inspection) -> Inspection:
    """What two inspections of the same segments say together."""
    return Inspection(
        findings=[*one.findings, *other.findings],
        failures=[*one.failures, *other.failures],
        scores={**one.scores, **other.scores},
        degraded=sorted({*one.degraded, *other.degraded}),
    )


def gather(inspection: Inspection, inspector: StreamInspector) -> None:
    """Add what one channel's inspector found to an inspection."""
    inspection.findings.extend(inspector.findings)
    inspection.failures.extend(inspector.failures)
    for detector, score in inspector.scores.items():
        inspection.scores[detector] = max(score, inspection.scores.get(detector, 0.0))


def knowledge_of(
    segments: Sequence[Segment], canaries: tuple[str, ...], judgement: Judgement | None = None
) -> Knowledge:
    """What must not reappear in the answer to these segments, and what may. `judgement`: the one on the request."""
    protected = tuple(s.text for s in segments if s.column is Column.SYSTEM)
    spoken = tuple(s.text for s in segments if s.column is not Column.SYSTEM)
    redacted = () if judgement is None else _redacted(judgement, "\n".join(protected))
    return Knowledge(protected=protected, canaries=canaries, spoken=spoken, redacted=redacted)


def _redacted(judgement: Judgement, instructions: str) -> tuple[Redacted, ...]:
    """The values that the request's redaction took out, but those that its own instructions say in the clear."""
    if judgement.decision.outcome is not Verb.REDACT:
        return ()
    values: dict[Redacted, None] = {}
    for finding, action in zip(judgement.inspection.findings, judgement.decision.actions, strict=True):
        if action is Action.REDACT and finding.family in _VALUES:
            text = "".join(judgement.segments[segment].text[start:end] for segment, start, end in finding.places)
            if text not in instructions:
                values[Redacted(text, finding.label)] = None
    return tuple(values)


class _BlockedTurns:
    """Digests of turns that were blocked, the newest `_REMEMBERED_TURNS` of them."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def withheld(self, project: str, segments: Sequence[Segment]) -> frozenset[int]:
        if not self._seen:
            return frozenset()
        return frozenset(
            index
            for index, segment in enumerate(segments)
            if segment.repeated and segment.role in _REPEATABLE and _turn(project, segment) in self._seen
        )

    def remember(self, project: str, segments: Sequence[Segment], inspection: Inspection, decision: Decision) -> None:
        for finding, action in zip(inspection.findings, decision.actions, strict=True):
            for index in (
                {finding.segment, *(place[0] for place in finding.continued)} if action is Action.BLOCK else ()
            ):
                if segments[index].turn >= 0 and segments[index].role in _REPEATABLE:
                    self._seen[_turn(project, segments[index])] = None
        while len(self._seen) > _REMEMBERED_TURNS:
            self._seen.popitem(last=False)


def _turn(project: str, segment: Segment) -> bytes:
    text = f"{project}\0{segment.role.value}\0{segment.text}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
