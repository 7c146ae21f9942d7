"""The life of a detector, in four steps.

1. It is a value: a `Spec` that says what it finds, and its patterns (or code). Making it has no side effects.
2. The engine joins the patterns of all detectors of a direction into one RE2 set, once, at start.
3. It reads views of segments and returns hits. It never sees the policy: what a hit leads to is not its business.
4. On a stream it also answers how much text at the end could still become a hit (`pending`). For patterns that
   follows from the pattern itself (`core.patterns`); other detectors implement it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar, TypeVarTuple, cast, runtime_checkable

from msgspec import Struct, field

from promptguard_gateway.core.findings import Family, Finding, Severity
from promptguard_gateway.core.owasp import CODES
from promptguard_gateway.core.segments import Direction

Made = TypeVar("Made")
Given = TypeVarTuple("Given")

BOTH = (Direction.INPUT, Direction.OUTPUT)
INPUT = (Direction.INPUT,)
OUTPUT = (Direction.OUTPUT,)


STREAM_CONTEXT = 128
"""How many characters that are already decided a code detector is shown again on a stream, at least."""


Places = tuple[tuple[int, int, int], ...]
"""(segment, start, end) of each part of a finding."""


class Recommended(Struct, frozen=True):
    """Thresholds of a detector's own, at a level of strictness."""

    level: str
    warn: float
    block: float


class Operating(Struct, frozen=True):
    """What a threshold costs and brings: the shares of harmless texts and of bad ones that reach it."""

    threshold: float
    false_alarms: float
    recall: float


class Spec(Struct, frozen=True, kw_only=True):
    """What a detector finds. `label` names the placeholder: EMAIL gives `[EMAIL_REDACTED]`.

    `threat_type` is a value of the PromptGuard API's vocabulary; `owasp` lists codes of the OWASP Top 10 for LLM
    applications, 2025; `agentic` those of the OWASP Top 10 for agentic applications, 2026 (`ASI01` to `ASI10`). Without
    them, findings have those of the family (`core.owasp`).
    `recommended`: thresholds at each level, where those of the family do not fit its scores; `operating`: what was
    measured of its thresholds, in rising order.
    `cuts`: whether what it finds can be cut out of an answer; where not, a policy that would redact there blocks.
    Of a code detector, `reach`: how many characters before a hit it must see to know it; `shortest`: how many every hit
    has at least; `looks_for`: fields of `Knowledge`, it is not asked when all of them are empty; `rules`: every rule
    that its hits can have, so that a policy that names another is refused. Empty: not known beforehand.
    """

    id: str
    version: str = "1"
    family: Family
    category: str
    threat_type: str
    severity: Severity
    label: str
    owasp: tuple[str, ...] = ()
    agentic: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = BOTH
    summary: str  # what people read: "an e-mail address"
    source: str  # where the patterns and scores come from
    recommended: tuple[Recommended, ...] = ()
    operating: tuple[Operating, ...] = ()
    cuts: bool = True
    reach: int = STREAM_CONTEXT
    shortest: int = 0
    looks_for: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def finding_of(
    spec: Spec,
    *,
    rule: str,
    places: Places,
    score: float,
    label: str | None = None,
    view: str = "plain",
    match_sha256: str = "",
) -> Finding:
    """A finding of this detector at the first place, continued at the others."""
    segment, start, end = places[0]
    codes = CODES[spec.family]
    return Finding(
        detector=spec.id,
        version=spec.version,
        family=spec.family,
        category=spec.category,
        rule=rule,
        segment=segment,
        start=start,
        end=end,
        score=score,
        severity=spec.severity,
        label=label or spec.label,
        threat_type=spec.threat_type,
        owasp=spec.owasp or codes.llm,
        agentic=spec.agentic or codes.agentic,
        view=view,
        continued=places[1:],
        match_sha256=match_sha256,
    )


class Doubt(Struct, frozen=True, kw_only=True):
    """A reason to believe a finding less: where `applies` to its text, the score is `score` at most.

    With a `spec` the finding becomes one of that detector's, so that a policy can set thresholds for it alone.
    """

    applies: Callable[[str], bool]
    score: float
    spec: Spec | None = None


class Candidate(Struct, frozen=True):
    """What a pattern matched, with the 64 characters before it and `Pattern.behind` characters after it."""

    text: str
    before: str
    behind: str


class Identity(Struct, frozen=True):
    """What a candidate turned out to be: its first `length` characters are the value."""

    length: int
    score: float
    rule: str
    label: str | None = None


