"""What a text model adds to an inspection: it reads what the detectors let through, within a budget of time.

Like a guard model it decides nothing; its findings get their actions from the policy, and where it could not read a
text in time, or at all, that is a failed detector. Unlike one it knows where in a text it found something.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from promptguard_gateway.core.findings import DetectorFailure, Finding, Inspection, digest_of
from promptguard_gateway.core.policy import Policy, Verb
from promptguard_gateway.core.segments import ANSWER_COLUMNS, Column, Segment
from promptguard_gateway.core.text_model import SPEAKERS, SPECS, Passage, Reading, Speaker, Window, finding, scores_of
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.domain.ports import TextModel
from promptguard_gateway.proxy.inspect import Judge, Judgement

log = logging.getLogger("promptguard")

DETECTOR = "model"
"""What a failure of the model is called; its findings have detectors of their own."""
MOST_HELD = 64_000
"""Characters of a streamed answer that are held back for it; it reads them in about a second."""
_BETWEEN = "\n"


class Understanding:
    """A text model with the time it may take for one direction of an exchange, in seconds."""

    def __init__(self, model: TextModel, budget: float) -> None:
        self._model = model
        self._budget = budget

    async def review_request(self, judge: Judge, project: str, judgement: Judgement, vault: Vault | None) -> Judgement:
        """A request judged again with what the model says; one that is blocked already is not read.

        Raises GatewayError `detector_unavailable`.
        """
        opinion = await self._opinion(judge.policy, judgement, judgement.segments)
        return judgement if opinion is None else judge.reconsider(project, judgement, opinion, vault)

    async def review_answer(self, judge: Judge, judgement: Judgement, said: Sequence[Segment] = ()) -> Judgement:
        """The same for an answer; `said`: its segments with their texts, where the judgement's have none."""
        opinion = await self._opinion(judge.policy, judgement, said or judgement.segments)
        return judgement if opinion is None else judge.reconsider_answer(judgement, opinion)

    def close(self) -> None:
        """Read nothing any more."""
        self._model.close()

    def reads_answers(self, policy: Policy) -> bool:
        """Whether the policy makes anything of what the model says of answers."""
        return any(self._wanted(policy, column, Speaker.OUTPUT) for column in ANSWER_COLUMNS)

    def failed(self, reason: str) -> Inspection:
        """The inspection of a text that could not be read."""
        log.warning("the text model could not read a text: %s", reason)
        return Inspection([], [DetectorFailure(DETECTOR, reason)], {}, [])

    async def _opinion(self, policy: Policy, judgement: Judgement, said: Sequence[Segment]) -> Inspection | None:
        """What the model says of the segments that the policy has a use for; None where there are none."""
        if judgement.decision.verb is Verb.BLOCK:
            return None
        texts = [text for text in _texts(said) if self._wanted(policy, text.column, text.speaker)]
        if not texts:
            return None
        readings = await self._model.read([Passage(text.speaker, text.text) for text in texts], self._budget)
        inspection = Inspection([], [], {}, [])
        for text, reading in zip(texts, readings, strict=True):
            self._add(inspection, policy, text, reading)
        return inspection

    def _wanted(self, policy: Policy, column: Column, speaker: Speaker) -> list[str]:
        """The meanings that the policy makes something of, in this column."""
        specs = {meaning: SPECS[meaning] for meaning in self._model.meanings(speaker)}
        return [meaning for meaning, spec in specs.items() if any(policy.cells(spec.id, spec.family, column))]

    def _add(self, inspection: Inspection, policy: Policy, text: "_Text", reading: Reading) -> None:
        if reading.failure:
            inspection.failures += self.failed(reading.failure).failures
        for meaning in self._wanted(policy, text.column, text.speaker):
            inspection.scores.setdefault(SPECS[meaning].id, 0.0)
        for window in reading.windows:
            for meaning, score in scores_of(window):
                id_ = SPECS[meaning].id
                inspection.scores[id_] = max(score, inspection.scores.get(id_, 0.0))
                if score >= policy.thresholds_of(id_, SPECS[meaning].family).warn:
                    inspection.findings.append(text.finding(meaning, window, score))


class _Text(Struct, frozen=True):
    """What one speaker says in one place of the conversation: neighbouring segments, a line each."""

    speaker: Speaker
    column: Column
    segments: Mapping[int, Segment]

    @property
    def text(self) -> str:
        """All of it."""
        return _BETWEEN.join(segment.text for segment in self.segments.values())

    def finding(self, meaning: str, window: Window, score: float) -> Finding:
        """A finding in the segments that a window touches."""
        places = tuple(self._places(window))
        parts = [self.segments[index].text[start:end] for index, start, end in places]
        return finding(meaning, window, score, places, digest_of("".join(parts)))

    def _places(self, window: Window) -> Iterator[tuple[int, int, int]]:
        offset = 0
        for index, segment in self.segments.items():
            start, end = max(window.start - offset, 0), min(window.end - offset, len(segment.text))
            if start < end:
                yield index, start, end
            offset += len(segment.text) + len(_BETWEEN)


def _texts(segments: Sequence[Segment]) -> Iterator[_Text]:
    """The segments as texts: neighbours of one speaker in one message, tool or choice are one, as readers see them."""
    for (speaker, column, _), group in groupby(enumerate(segments), lambda item: _place(item[1])):
        found = {index: segment for index, segment in group if segment.text.strip()}
        if found:
            yield _Text(speaker, column, found)


def _place(segment: Segment) -> tuple[Speaker, Column, tuple[str | int, ...]]:
    return SPEAKERS[segment.role], segment.column, segment.location[:2]
