"""Decide: a policy and an inspection in, a decision with its reasons and edits out. Deterministic and explainable."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from promptguard_gateway.core.echoes import Echoes, apart
from promptguard_gateway.core.findings import Finding, Inspection
from promptguard_gateway.core.policy import Action, Mode, Policy, Replacement, Status, Verb
from promptguard_gateway.core.replacement import merge_spans, replacement
from promptguard_gateway.core.segments import Segment
from promptguard_gateway.core.vault import Vault

# What stands for a message that was blocked in an earlier turn: the conversation may go on, the text may not.
WITHHELD = "[MESSAGE_BLOCKED]"

NOTHING_FOUND = "Nothing was found."

_VERBS = {Action.OFF: Verb.ALLOW, Action.FLAG: Verb.ALLOW, Action.REDACT: Verb.REDACT, Action.BLOCK: Verb.BLOCK}
_PARTICIPLES = {Action.FLAG: "flagged", Action.REDACT: "redacted", Action.BLOCK: "blocked"}


class Reason(Struct, frozen=True):
    """Why: `text` reads as a sentence; `finding` is an index into the inspection's findings.

    A finding that is not active is given too, with its status; its action is off.
    """

    rule: str
    finding: int
    action: Action
    text: str
    status: Status = Status.ACTIVE


class Edit(Struct, frozen=True):
    """Replace characters `start`..`end` of a segment's text."""

    segment: int
    start: int
    end: int
    replacement: str


class Decision(Struct, frozen=True):
    """What the policy says of one direction.

    `verb` is what it asks for; whether it is carried out is the mode's business (`enforced`). `actions` and
    `statuses` have one entry per finding. `confidence` is the deciding finding's score, or the highest score when
    nothing was acted on.
    """

    verb: Verb
    enforced: bool
    flagged: bool
    actions: tuple[Action, ...]
    statuses: tuple[Status, ...]
    reasons: tuple[Reason, ...]
    edits: tuple[Edit, ...]
    threat_type: str | None
    confidence: float
    deciding: int | None

    @property
    def outcome(self) -> Verb:
        """What happens: the verb, or allow in monitor mode."""
        return self.verb if self.enforced else Verb.ALLOW

    @property
    def strongest(self) -> Action:
        """The action that decided."""
        return max(self.actions, default=Action.OFF)

    @property
    def sentence(self) -> str:
        """Why, in one sentence: the reason that decided, else the first there is."""
        texts = [reason.text for reason in self.reasons if reason.finding == self.deciding or self.deciding is None]
        return texts[0] if texts else NOTHING_FOUND


def decide(
    policy: Policy,
    segments: Sequence[Segment],
    inspection: Inspection,
    summaries: Mapping[str, str],
    withheld: frozenset[int] = frozenset(),
    vault: Vault | None = None,
) -> Decision:
    """Judge every finding by its cell and take the strongest action.

    `summaries`: detector id -> what it finds, in words. `withheld`: segments of earlier turns that this project's
    policy blocked before; instead of blocking again they are replaced as a whole. `vault` is filled with the values
    that are tokenized; without one, tokenized values are redacted.
    """
    asked = [_asked(policy, segments, finding, withheld) for finding in inspection.findings]
    statuses = tuple(policy.status_of(finding) for finding in inspection.findings)
    actions = tuple(
        action if status is Status.ACTIVE else Action.OFF for action, status in zip(asked, statuses, strict=True)
    )
    strongest = max(actions, default=Action.OFF)
    deciding = _deciding(inspection.findings, actions, strongest)
    return Decision(
        verb=_VERBS[strongest],
        enforced=policy.mode is Mode.ENFORCE,
        flagged=Action.FLAG in actions,
        actions=actions,
        statuses=statuses,
        reasons=tuple(_reasons(policy, segments, inspection.findings, asked, statuses, summaries)),
        edits=_edits(segments, inspection.findings, actions, withheld, _Replacing(policy, vault))
        if strongest is Action.REDACT
        else (),
        threat_type=inspection.findings[deciding].threat_type if deciding is not None else None,
        confidence=_confidence(inspection, deciding),
        deciding=deciding,
    )


def _asked(policy: Policy, segments: Sequence[Segment], finding: Finding, withheld: frozenset[int]) -> Action:
    """The strongest action of the columns that the finding touches, if it is active."""
    touched = {finding.segment, *(place[0] for place in finding.continued)}
    columns = {segments[index].column for index in touched}
    action = max(policy.asked_for(finding, column) for column in columns)
    return Action.REDACT if action is Action.BLOCK and touched <= withheld else action


