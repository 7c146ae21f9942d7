r"""Rules that an operator writes: what to look for, where, and what it leads to.

A rule about a text or a regular expression becomes a detector of its own, `custom.<name>`: its patterns are read in
every view, held back on streams and decided like all others. A rule about personal data or prompt injection raises the
cells of those families. `allow` excuses: it suppresses findings of the detectors it names whose whole text is one that
the rule names. What needs a guard model is a question for one, and unavailable until one is set up, as is what needs a
limiter.

Patterns come from people, so they are bounded: 200 in all, 1,000 characters each, some 10,000 instructions each and
100,000 together. RE2 reads them in linear time whatever they are, but linear can be slow: a text that keeps many
repeats open at once costs a step for each of them. So repeats may add no more than 500 characters to all patterns
together, which bounds the worst text at some 10 ms for a kilobyte; 50 patterns like `a[ab]{900}c` would cost a second.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from promptguard_gateway.core.detector import Pattern, PatternDetector, Spec
from promptguard_gateway.core.engine import ProgramError, program_size
from promptguard_gateway.core.findings import Family, Severity, digest_of
from promptguard_gateway.core.fold import fold_text
from promptguard_gateway.core.patterns import copies, shortest
from promptguard_gateway.core.policy import Action, Row, Suppression
from promptguard_gateway.core.segments import ANSWER_COLUMNS, Column, Direction
from promptguard_gateway.core.syntax import PatternError, parse
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.strict_tree import TreeError

MOST_PATTERNS: Final = 200
LONGEST_PATTERN: Final = 1000  # characters
LARGEST_PATTERN: Final = 10_000  # RE2 instructions
LARGEST_SUM: Final = 100_000  # RE2 instructions
MOST_COPIES: Final = 500  # characters that repeats add

NO_JUDGE = "llm_judge_not_configured"
NO_LIMITER = "rate_limiter_not_configured"

RuleType = Literal[
    "input_filter", "output_filter", "topic_filter", "llm_guard", "entity_blocklist", "rate_limit", "custom"
]
Condition = Literal[
    "contains_text", "contains_text_any", "regex", "contains_pii", "prompt_injection", "natural_language"
]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_ACTIONS = {"flag": Action.FLAG, "redact": Action.REDACT, "block": Action.BLOCK}
_THREATS: Mapping[str, str] = {"entity_blocklist": "malicious_entity", "topic_filter": "off_topic"}
_TEXTS = ("contains_text", "contains_text_any")
_BLANKS = r"\s\s?\s?\s?"  # what stands for a blank of a text: a line may break there


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One rule. `value` is what the condition looks for: a text, texts with `|` between them or as a list, a regular
    expression, kinds of personal data, or true.

    `columns`: where it holds, in place of what its type says. `detectors`: whose findings an `allow` rule excuses.
    `prompt`: what `topic_filter` and `llm_guard` ask a judge.
    """

    name: str
    type: RuleType = "custom"
    condition: Condition | None = None
    value: bool | str | tuple[str, ...] | None = None
    action: Literal["block", "redact", "flag", "allow"] = "block"
    columns: tuple[Column, ...] = ()
    status: Literal["active", "candidate"] = "active"
    severity: Severity = Severity.HIGH
    detectors: tuple[str, ...] = ()
    prompt: str | None = None
    requests_per_minute: int | None = None


Raised = tuple[Family, str | None, Row]


class Made(Struct):
    """What rules come to. `raised` are stronger cells of a family, or of one label of personal data."""

    detectors: list[PatternDetector] = []
    rows: dict[str, Row] = {}
    raised: list[Raised] = []
    suppressions: list[Suppression] = []
    candidates: set[str] = set()
    questions: dict[str, str] = {}
    unavailable: dict[str, str] = {}


