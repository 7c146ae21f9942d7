"""Windows of many requests share one thread: short requests go first, long ones go on, and nobody fails another."""

import threading
import time
from collections.abc import Sequence

import pytest

from promptguard_gateway.core.text_model import Speaker
from promptguard_gateway.inference.pool import BATCH_TOKENS, MOST_WAITING, Asked, Job, Overloaded, Pool


def window(length: int = 128, first: int = 1) -> Asked:
    return Speaker.USER, (first,) * length


class Encoder:
    """Says how long each window is; keeps what it was asked, and waits where the test says so."""

    def __init__(self, seconds: float = 0.0, *, stopped: bool = False) -> None:
        self.batches: list[list[Asked]] = []
        self.go = threading.Event()
        self._seconds = seconds
        if not stopped:
            self.go.set()

    def __call__(self, batch: Sequence[Asked]) -> list[dict[str, float]]:
        self.batches.append(list(batch))
        assert self.go.wait(10)
        time.sleep(self._seconds)
        if any(ids[0] == 13 for _, ids in batch):
            raise ValueError("an unlucky window")
        return [{"attack": float(len(ids))} for _, ids in batch]


def finished(job: Job) -> Job:
    job.done.result(timeout=10)
    return job


def begun(encoder: Encoder, pool: Pool) -> Job:
    """A window that keeps the thread busy until the test lets it go, so that everything else waits in the queue."""
    job = pool.submit([window()], 10)
    while not encoder.batches:
        time.sleep(0.001)
    return job


def test_every_window_gets_its_own_scores() -> None:
    """Whatever it was batched with."""
    encoder = Encoder()
    pool = Pool(encoder)
    lengths = [5, 100, 17, 4, 128, 64, 3]
    job = finished(pool.submit([window(length) for length in lengths], 10))
    pool.close()
    assert [scores and scores["attack"] for scores in job.results] == lengths
    assert not job.failure


def test_batches_are_small_and_of_like_length() -> None:
    """With padding, at most so many tokens; the longest at most twice as long as the shortest."""
    encoder = Encoder()
    pool = Pool(encoder)
    finished(pool.submit([window(length) for length in range(1, 129)], 10))
    finished(pool.submit([window(700), window(600)], 10))  # longer than a batch: alone
    pool.close()
    for batch in encoder.batches:
        lengths = [len(ids) for _, ids in batch]
        assert len(batch) * max(lengths) <= BATCH_TOKENS or len(batch) == 1
        assert max(lengths) <= 2 * min(lengths)


def test_a_short_request_goes_before_long_ones() -> None:
    """It waits for the batch that runs and for one more, however many documents came before it."""
    encoder = Encoder(stopped=True)
    pool = Pool(encoder)
    first = begun(encoder, pool)
    documents = [pool.submit([window(first=2)] * 40, 10) for _ in range(16)]
    short = pool.submit([window(first=3)], 10)
    encoder.go.set()
    for job in (first, short, *documents):
        finished(job)
    pool.close()
    place = next(place for place, batch in enumerate(encoder.batches) if window(first=3) in batch)
    assert place <= 2


def test_a_long_request_goes_on_while_short_ones_come() -> None:
    """Every fourth batch begins with the oldest."""
    encoder = Encoder(stopped=True)
    pool = Pool(encoder)
    first = begun(encoder, pool)
    document = pool.submit([window(first=2)] * 10, 10)
    short = [pool.submit([window(first=3)] * 2, 10) for _ in range(60)]
    encoder.go.set()
    for job in (first, document, *short):
        finished(job)
    pool.close()
    last = max(place for place, batch in enumerate(encoder.batches) if window(first=2) in batch)
    assert last <= 41


def test_one_requests_window_does_not_fail_anothers() -> None:
    """What fails together is tried again apart."""
    encoder = Encoder(stopped=True)
    pool = Pool(encoder)
    first = begun(encoder, pool)
    unlucky = pool.submit([window(50, first=13)], 10)
    lucky = pool.submit([window(50)], 10)
    encoder.go.set()
    for job in (first, unlucky, lucky):
        finished(job)
    pool.close()
    assert (unlucky.results, unlucky.failure) == ([None], "ValueError")
    assert (lucky.results, lucky.failure) == ([{"attack": 50.0}], "")


def test_what_is_not_read_in_time_is_left_unread() -> None:
    """And what was read by then is kept."""
    pool = Pool(Encoder(0.02))
    job = finished(pool.submit([window()] * 50, 0.1))
    pool.close()
    assert job.failure == "timeout"
    assert any(job.results)
    assert None in job.results


def test_more_than_may_wait_is_refused_and_later_taken_again() -> None:
    """The queue is bounded; whoever leaves makes room."""
    encoder = Encoder(stopped=True)
    pool = Pool(encoder)
    first = begun(encoder, pool)
    flood = pool.submit([window()] * MOST_WAITING, 10)
    with pytest.raises(Overloaded):
        pool.submit([window()], 10)
    pool.abandon(flood)
    last = pool.submit([window()], 10)
    encoder.go.set()
    finished(first)
    finished(last)
    pool.close()
    assert len(encoder.batches) <= 3


def test_closing_ends_what_waits() -> None:
    """As a failure, not as a text in which nothing was found."""
    encoder = Encoder(stopped=True)
    pool = Pool(encoder)
    first = begun(encoder, pool)
    waiting = pool.submit([window()] * 8, 10)
    threading.Timer(0.05, encoder.go.set).start()
    pool.close()
    assert finished(waiting).failure == "closed"
    assert finished(first).results[0] is not None
    with pytest.raises(Overloaded):
        pool.submit([window()], 10)