def _deciding(findings: Sequence[Finding], actions: Sequence[Action], strongest: Action) -> int | None:
    if strongest is Action.OFF:
        return None
    candidates = [index for index, action in enumerate(actions) if action is strongest]
    return max(candidates, key=lambda index: findings[index].score)


def _confidence(inspection: Inspection, deciding: int | None) -> float:
    if deciding is not None:
        return inspection.findings[deciding].score
    return max(inspection.scores.values(), default=0.0)


def _reasons(
    policy: Policy,
    segments: Sequence[Segment],
    findings: Sequence[Finding],
    asked: Sequence[Action],
    statuses: Sequence[Status],
    summaries: Mapping[str, str],
) -> Iterable[Reason]:
    for index, (finding, action, status) in enumerate(zip(findings, asked, statuses, strict=True)):
        if action is Action.OFF:
            continue
        segment = segments[finding.segment]
        threshold = policy.thresholds_of(finding.detector, finding.family).block
        text = (
            f"{_PARTICIPLES[action] if status is Status.ACTIVE else status.value}: "
            f"{summaries.get(finding.detector, finding.category)} ({finding.score:.2f}, threshold {threshold:.2f}) in "
            f"{segment.path}{segment.pointer}, found by {finding.detector}"
            f"{'' if status is Status.ACTIVE else f'; it would have been {_PARTICIPLES[action]}'}."
        )
        yield Reason(
            rule=f"{finding.category}/{segment.role.value}",
            finding=index,
            action=action if status is Status.ACTIVE else Action.OFF,
            text=text[0].upper() + text[1:],
            status=status,
        )


class _Replacing:
    """What stands for the values of findings under a policy, and which of them are tokens."""

    def __init__(self, policy: Policy, vault: Vault | None) -> None:
        self.policy = policy
        self.tokens: dict[str, tuple[Finding, str]] = {}  # value -> what found it, and its placeholder
        self._vault = vault

    def text(self, finding: Finding, value: str) -> str:
        """What stands for a finding's value."""
        how = self.policy.replacement_of(finding.detector, finding.family)
        text = replacement(how, finding.label, value, self._vault)
        if how is Replacement.TOKENIZE and self._vault is not None:
            self.tokens.setdefault(value, (finding, text))
        return text


def _edits(
    segments: Sequence[Segment],
    findings: Sequence[Finding],
    actions: Sequence[Action],
    withheld: frozenset[int],
    replacing: _Replacing,
) -> tuple[Edit, ...]:
    spans: dict[int, list[tuple[int, int, Finding | None]]] = {}
    for finding, action in zip(findings, actions, strict=True):
        if action is Action.REDACT and finding.segment not in withheld:
            spans.setdefault(finding.segment, []).append((finding.start, finding.end, finding))
            for segment, start, end in finding.continued:
                spans.setdefault(segment, []).append((start, end, None))
    edits = [Edit(index, 0, len(segments[index].text), WITHHELD) for index in withheld]
    for index in sorted(spans.keys() - withheld):
        for start, end, winner in merge_spans(spans[index]):
            # The rest of a value that began in another segment goes without a replacement of its own.
            text = replacing.text(winner, _value(segments, winner, index, start, end)) if winner else ""
            edits.append(Edit(index, start, end, text))
    return (*edits, *_echoes(segments, edits, replacing))


def _echoes(segments: Sequence[Segment], edits: Sequence[Edit], replacing: _Replacing) -> Iterator[Edit]:
    """Tokens for values that stand once more, where this policy would redact them if they were found."""
    echoes = Echoes(replacing.tokens)
    taken: dict[int, list[tuple[int, int]]] = {}
    for edit in edits if replacing.tokens else ():
        taken.setdefault(edit.segment, []).append((edit.start, edit.end))
    for index, segment in enumerate(segments if replacing.tokens else ()):
        for start, end in apart(echoes.find(segment.text), taken.get(index, ())):
            finding, text = replacing.tokens[segment.text[start:end]]
            if replacing.policy.action_for(finding, segment.column) is Action.REDACT:
                yield Edit(index, start, end, text)


def _value(segments: Sequence[Segment], winner: Finding, index: int, start: int, end: int) -> str:
    """What an edit takes away: the characters it covers, and the rest of the value in other segments."""
    rest = (segments[other].text[first:last] for other, first, last in winner.continued)
    return segments[index].text[start:end] + "".join(rest)