def make(rules: Sequence[Rule], catalogue: Catalogue) -> Made:
    """All rules together. Raises TreeError with a place such as `[2].value`."""
    made = Made()
    names: set[str] = set()
    for index, rule in enumerate(rules):
        place = f"[{index}]"
        if not _NAME.match(rule.name) or rule.name in names:
            raise TreeError(f"{place}.name", "must be lower-case letters, digits, - and _, and no other rule's name.")
        names.add(rule.name)
        _make(rule, place, catalogue, made)
    _check_sum(made.detectors)
    return made


def _make(rule: Rule, place: str, catalogue: Catalogue, made: Made) -> None:
    identifier = f"custom.{rule.name}"
    condition = rule.condition or ("contains_text_any" if rule.type == "entity_blocklist" else None)
    if rule.type in ("topic_filter", "llm_guard"):
        if not rule.prompt:
            raise TreeError(place, f"a rule of type {rule.type} needs a prompt, which a judge is asked.")
        _ask(rule, rule.prompt, identifier, made)
    elif rule.type == "rate_limit":
        made.unavailable[identifier] = NO_LIMITER
    elif condition is None:
        raise TreeError(place, "needs a condition and its value.")
    elif condition == "natural_language":
        _ask(rule, " ".join(_texts(rule, place)), identifier, made)
    elif rule.action == "allow":
        made.suppressions += _excuses(rule, condition, place, catalogue)
    elif condition in ("contains_pii", "prompt_injection"):
        made.raised += _raises(rule, condition, place, catalogue)
    else:
        made.detectors.append(_detector(rule, condition, identifier, place))
        _act(rule, identifier, made)


def _act(rule: Rule, identifier: str, made: Made) -> None:
    """What findings of the rule lead to."""
    made.rows[identifier] = _row(rule)
    if rule.status == "candidate":
        made.candidates.add(identifier)


def _ask(rule: Rule, prompt: str, identifier: str, made: Made) -> None:
    """A rule that only a guard model can judge; whether there is one is for others to know."""
    made.questions[identifier] = prompt
    made.unavailable[identifier] = NO_JUDGE
    _act(rule, identifier, made)


def _row(rule: Rule) -> Row:
    """What the rule leads to, and where. What a conversation repeats is replaced rather than blocked once more, because
    a block there would end every further turn; whoever names columns gets the action as it is."""
    action = _ACTIONS[rule.action]
    if rule.columns:
        return dict.fromkeys(rule.columns, action)
    asked = {Column.UNTRUSTED: action, Column.HISTORY: min(action, Action.REDACT)}
    answered = dict.fromkeys(ANSWER_COLUMNS, action)
    return {"input_filter": asked, "output_filter": answered}.get(rule.type, asked | answered)


def _texts(rule: Rule, place: str) -> list[str]:
    """The texts of a value."""
    values = [rule.value] if isinstance(rule.value, str) else rule.value
    if not isinstance(values, Sequence) or not values:
        raise TreeError(f"{place}.value", "must be a text, or a list of texts.")
    if rule.condition in ("contains_text", "regex", "natural_language"):
        return list(values)
    return [part.strip() for value in values for part in value.split("|") if part.strip()]


def _raises(rule: Rule, condition: Condition, place: str, catalogue: Catalogue) -> Iterator[Raised]:
    if rule.status == "candidate":
        raise TreeError(f"{place}.status", "only a rule about a text or a regular expression can be a candidate.")
    if condition == "contains_pii":
        for label in _labels(rule, place, catalogue):
            yield Family.PII, label, _row(rule)
    elif rule.value is True:
        yield Family.INJECTION, None, _row(rule)
        yield Family.FORGERY, None, _row(rule)
    else:
        raise TreeError(f"{place}.value", "of the condition prompt_injection must be true.")


def _labels(rule: Rule, place: str, catalogue: Catalogue) -> Sequence[str | None]:
    """The labels of the kinds of personal data that are named; None stands for all."""
    if rule.value is True:
        return [None]
    return sorted({label for name in _texts(rule, place) for label in catalogue.labels_of(name, f"{place}.value")})


