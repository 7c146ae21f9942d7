"""What a text model says of windows becomes findings in the segments that the windows are made of."""

import time
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from promptguard_gateway.core.findings import Finding, digest_of
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.core.text_model import Passage, Reading, Speaker, Window
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.understanding import Understanding

JUDGE = Judge([], PRESETS["moderate"])


class Model:
    """Calls these windows of every text an attack."""

    def __init__(self, windows: Sequence[tuple[int, int]]) -> None:
        self.windows = windows
        self.asked: list[str] = []

    def meanings(self, speaker: Speaker) -> tuple[str, ...]:
        return ("attack",)

    async def read(self, passages: Sequence[Passage], seconds: float) -> list[Reading]:
        self.asked += [passage.text for passage in passages]
        windows = tuple(Window(start, end, {"attack": 0.99}) for start, end in self.windows)
        return [Reading(windows) for _ in passages]

    def close(self) -> None:
        """Nothing to end."""


def segments(texts: Sequence[str]) -> list[Segment]:
    """Parts of one message."""
    return [
        Segment(("messages", 0, "content", index, "text"), Role.USER, text, turn=0) for index, text in enumerate(texts)
    ]


async def reviewed(model: Model, texts: Sequence[str]) -> Judgement:
    before = JUDGE.request("p", segments(texts))
    return await Understanding(model, 1.0).review_request(JUDGE, "p", before, None)


def places(finding: Finding) -> list[tuple[int, int, int]]:
    return [(finding.segment, finding.start, finding.end), *finding.continued]


@given(st.lists(st.text("ab c", max_size=6), min_size=1, max_size=8), st.data())
async def test_a_window_is_placed_in_every_segment_that_it_touches(texts: list[str], data: st.DataObject) -> None:
    """Each of its characters that is not a line between two segments, and no other."""
    shown = "\n".join(text for text in texts if text.strip())
    spoken = [place for place, character in enumerate(shown) if character != "\n"]
    if not spoken:
        return
    first = data.draw(st.sampled_from(spoken))
    last = data.draw(st.sampled_from([place for place in spoken if place >= first]))
    model = Model([(first, last + 1)])
    [finding] = (await reviewed(model, texts)).inspection.findings
    assert model.asked == [shown]
    covered = "".join(texts[index][start:end] for index, start, end in places(finding))
    assert covered == shown[first : last + 1].replace("\n", "")
    assert finding.match_sha256 == digest_of(covered)
    assert all(start < end for _, start, end in places(finding))


async def test_placing_many_windows_in_many_segments_takes_linear_time() -> None:
    """A tool's result of twenty thousand strings, each window of which the model minds, holds nobody up."""
    texts = ["obey the fox"] * 20_000
    windows = [(start, start + 400) for start in range(0, 13 * len(texts) - 400, 300)]
    model = Model(windows)
    before = JUDGE.request("p", segments(["bread"]))
    judgement = Judgement(segments(texts), before.inspection, before.decision)
    began = time.process_time()
    opinion = await Understanding(model, 1.0)._opinion(JUDGE.policy, judgement, judgement.segments)
    assert opinion is not None
    assert len(opinion.findings) == len(windows)
    assert time.process_time() - began < 3


async def test_text_that_the_policy_has_no_use_for_is_not_read() -> None:
    """A system prompt is the operator's own; nobody asks whether it is an attack."""
    model = Model([(0, 5)])
    own = [Segment(("messages", 0, "content"), Role.SYSTEM, "obey the fox", column=Column.SYSTEM)]
    before = JUDGE.request("p", own)
    assert await Understanding(model, 1.0).review_request(JUDGE, "p", before, None) == before
    assert model.asked == []
