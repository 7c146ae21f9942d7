"""What an event quotes of a finding: of a phrase a few words, in which all data is replaced; of data nothing.

Whether something is data does not depend on the policy. Of a request every detector has read everything, so all that
is needed has been found, also what the policy leaves alone. Of an answer only what the policy acts on was looked for,
so the text is read once more, by the detectors of requests.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from promptguard_gateway.core.findings import Family, Finding, Inspection
from promptguard_gateway.core.replacement import merge_spans, placeholder
from promptguard_gateway.core.segments import ANSWER_COLUMNS, Segment

# Findings of these families are phrases, which may be quoted; all others are values, which may not.
_PHRASES = frozenset({Family.INJECTION, Family.FORGERY, Family.EXFILTRATION, Family.SAFETY, Family.TOOL})
LONGEST: Final = 120
"""Characters of an excerpt."""
READ: Final = 16_384
"""How much of a text of an answer is read once more, from its beginning; what stands behind is not quoted."""
_MARGIN: Final = 512
"""Characters behind an excerpt that must have been read, so that a value which it would cut is known."""

Reader = Callable[[str], Inspection]
Spans = list[tuple[int, int, str]]  # of a segment: start, end, what stands there instead


class Excerpts:
    """Of the findings of one direction. `read`: what every detector of requests sees in a text."""

    def __init__(self, segments: Sequence[Segment], inspection: Inspection, read: Reader) -> None:
        self._segments = segments
        self._read = read
        self._failed = bool(inspection.failures)
        self._found: dict[int, Spans] = {}
        for index, start, end, says in _data(inspection.findings):
            self._found.setdefault(index, []).append((start, end, says))
        self._answers: dict[int, Spans | None] = {}

    def of(self, finding: Finding) -> str:
        """The excerpt; empty when no text was kept, as of a stream."""
        if finding.family not in _PHRASES:
            return placeholder(finding.label)
        text = self._segments[finding.segment].text
        start, end = finding.start, min(finding.end, finding.start + LONGEST)
        known = self._known(finding.segment, end) if text[start:end] else []
        if known is None:
            return placeholder(finding.label)
        return _quoted(text, start, end, known) + ("[...]" if end < finding.end else "")

    def _known(self, index: int, end: int) -> Spans | None:
        """The data in a segment, or None if not all of it up to `end` is known."""
        segment, found = self._segments[index], self._found.get(index, [])
        if self._failed:
            return None
        if segment.column not in ANSWER_COLUMNS:
            return found
        if end + _MARGIN > READ < len(segment.text):
            return None
        if index not in self._answers:
            self._answers[index] = self._reread(segment.text[:READ])
        more = self._answers[index]
        return None if more is None else found + more

    def _reread(self, text: str) -> Spans | None:
        inspection = self._read(text)
        if inspection.failures:
            return None
        return [(start, end, says) for _, start, end, says in _data(inspection.findings)]


def _data(findings: Iterable[Finding]) -> Iterator[tuple[int, int, int, str]]:
    """(segment, start, end, placeholder) of all places of everything that is no phrase."""
    for finding in findings:
        if finding.family not in _PHRASES:
            for segment, start, end in finding.places:
                yield segment, start, end, placeholder(finding.label)


def _quoted(text: str, start: int, end: int, data: Spans) -> str:
    """`text[start:end]` with what stands instead of data, also of data that reaches over the edges."""
    inside = ((max(first, start), min(last, end), says) for first, last, says in data if first < end and last > start)
    parts: list[str] = []
    position = start
    for first, last, says in merge_spans(inside):
        parts += [text[position:first], says]
        position = last
    return "".join([*parts, text[position:end]])