class Pattern(Struct, frozen=True, kw_only=True):
    """One pattern of a detector, in RE2 syntax restricted to what `core.patterns` can close.

    `lead` must stand directly before `regex` and is no part of the finding: `password = ` before the password.
    `validate` gets the finding's text and may only drop it; `doubts` may only lower its score. `context` is a pattern
    searched in the 64 characters *before* the finding; without it there the score is `score`, with it `context_score`.
    `until`: the finding goes on from the match to the end of the first match of this pattern, or to the end of the
    text: long values are decided by their beginning. `rest`, a class in brackets, is the same for values that go on as
    long as characters of that class follow: an automaton need not count hundreds of them. `label` overrides the
    detector's. `source` says where the pattern comes from, if not from where the detector's others do.

    `identify` is for a shape that many kinds of values share, and takes the place of `validate` and `context`: it says
    what the longest match is, how much of it, and how sure that is. None drops it; no score may be above `score`. It is
    shown `behind` characters after the match, which answers hold back for as long as it takes them to arrive. `rules`:
    every rule that it can name, as in `Spec`.
    """

    name: str
    regex: str
    score: float
    lead: str | None = None
    validate: Callable[[str], bool] | None = None
    doubts: tuple[Doubt, ...] = ()
    context: str | None = None
    context_score: float = 0.0
    until: str | None = None
    rest: str | None = None
    label: str | None = None
    identify: Callable[[Candidate], Identity | None] | None = None
    behind: int = 0
    rules: tuple[str, ...] = ()
    source: str = ""

    @property
    def whole(self) -> str:
        """What is searched for: the lead and what follows it."""
        return self.regex if self.lead is None else f"(?:{self.lead})(?:{self.regex})"

    @property
    def end(self) -> str | None:
        """What ends a value that is decided by its beginning."""
        return self.until if self.rest is None else "[^" + self.rest.removeprefix("[")

    @property
    def held(self) -> str:
        """The pattern of everything that must have arrived before a finding is certain."""
        return f"(?:{self.whole})(?s:.){{0,{self.behind}}}" if self.behind else self.whole

    def outcomes(self, spec: Spec) -> Iterator[tuple[Spec, float]]:
        """Whose finding a hit can be, and the highest score that it can then have."""
        yield spec, max(self.score, self.context_score)
        for doubt in self.doubts:
            yield doubt.spec or spec, doubt.score


class PatternDetector(Struct, frozen=True, kw_only=True):
    """A detector that is data only."""

    spec: Spec
    patterns: tuple[Pattern, ...]


class Redacted(Struct, frozen=True):
    """A value that the policy took out of a request, and the label of its placeholder."""

    text: str
    label: str

    def __repr__(self) -> str:
        return f"Redacted({self.label})"


class Prepared:
    """What detectors made ready for one exchange. It goes when the exchange does, so it may hold anybody's data.

    It follows from the rest of what is known, so any two are equal.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], object] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prepared)

    def __hash__(self) -> int:
        return hash(Prepared)

    def once(self, make: Callable[[*Given], Made], *given: *Given) -> Made:
        """What `make` makes of what it is given, made at the first call."""
        key = (make, *given)
        if key not in self._made:
            self._made[key] = make(*given)
        return cast(Made, self._made[key])


class Knowledge(Struct, frozen=True):
    """What one exchange knows while its answer is inspected.

    `protected`: system and developer texts, which must not reappear; `canaries`: marks that must not either. `spoken`:
    what users and documents of the same exchange said; repeating that is no leak. `redacted`: what was taken out of
    the request, which must not come back. `allowed_hosts`: where links may lead, as in `Policy`. `called`: the text is
    an argument of a tool call, so that an address in it is opened without anybody's click. `prepared`: where detectors
    keep what they make of the rest.
    """

    protected: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    redacted: tuple[Redacted, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    called: bool = False
    prepared: Prepared = field(default_factory=Prepared)


class Hit(Struct, frozen=True):
    """A span of the text a code detector was given."""

    start: int
    end: int
    score: float
    rule: str
    label: str | None = None


def sound(hit: Hit, size: int) -> Hit:
    """The hit of a detector's code, if it is one in a text of this size. Raises ValueError or TypeError."""
    if not (0 <= hit.start <= hit.end <= size and 0 <= hit.score <= 1):
        raise ValueError("a hit outside of the text, or with a score that is no probability")
    return hit


@runtime_checkable
class CodeDetector(Protocol):
    """A detector that is code. It must be pure, and *prefix-stable*: hits that begin before
    `len(text) - pending(text)` are the same whatever text follows, except that one which reaches that far may grow.

    On a stream it is not shown the whole text but a window: everything undecided, and at least the last `Spec.reach`
    characters before it. So whether something is a hit must not depend on text further away than that from its start.
    Hits that begin in the part already decided are ignored. A detector that raises is a
    `DetectorFailure` and is not asked again in this stream.
    """

    @property
    def spec(self) -> Spec: ...

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Hits in the original text, in order of start."""
        ...

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """How many characters at the end may still become part of a hit."""
        ...


Detector = PatternDetector | CodeDetector


def is_concerned(detector: CodeDetector, knowledge: Knowledge) -> bool:
    """Whether there is anything that a code detector could look for in this exchange."""
    wanted = detector.spec.looks_for
    return not wanted or any(getattr(knowledge, name) for name in wanted)


def specs_of(detector: Detector) -> tuple[Spec, ...]:
    """Every detector whose findings this one may give: itself, and those its doubts give findings to."""
    if not isinstance(detector, PatternDetector):
        return (detector.spec,)
    outcomes = (spec for pattern in detector.patterns for spec, _ in pattern.outcomes(detector.spec))
    return tuple(dict.fromkeys((detector.spec, *outcomes)))


def rules_of(detector: Detector) -> frozenset[str] | None:
    """The names of a detector's rules; None if they are not known beforehand."""
    if not isinstance(detector, PatternDetector) or not detector.patterns:
        return frozenset(detector.spec.rules) or None
    if any(pattern.identify is not None and not pattern.rules for pattern in detector.patterns):
        return None
    return frozenset(rule for pattern in detector.patterns for rule in pattern.rules or (pattern.name,))
