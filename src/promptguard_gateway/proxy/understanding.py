"""What a text model adds to an inspection: it reads what the detectors let through, within a budget of time.

Like a guard model it decides nothing; its findings get their actions from the policy, and where it could not read a
text in time, or at all, that is a failed detector. Unlike one it knows where in a text it found something.
"""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate, groupby

from msgspec import Struct

from promptguard_gateway.core.detector import Spec
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
        wanted = lru_cache(partial(self._wanted, policy))
        texts = [text for text in _texts(said) if wanted(text.column, text.speaker)]
        if not texts:
            return None
        readings = await self._model.read([Passage(text.speaker, text.text) for text in texts], self._budget)
        inspection = Inspection([], [], {}, [])
        for text, reading in zip(texts, readings, strict=True):
            for spec in wanted(text.column, text.speaker):
                inspection.scores.setdefault(spec.id, 0.0)
            self._add(inspection, policy, text, reading)
        return inspection

    def _wanted(self, policy: Policy, column: Column, speaker: Speaker) -> list[Spec]:
        """The detectors of which the policy makes something, in this column."""
        specs = [SPECS[meaning] for meaning in self._model.meanings(speaker)]
        return [spec for spec in specs if any(policy.cells(spec.id, spec.family, column))]

    def _add(self, inspection: Inspection, policy: Policy, text: "_Text", reading: Reading) -> None:
        if reading.failure:
            inspection.failures += self.failed(reading.failure).failures
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
    text: str
    indexes: Sequence[int]
    starts: Sequence[int]  # where each segment begins in the text

    @staticmethod
    def of(speaker: Speaker, column: Column, segments: Mapping[int, Segment]) -> "_Text":
        """The text of these segments, by their indexes."""
        texts = [segment.text for segment in segments.values()]
        starts = list(accumulate((len(text) + len(_BETWEEN) for text in texts[:-1]), initial=0))
        return _Text(speaker, column, _BETWEEN.join(texts), list(segments), starts)

    def finding(self, meaning: str, window: Window, score: float) -> Finding:
        """A finding in the segments that a window touches."""
        parts = list(self._parts(window))
        places = tuple(
            (self.indexes[part], start - self.starts[part], end - self.starts[part]) for part, start, end in parts
        )
        return finding(
            meaning, window, score, places, digest_of("".join(self.text[start:end] for _, start, end in parts))
        )

    def _parts(self, window: Window) -> Iterator[tuple[int, int, int]]:
        """What a window covers of each segment that it touches, in characters of the text."""
        first, last = bisect_right(self.starts, window.start) - 1, bisect_left(self.starts, window.end)
        for part in range(first, last):
            behind = self.starts[part + 1] - len(_BETWEEN) if part + 1 < len(self.starts) else len(self.text)
            start, end = max(window.start, self.starts[part]), min(window.end, behind)
            if start < end:
                yield part, start, end


def _texts(segments: Sequence[Segment]) -> Iterator[_Text]:
    """The segments as texts: neighbours of one speaker in one message, tool or choice are one, as readers see them."""
    for (speaker, column, _), group in groupby(enumerate(segments), lambda item: _place(item[1])):
        found = {index: segment for index, segment in group if segment.text.strip()}
        if found:
            yield _Text.of(speaker, column, found)


def _place(segment: Segment) -> tuple[Speaker, Column, tuple[str | int, ...]]:
    return SPEAKERS[segment.role], segment.column, segment.location[:2]
