"""What a policy makes of a case in a form: the verdict to expect, worked out from its matrix, and whether it came."""

from msgspec import Struct

from promptguard_gateway.app import Action, Column, Family, Mode, Policy, Replacement
from promptguard_gateway.cli.selftest.case import Case
from promptguard_gateway.cli.selftest.forms import Form
from promptguard_gateway.cli.selftest.reading import Seen, Verdict
from promptguard_gateway.cli.selftest.shapes import Shape

# The threshold that the cases are written for: that of `moderate`. Where a policy acts only on higher scores it may let
# a case pass, and where it acts on lower ones it may stop a twin; neither is a failure of the gateway.
_ACTS_FROM = 0.80
_VERDICTS = {
    Action.OFF: Verdict.ALLOW,
    Action.FLAG: Verdict.ALLOW,
    Action.REDACT: Verdict.REDACT,
    Action.BLOCK: Verdict.BLOCK,
}


class Expected(Struct, frozen=True):
    """The verdict that is right, others that are accepted, and why they are."""

    verdict: Verdict
    accepted: frozenset[Verdict] = frozenset()
    because: str = ""


def expected(policy: Policy, case: Case, form: Form) -> Expected:
    """The verdict for a case in a form."""
    wanted = _wanted(policy, case.families, form.column)
    if form.repeated and wanted.verdict is Verdict.BLOCK and not wanted.accepted:
        return Expected(wanted.verdict, frozenset({Verdict.REDACT}), "a turn that was blocked before is withheld")
    return wanted


def expected_of_shape(policy: Policy, shape: Shape) -> Expected:
    """The verdict for a request that is a trick as a whole."""
    if shape.expected is Verdict.REFUSE:
        return Expected(Verdict.REFUSE)
    wanted = _wanted(policy, shape.families, shape.column)
    if policy.refuse_unknown_fields:
        return Expected(wanted.verdict, wanted.accepted | {Verdict.REFUSE}, "the policy refuses unknown fields")
    return wanted


def _wanted(policy: Policy, families: tuple[Family, ...], column: Column) -> Expected:
    if policy.mode is Mode.MONITOR:
        return Expected(Verdict.ALLOW, because="monitor mode lets everything through")
    action = max((policy.cell(family, column) for family in families), default=Action.OFF)
    threshold = max(policy.thresholds[family.value].block for family in families or (Family.INJECTION,))
    because = f"the policy acts from {threshold:.2f}, the cases are made for {_ACTS_FROM:.2f}"
    if not families and threshold < _ACTS_FROM:
        return Expected(Verdict.ALLOW, frozenset(Verdict), because)
    if action >= Action.REDACT and threshold > _ACTS_FROM:
        return Expected(_VERDICTS[action], frozenset({Verdict.ALLOW, Verdict.REDACT}), because)
    return Expected(_VERDICTS[action])


def fault(policy: Policy, case: Case, form: Form, wanted: Expected, seen: Seen) -> str:
    """What is wrong with an answer, in a few words; empty when nothing is."""
    verdict = _observed(case, form, seen)
    if verdict is not wanted.verdict and verdict not in wanted.accepted:
        return f"{verdict.value} instead of {wanted.verdict.value}" + (f" ({seen.note})" if seen.note else "")
    stops = wanted.verdict in (Verdict.REDACT, Verdict.BLOCK) and not wanted.accepted
    if stops and case.value and not _comes_back(policy, case) and case.value in seen.text:
        return "the value came through"
    return ""


def _observed(case: Case, form: Form, seen: Seen) -> Verdict:
    """Headers leave before a streamed answer is known, so there its text tells whether it was changed."""
    if form.decides_only or form.direction == "input" or seen.verdict is not Verdict.ALLOW:
        return seen.verdict
    return Verdict.REDACT if case.value and case.value not in seen.text else Verdict.ALLOW


def _comes_back(policy: Policy, case: Case) -> bool:
    """Whether a redacted value is restored in the answer to its sender."""
    chosen = {policy.replacement_of(f"{family.value}.any", family) for family in case.families}
    return Replacement.TOKENIZE in chosen or Replacement.TOKENIZE in policy.replacement.values()
