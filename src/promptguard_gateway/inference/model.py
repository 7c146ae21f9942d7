"""The cascade: passages are cut into windows, what was read before is looked up, stage 1 settles what it can, and the
encoder reads the rest, within the time of the request.

What a window says depends on its tokens and its speaker alone, so it is remembered by their digest, whoever sent it.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from promptguard_gateway.core.detector import Spec
from promptguard_gateway.core.text_model import Passage, Reading, Speaker, Window, detectors_of
from promptguard_gateway.inference.artifact import Artifact
from promptguard_gateway.inference.encoder import Scores
from promptguard_gateway.inference.pool import Asked, Job, Overloaded, Pool
from promptguard_gateway.inference.windows import Cut

# Above so many characters a text is cut, and stage 1 asked, in a thread: at this length both take the loop some 3 ms.
_INLINE_CHARACTERS = 8192
_REMEMBERED = 16_384  # windows; at some 500 bytes each
_SETTLED: Scores = {}
"""What is said of a window that stage 1 settled."""

_Prepared = tuple[list[list[Cut]], list[Asked], list[Scores | None]]
"""The cuts of each passage, all their windows, and what is known of these without the encoder."""


class TextModel:
    """A loaded model at work. `close` ends its threads."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        self._pool = Pool(artifact.encoder.scores)
        self._preparing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="windows")
        self._remembered = _Remembered(_REMEMBERED)

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The detectors that it has scores for."""
        return self._artifact.manifest.specs

    def meanings(self, speaker: Speaker) -> tuple[str, ...]:
        """The meanings with a detector that it can score for this speaker."""
        return detectors_of(self._artifact.manifest.meanings(speaker))

    async def read(self, passages: Sequence[Passage], seconds: float) -> list[Reading]:
        """What it says of these passages; what could not be read within so many seconds is a failure of a reading."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        cuts, windows, known = await self._prepared(passages)
        wanted = [index for index, scores in enumerate(known) if scores is None]
        failure = await self._ask(windows, known, wanted, ends - loop.time()) if wanted else ""
        return _readings(cuts, known, failure)

    def close(self) -> None:
        """End the threads."""
        self._pool.close()
        self._preparing.shutdown(cancel_futures=True)

    async def _prepared(self, passages: Sequence[Passage]) -> _Prepared:
        if sum(len(passage.text) for passage in passages) <= _INLINE_CHARACTERS:
            return self._prepare(passages)
        return await asyncio.get_running_loop().run_in_executor(self._preparing, self._prepare, passages)

    def _prepare(self, passages: Sequence[Passage]) -> _Prepared:
        cuts = [self._artifact.cutter.cut(passage) for passage in passages]
        windows = [(passage.speaker, cut.ids) for passage, of in zip(passages, cuts, strict=True) for cut in of]
        return cuts, windows, [self._known(one) for one in windows]

    def _known(self, window: Asked) -> Scores | None:
        """What is known of a window without the encoder."""
        scores = self._remembered.get(window)
        return _SETTLED if scores is None and self._settles(window) else scores

    def _settles(self, window: Asked) -> bool:
        gate = self._artifact.gate
        return gate is not None and gate.settles(window[1])

    async def _ask(
        self, windows: Sequence[Asked], known: list[Scores | None], wanted: Sequence[int], seconds: float
    ) -> str:
        """Fill in what the encoder says of these windows; what kept it from reading some, if anything did."""
        try:
            job = self._pool.submit([windows[index] for index in wanted], seconds)
        except Overloaded:
            return "overloaded"
        failure = await self._wait(job, seconds)
        for index, scores in zip(wanted, job.results, strict=True):
            if scores is not None:
                known[index] = scores
                self._remembered.put(windows[index], scores)
        return failure

    async def _wait(self, job: Job, seconds: float) -> str:
        done = asyncio.wrap_future(job.done)
        try:
            await asyncio.wait({done}, timeout=max(seconds, 0.0))
            return job.failure or ("" if done.done() else "timeout")
        finally:
            done.cancel()
            self._pool.abandon(job)


class _Remembered:
    """What was said of windows, by their digest: the newest of them, and no text. For the loop and the thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._scores: OrderedDict[bytes, Scores] = OrderedDict()
        self._lock = Lock()

    def get(self, window: Asked) -> Scores | None:
        key = _digest(window)
        with self._lock:
            scores = self._scores.get(key)
            if scores is not None:
                self._scores.move_to_end(key)
            return scores

    def put(self, window: Asked, scores: Scores) -> None:
        key = _digest(window)
        with self._lock:
            self._scores[key] = scores
            while len(self._scores) > self._size:
                self._scores.popitem(last=False)


def _digest(window: Asked) -> bytes:
    speaker, ids = window
    return hashlib.blake2b(np.asarray(ids, np.int32).tobytes(), digest_size=16, person=speaker.encode()).digest()


def _readings(cuts: Sequence[Sequence[Cut]], known: Sequence[Scores | None], failure: str) -> list[Reading]:
    """The scores, given back to the passages that the windows come from."""
    readings: list[Reading] = []
    scores = iter(known)
    for of in cuts:
        pairs = [(cut, next(scores)) for cut in of]
        windows = tuple(Window(cut.start, cut.end, said) for cut, said in pairs if said is not None)
        readings.append(Reading(windows, failure if len(windows) < len(pairs) else ""))
    return readings
