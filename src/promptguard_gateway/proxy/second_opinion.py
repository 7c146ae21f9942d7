"""A second opinion: a guard model is asked about what the detectors let through, within a budget of time.

It adds findings to an inspection and decides nothing: their actions are cells of the policy, like those of any other
finding. If it does not answer in time, or answers with anything but a verdict, that is a failed detector, and the
policy's failure mode says what happens then. Texts are shown to it as the decision so far leaves them, so what is
redacted does not reach it. Only a stream that was held back for it (`held_stream`) is shown as it would leave: values
that the policy tokenized in the request are in it again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct, structs

from promptguard_gateway.core.findings import DetectorFailure, Family, Finding, Inspection, Severity
from promptguard_gateway.core.policy import Action, Policy, Verb
from promptguard_gateway.core.segments import Channel, Column, Direction, Role
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import Upstream
from promptguard_gateway.domain.settings import JudgeSettings
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.wire.judging.asking import (
    Ask,
    Category,
    Question,
    Rule,
    Unreadable,
    Verdict,
    Violation,
    spoken,
)
from promptguard_gateway.wire.judging.formats import FORMATS
from promptguard_gateway.wire.judging.packing import Packed, TooLong, pack
from promptguard_gateway.wire.judging.plan import Plan, plan_of
from promptguard_gateway.wire.rewrite import Edit, splice

log = logging.getLogger("promptguard")

_ROLES = frozenset({Role.USER, Role.TOOL, Role.DOCUMENT})
_COLUMNS = {Direction.INPUT: Column.UNTRUSTED, Direction.OUTPUT: Column.ANSWER}
_THREATS = {Family.INJECTION: "prompt_injection", Family.SAFETY: "toxicity", Family.CUSTOM: "policy_violation"}
_OWASP = {Family.INJECTION: ("LLM01",)}
_ASKED = 2_000  # characters of the request that are shown with an answer: context, judged by itself before

Text = tuple[int, str]
"""A segment's index and what it says."""


class GuardUpstream(Upstream, Protocol):
    """An upstream of the guard model's own."""

    async def close(self) -> None:
        """Close all connections."""
        ...


def choose(
    settings: JudgeSettings, policy: Policy, connect: Callable[[str, str | None], GuardUpstream]
) -> "SecondOpinion | None":
    """The guard model of these settings, reached by `connect` with its origin and key; None if they name none.

    Raises ValueError for settings that make no sense, also together with this policy.
    """
    if settings.upstream is None:
        if settings != JudgeSettings():
            raise ValueError("judge.upstream is missing: the address of the vLLM that serves the guard model")
        return None
    plan = plan_of(settings)
    second = SecondOpinion(connect(settings.upstream, settings.key), plan)
    if second.redacts_answers(policy):
        raise ValueError(
            f"judge.directions: the policy {policy.name} redacts what {plan.detector} finds in answers, and a "
            "verdict is about an answer as a whole. Let its family be flagged or blocked there, or judge input only"
        )
    return second


def with_questions(policy: Policy, settings: JudgeSettings) -> Policy:
    """The policy in which rules in natural language are available, if the guard model can be asked about them."""
    format_ = FORMATS.get(settings.format)
    if settings.upstream is None or format_ is None or not format_.takes_rules:
        return policy
    missing = {name: why for name, why in policy.unavailable.items() if name not in policy.questions}
    return structs.replace(policy, unavailable=missing)


class _Call(Struct, frozen=True):
    packed: Packed
    ask: Ask


