"""The encoder's thread: windows of all requests in one queue, in batches of like length, short requests first.

A request is a job, and each batch begins with the job that has the fewest windows left; every fourth batch begins with
the oldest job instead, so that a long document goes on whatever comes after it. A batch is small, because a short
request waits for the one that is running. What fails in a batch is tried again by itself, so that one request's window
cannot fail another's.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from promptguard_gateway.core.text_model import Speaker
from promptguard_gateway.inference.encoder import Scores

BATCH_TOKENS = 128
"""With padding, in one batch; a longer window goes alone. On one thread eight texts of 16 tokens take half the time of
asking one by one, and windows of 128 tokens nothing less: together they would only make others wait."""
_OLDEST_EVERY = 4  # batches
MOST_WAITING = 4096
"""Windows of all requests together; what comes on top is refused."""
_LAST_BATCH = 5.0  # seconds to wait for the batch that runs when the gateway ends
_ALIKE = 2  # the longest window of a batch is at most so many times as long as the shortest

Asked = tuple[Speaker, tuple[int, ...]]
"""A window: its speaker and its token ids."""


class Overloaded(Exception):
    """More windows wait than may."""


class Job:
    """The windows of one request. `results` fills up; `done` is set when nothing more will come."""

    def __init__(self, windows: Sequence[Asked], deadline: float) -> None:
        self.windows = windows
        self.results: list[Scores | None] = [None] * len(windows)
        self.failure = ""
        self.done: Future[None] = Future()
        self.done.set_running_or_notify_cancel()  # whoever stops waiting must not cancel it under the thread
        self.deadline = deadline
        self.running = 0  # windows that are being read
        # Taken from the end, the longest first: neighbours are of like length.
        self.waiting = sorted(range(len(windows)), key=lambda index: len(windows[index][1]))


class Pool:
    """One thread that asks the encoder."""

    def __init__(self, ask: Callable[[Sequence[Asked]], Sequence[Scores]]) -> None:
        self._ask = ask
        self._jobs: list[Job] = []  # in order of arrival
        self._changed = threading.Condition()
        self._ending = False
        self._batches = 0
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    def submit(self, windows: Sequence[Asked], seconds: float) -> Job:
        """Let these windows be read; what is not within this time is left unread. Raises Overloaded."""
        job = Job(windows, time.monotonic() + seconds)
        with self._changed:
            if self._ending or sum(len(one.waiting) for one in self._jobs) + len(windows) > MOST_WAITING:
                raise Overloaded
            self._jobs.append(job)
            self._changed.notify()
        return job

    def abandon(self, job: Job) -> None:
        """Nobody waits for this job any more."""
        with self._changed:
            job.waiting.clear()
            self._settle()

    def close(self) -> None:
        """End the thread after the batch that is running; jobs that wait are left unread."""
        with self._changed:
            self._ending = True
            for job in self._jobs:
                self._end(job, "closed")
            self._changed.notify()
        self._thread.join(_LAST_BATCH)
        with self._changed:
            self._settle()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._ending)
                if self._ending:
                    return
                batch = self._next()
            self._read(batch)
            with self._changed:
                for job, _ in batch:
                    job.running -= 1
                self._settle()

    def _next(self) -> list[tuple[Job, int]]:
        """The windows of the next batch, taken out of the queue."""
        now = time.monotonic()
        for job in self._jobs:
            if job.deadline <= now:
                self._end(job, "timeout")
        self._settle()
        order = sorted(self._jobs, key=lambda job: len(job.waiting))
        if self._batches % _OLDEST_EVERY == _OLDEST_EVERY - 1:
            order = [*self._jobs[:1], *(job for job in order if job is not self._jobs[0])]
        self._batches += 1
        batch: list[tuple[Job, int]] = []
        for job in order:
            while job.waiting and _fits(batch, job.windows[job.waiting[-1]]):
                batch.append((job, job.waiting.pop()))
                job.running += 1
        return batch

    def _read(self, batch: Sequence[tuple[Job, int]]) -> None:
        try:
            self._ask_for(batch)
        except Exception:
            for one in batch:
                try:
                    self._ask_for([one])
                except Exception as error:  # the model may fail in any way; the policy decides what that means
                    with self._changed:
                        self._end(one[0], type(error).__name__)

    def _ask_for(self, batch: Sequence[tuple[Job, int]]) -> None:
        if batch:
            found = self._ask([job.windows[index] for job, index in batch])
            for (job, index), scores in zip(batch, found, strict=True):
                job.results[index] = scores

    @staticmethod
    def _end(job: Job, failure: str) -> None:
        job.failure = job.failure or failure
        job.waiting.clear()

    def _settle(self) -> None:
        """Take out the jobs of which nothing waits and nothing is being read."""
        for job in [one for one in self._jobs if not one.waiting and not one.running]:
            self._jobs.remove(job)
            job.done.set_result(None)


def _fits(batch: Sequence[tuple[Job, int]], window: Asked) -> bool:
    """Whether a window may go with these."""
    if not batch:
        return True
    lengths = [len(job.windows[index][1]) for job, index in batch]
    length = len(window[1])
    longest, shortest = max(*lengths, length), min(*lengths, length)
    return (len(batch) + 1) * longest <= BATCH_TOKENS and longest <= _ALIKE * shortest