def _excuses(rule: Rule, condition: Condition, place: str, catalogue: Catalogue) -> Iterator[Suppression]:
    """An exception is for findings whose whole text is named: what merely contains it could be anything."""
    if condition not in _TEXTS:
        raise TreeError(place, "an allow rule names texts: its condition is contains_text or contains_text_any.")
    if rule.columns or rule.status == "candidate" or not rule.detectors:
        raise TreeError(place, "an allow rule names the detectors whose findings it excuses, and no columns or status.")
    for index, detector in enumerate(rule.detectors):
        catalogue.check_inactive(detector, f"{place}.detectors[{index}]")
        catalogue.check_text(detector, f"{place}.detectors[{index}]")
        for text in _texts(rule, place):
            yield Suppression(detector, match_sha256=digest_of(text))


def _regexes(rule: Rule, condition: Condition, place: str) -> list[str]:
    texts = _texts(rule, place)
    if condition != "regex":
        texts = [_literal(text, whole_words=rule.type == "entity_blocklist") for text in texts]
    return [_checked(regex, place) for regex in texts]


def _detector(rule: Rule, condition: Condition, identifier: str, place: str) -> PatternDetector:
    regexes = _regexes(rule, condition, place)
    return PatternDetector(
        spec=Spec(
            id=identifier,
            family=Family.CUSTOM,
            category="custom",
            threat_type=_THREATS.get(rule.type, "policy_violation"),
            severity=rule.severity,
            label=re.sub("[^A-Z0-9]+", "_", rule.name.upper()),
            directions=tuple(_directions(_row(rule))),
            summary=f"a match of the rule {rule.name}",
            source="the operator's policy",
        ),
        patterns=tuple(
            Pattern(name=f"{condition}_{number}" if len(regexes) > 1 else condition, regex=regex, score=1.0)
            for number, regex in enumerate(regexes, start=1)
        ),
    )


def _directions(row: Row) -> Iterator[Direction]:
    if not row.keys() <= set(ANSWER_COLUMNS):
        yield Direction.INPUT
    if not row.keys().isdisjoint(ANSWER_COLUMNS):
        yield Direction.OUTPUT


def _literal(text: str, *, whole_words: bool) -> str:
    """The text as patterns see it: folded, in any case, with any blanks. Boundaries only where RE2 knows letters."""
    words = fold_text(text).split()
    body = _BLANKS.join(map(re.escape, words))
    if not whole_words or not body:
        return f"(?i:{body})"
    first, last = (r"\b" if re.match(r"[A-Za-z0-9_]", edge) else "" for edge in (words[0][0], words[-1][-1]))
    return f"{first}(?i:{body}){last}"


def _checked(regex: str, place: str) -> str:
    """A pattern that can be read, bounded and held back. Raises TreeError, which does not quote it."""
    try:
        if len(regex) > LONGEST_PATTERN:
            raise PatternError(f"longer than {LONGEST_PATTERN} characters, which ends", LONGEST_PATTERN)
        size = program_size(regex)
        if size > LARGEST_PATTERN:
            raise ProgramError("it unfolds to too many instructions")
        if shortest(parse(regex)) == 0:
            raise ProgramError("it matches the empty text, so it would be found everywhere")
    except (PatternError, ProgramError) as error:
        raise TreeError(f"{place}.value", f"is a pattern that cannot be used: {error}.") from None
    return regex


def _check_sum(detectors: Iterable[PatternDetector]) -> None:
    regexes = [pattern.regex for detector in detectors for pattern in detector.patterns]
    if len(regexes) > MOST_PATTERNS:
        raise TreeError("", f"the rules have {len(regexes)} patterns and texts; {MOST_PATTERNS} are the most.")
    if sum(map(program_size, regexes)) > LARGEST_SUM:
        raise TreeError("", "the patterns unfold to too many instructions together; repeat less, or less often.")
    added = sum(copies(parse(regex)) for regex in regexes)
    if added > MOST_COPIES:
        raise TreeError(
            "",
            f"the patterns' repeats add {added} characters, and {MOST_COPIES} are the most: {{0,200}} adds 199.",
        )