class SecondOpinion:
    """The guard model behind one upstream, asked by one plan."""

    def __init__(self, upstream: GuardUpstream, plan: Plan) -> None:
        self._upstream = upstream
        self.plan = plan

    def reads(self, policy: Policy, direction: Direction) -> bool:
        """Whether the plan asks about this direction and the policy makes anything of the answer."""
        return direction in self.plan.directions and any(
            action is not Action.OFF for action in self._actions(policy, direction)
        )

    def redacts_answers(self, policy: Policy) -> bool:
        """Whether the policy would redact for a verdict on an answer, which names no place that could be redacted."""
        return Direction.OUTPUT in self.plan.directions and Action.REDACT in self._actions(policy, Direction.OUTPUT)

    async def review_request(self, judge: Judge, project: str, judgement: Judgement, vault: Vault | None) -> Judgement:
        """A request judged again with what the model says; one that is blocked already is not shown to it.

        Raises GatewayError `detector_unavailable`.
        """
        if judgement.decision.verb is Verb.BLOCK or not self.reads(judge.policy, Direction.INPUT):
            return judgement
        rules = self._rules(judge.policy, Direction.INPUT)
        opinion = await self._judge(judgement, list(_untrusted(judgement)), rules, answers=False)
        return judge.reconsider(project, judgement, opinion, vault)

    async def review_answer(self, judge: Judge, judgement: Judgement, texts: Sequence[Text], asked: str) -> Judgement:
        """The same for the texts of an answer to what was asked."""
        if judgement.decision.verb is Verb.BLOCK or not self.reads(judge.policy, Direction.OUTPUT):
            return judgement
        rules = self._rules(judge.policy, Direction.OUTPUT)
        opinion = await self._judge(judgement, texts, rules, answers=True, asked=asked[-_ASKED:])
        return judge.reconsider_answer(judgement, opinion)

    async def close(self) -> None:
        """Ask nothing any more."""
        await self._upstream.close()

    def failed(self, reason: str) -> Inspection:
        """The inspection of a text that could not be judged."""
        log.warning("the guard model gave no verdict: %s", reason)
        return Inspection([], [DetectorFailure(self.plan.detector, reason)], {}, [])

    def _actions(self, policy: Policy, direction: Direction) -> frozenset[Action]:
        column = _COLUMNS[direction]
        families = {(self.plan.detector, category.family) for category in self.plan.categories.values()}
        asked = {*families, *((rule.name, Family.CUSTOM) for rule in self._rules(policy, direction))}
        return frozenset(action for each in asked for action in policy.cells(*each, column))

    def _rules(self, policy: Policy, direction: Direction) -> tuple[Rule, ...]:
        """The policy's rules in natural language that hold in this direction."""
        if not self.plan.format.takes_rules:
            return ()
        return tuple(
            Rule(name, f"it breaks the rule: {sentence}")
            for name, sentence in policy.questions.items()
            if policy.cells(name, Family.CUSTOM, _COLUMNS[direction]) != (Action.OFF,)
        )

    async def _judge(
        self,
        judgement: Judgement,
        texts: Sequence[Text],
        rules: tuple[Rule, ...],
        *,
        answers: bool,
        asked: str = "",
    ) -> Inspection:
        try:
            packs = pack(texts, self.plan.window, self.plan.questions)
        except TooLong:
            return self.failed("too_long")
        calls = [
            _Call(packed, ask)
            for packed in packs
            for ask in self.plan.format.asks(Question(packed.text, answers, asked, rules))
        ]
        # A finding covers what the segment says, not what was shown of it; of a stream only what was shown is known.
        lengths = {index: len(judgement.segments[index].text or shown) for index, shown in texts}
        return await self._gathered(calls, lengths)

    async def _gathered(self, calls: Sequence[_Call], lengths: dict[int, int]) -> Inspection:
        """All verdicts that come within the budget, and a failure for those that do not."""
        inspection = Inspection([], [], {self.plan.detector: 0.0}, [])
        tasks = {asyncio.ensure_future(self._verdict(call.ask)): call for call in calls}
        try:
            await asyncio.wait(tasks, timeout=self.plan.budget) if tasks else None
        finally:
            for task in tasks:
                task.cancel()
        for task, call in tasks.items():
            outcome = _outcome(task)
            if isinstance(outcome, str):
                inspection.failures += self.failed(outcome).failures
            else:
                self._add(inspection, call.packed, outcome, lengths)
        return inspection

    async def _verdict(self, ask: Ask) -> Verdict | str:
        """What one call says, or the kind of failure."""
        body = msgspec.json.encode({"model": self.plan.model, **ask.body})
        try:
            answer = await self._upstream.send("/chat/completions", body, stream=False)
            return ask.read(spoken(await answer.read()))
        except GatewayError as error:
            return error.code
        except Unreadable as error:
            return str(error)

    def _add(self, inspection: Inspection, packed: Packed, verdict: Verdict, lengths: dict[int, int]) -> None:
        for violation in verdict:
            meant = self._meant(violation.code)
            if meant is not None:
                finding = _finding(*meant, packed, violation, lengths)
                inspection.findings.append(finding)
                known = inspection.scores.get(finding.detector, 0.0)
                inspection.scores[finding.detector] = max(violation.score, known)

    def _meant(self, code: str) -> tuple[str, Category] | None:
        """The detector and the category of a code; None for one that the operator switched off."""
        if code in self.plan.format.categories:
            category = self.plan.categories.get(code)
            return None if category is None else (self.plan.detector, category)
        return code, Category(Family.CUSTOM, "custom")


def _finding(
    detector: str, category: Category, packed: Packed, violation: Violation, lengths: dict[int, int]
) -> Finding:
    """A verdict is about a text as a whole: the finding covers all of it, and every segment it was made of."""
    first, *others = dict.fromkeys(packed.segments)
    return Finding(
        detector=detector,
        version="1",
        family=category.family,
        category=category.words.replace(" ", "_"),
        rule=violation.code,
        segment=first,
        start=0,
        end=lengths[first],
        score=violation.score,
        severity=Severity.HIGH,
        label=category.family.value.upper(),
        threat_type=_THREATS.get(category.family, category.family.value),
        owasp=_OWASP.get(category.family, ()),
        view="judge",
        continued=tuple((index, 0, lengths[index]) for index in others),
    )


def _outcome(task: asyncio.Future[Verdict | str]) -> Verdict | str:
    """What a call came to; it may fail in any way, and the policy decides what that means."""
    if not task.done() or task.cancelled():
        return "timeout"
    error = task.exception()
    return task.result() if error is None else type(error).__name__


def _untrusted(judgement: Judgement) -> Iterable[Text]:
    """What users, documents and tools say, as the decision leaves it."""
    for index, segment in enumerate(judgement.segments):
        if segment.role in _ROLES and segment.column is Column.UNTRUSTED and not segment.is_key:
            yield index, _shown(judgement, index)


def _shown(judgement: Judgement, index: int) -> str:
    """A segment's text with the decision's edits carried out."""
    segment = judgement.segments[index]
    edits = [edit for edit in judgement.decision.edits if edit.segment == index]
    if not edits:
        return segment.text
    return splice(segment.text, [Edit(segment, edit.start, edit.end, edit.replacement) for edit in edits])


def asked_last(judgement: Judgement) -> str:
    """What the user said last, as the decision leaves it."""
    users = [index for index, segment in enumerate(judgement.segments) if segment.role is Role.USER]
    return _shown(judgement, users[-1]) if users else ""


def spoken_texts(judgement: Judgement) -> list[Text]:
    """What a whole answer says, as the decision leaves it; the arguments of tool calls are not among it."""
    return [
        (index, _shown(judgement, index))
        for index, segment in enumerate(judgement.segments)
        if segment.column is Column.ANSWER and segment.channel is not Channel.TOOL_ARGUMENTS and not segment.is_key
    ]
