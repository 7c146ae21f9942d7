"""The inspector of requests: segments in, an inspection out.

Every reading (`core.views`) of every segment is shown to all pattern detectors at once, as one RE2 set, and to the code
detectors. A detector that fails is a failure in the inspection, never a missing finding: what that means is for the
policy's failure mode to say. Answers take another way to the same detectors, `core.stream`, whether streamed or not.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.book import PatternBook
from promptguard_gateway.core.detector import (
    INPUT,
    CodeDetector,
    Detector,
    Knowledge,
    PatternDetector,
    Places,
    Spec,
    finding_of,
    sound,
)
from promptguard_gateway.core.findings import DetectorFailure, Family, Finding, Inspection, Severity, digest_of
from promptguard_gateway.core.memory import Remembered, digest
from promptguard_gateway.core.segments import Direction, Segment
from promptguard_gateway.core.views import View, applies, joined_readings, readings_of

_NOTHING_KNOWN = Knowledge()

ENCODED = Spec(
    id="hidden.encoded",
    family=Family.HIDDEN,
    category="hidden_text",
    threat_type="syntactic_masking",
    severity=Severity.LOW,
    label="ENCODED_TEXT",
    owasp=("LLM01",),
    directions=INPUT,
    summary="words in an encoding that a person cannot read",
    source="the codecs of core.decoding and core.alphabets",
)
"""Encoded text that says nothing suspicious: low and below every block threshold, because much of it is honest."""
_ENCODED_SCORE = 0.5

_REMEMBERED = 2048  # results, by the digest of a text
_REMEMBERED_LENGTH = 8192  # characters; what is longer hardly ever comes again

_Key = tuple[str, str, Places]


class _Alone(Struct, frozen=True):
    """What one text says by itself, as if it were segment 0."""

    findings: tuple[Finding, ...]
    scores: dict[str, float]


class _Failed(Exception):
    """Some detector failed on a text; what the others found is `gathered`. Not remembered: it may work again."""

    def __init__(self, gathered: "_Gathered") -> None:
        super().__init__()
        self.gathered = gathered


class Inspector:
    """All detectors that read requests, compiled once.

    A client repeats the whole conversation with every turn, so what a text says by itself is remembered: findings are
    a pure function of the text, whoever sent it. Nothing but that function's results is kept between inspections, by
    the digest of the text.
    """

    def __init__(self, detectors: Sequence[Detector]) -> None:
        readers = [detector for detector in detectors if Direction.INPUT in detector.spec.directions]
        self._book = PatternBook([detector for detector in readers if isinstance(detector, PatternDetector)])
        self._code: list[CodeDetector] = [d for d in readers if not isinstance(d, PatternDetector)]
        self._remembered = Remembered[_Alone](_REMEMBERED)

    def inspect(self, segments: Sequence[Segment]) -> Inspection:
        """Read every segment in every view. Pure; linear in the number of characters."""
        gathered = _Gathered()
        for index, segment in enumerate(segments):
            try:
                alone = self._alone(segment.text)
            except _Failed as failed:
                gathered.failures.update(failed.gathered.failures)
                alone = failed.gathered.alone(segment.text)
            gathered.take(alone, index)
        for view in joined_readings(segments):
            self._read_patterns(view, gathered)
        return gathered.inspection(segments)

    def _alone(self, text: str) -> _Alone:
        """The same for a text that was read before as for a new one. Raises _Failed."""
        if len(text) > _REMEMBERED_LENGTH:
            return self._read_alone(text)
        key = digest((text,))
        alone = self._remembered.get(key)
        if alone is None:
            alone = self._read_alone(text)
            self._remembered.put(key, alone)
        return alone

    def _read_alone(self, text: str) -> _Alone:
        """Everything that is found in one text by itself. Raises _Failed."""
        gathered = _Gathered()
        for view in readings_of(text):
            self._read_patterns(view, gathered)
            for place in view.revealed:
                found = finding_of(ENCODED, rule=view.kind, places=(place,), score=_ENCODED_SCORE, view=view.kind)
                gathered.add(found, (place,))
        self._read_code(text, gathered)
        if gathered.failures:
            raise _Failed(gathered)
        return gathered.alone(text)

    def _read_patterns(self, view: View, gathered: "_Gathered") -> None:
        try:
            sightings = self._book.find(view.text)
        except Exception as error:
            gathered.failures["patterns"] = DetectorFailure("patterns", type(error).__name__)
            return
        for sighting in sightings:
            spec = sighting.spec
            if sighting.failure:
                gathered.failures[spec.id] = DetectorFailure(spec.id, sighting.failure)
            elif applies(view.kind, spec.family):
                places = view.places(sighting.start, sighting.end)
                found = finding_of(
                    spec,
                    rule=sighting.rule,
                    places=places,
                    score=sighting.score,
                    label=sighting.label,
                    view=view.kind,
                )
                gathered.add(found, places)

    def _read_code(self, text: str, gathered: "_Gathered") -> None:
        for detector in self._code:
            spec = detector.spec
            try:
                hits = [sound(hit, len(text)) for hit in detector.scan(text, _NOTHING_KNOWN)]
            except Exception as error:  # a detector's code may fail in any way; the policy decides what that means
                gathered.failures[spec.id] = DetectorFailure(spec.id, type(error).__name__)
                continue
            for hit in hits:
                places = ((0, hit.start, hit.end),)
                found = finding_of(spec, rule=hit.rule, places=places, score=hit.score, label=hit.label)
                gathered.add(found, places)


class _Gathered:
    """Findings of one inspection: the same finding seen in several views is kept once, with its best score."""

    def __init__(self) -> None:
        self._findings: dict[_Key, Finding] = {}
        self.failures: dict[str, DetectorFailure] = {}
        self._scores: dict[str, float] = {}

    def alone(self, text: str) -> _Alone:
        return _Alone(tuple(_digested(finding, [text]) for finding in self._findings.values()), self._scores)

    def take(self, alone: _Alone, index: int) -> None:
        """Add what a text says by itself, as segment `index`."""
        for finding in alone.findings:
            continued = tuple((index, start, end) for _, start, end in finding.continued)
            moved = replace(finding, segment=index, continued=continued) if index else finding
            self.add(moved, ((index, finding.start, finding.end), *continued))
        for detector, score in alone.scores.items():
            self._scores[detector] = max(score, self._scores.get(detector, 0.0))

    def add(self, finding: Finding, places: Places) -> None:
        key = (finding.detector, finding.rule, places)
        known = self._findings.get(key)
        if known is None or known.score < finding.score:
            self._findings[key] = finding
        if finding.score > self._scores.get(finding.detector, -1.0):
            self._scores[finding.detector] = finding.score

    def _without_echoes(self) -> Iterator[Finding]:
        """All findings, less those over several segments of which one part was already found by itself.

        Joined readings show what is spread over parts; where a part is whole, joining only smears it.
        """
        alone: dict[tuple[str, int], list[Finding]] = {}
        for one in self._findings.values():
            if not one.continued:
                alone.setdefault((one.detector, one.segment), []).append(one)
        for finding in self._findings.values():
            if not finding.continued or not _echoes(finding, alone):
                yield finding

    def inspection(self, segments: Sequence[Segment]) -> Inspection:
        texts = [segment.text for segment in segments]
        return Inspection(
            findings=[_digested(finding, texts) for finding in self._without_echoes()],
            failures=list(self.failures.values()),
            scores=self._scores,
            degraded=[],
        )


def _digested(finding: Finding, texts: Sequence[str]) -> Finding:
    """With the digest of the text it was found in, part after part."""
    if finding.match_sha256:
        return finding
    places = ((finding.segment, finding.start, finding.end), *finding.continued)
    return replace(finding, match_sha256=digest_of("".join([texts[index][start:end] for index, start, end in places])))


def _echoes(joined: Finding, alone: Mapping[tuple[str, int], list[Finding]]) -> bool:
    """Whether a finding over several segments overlaps one of the same detector, and as sure, in a single segment.

    `alone`: those by detector and segment, because a text of many parts has many findings of either kind.
    """
    return any(
        joined.score <= one.score and start < one.end and one.start < end
        for segment, start, end in ((joined.segment, joined.start, joined.end), *joined.continued)
        for one in alone.get((joined.detector, segment), ())
    )
