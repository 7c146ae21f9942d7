"""Histograms keep their promise about precision, and adding them is the same as counting everything at once."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.domain.events import Usage
from promptguard_gateway.store.rollups import (
    BUCKETS,
    HOUR,
    MINUTE,
    Rollup,
    bucket_of,
    merged,
    pack,
    percentile,
    rollup_key,
    unpack,
    upper_bound,
)
from store.values import BEGAN, make_event

COUNTERS = st.lists(st.integers(0, 1000), min_size=BUCKETS, max_size=BUCKETS)


@given(st.integers(0, 2**31))
@settings(max_examples=300, derandomize=True)
def test_a_duration_lies_within_its_bucket(microseconds: int) -> None:
    """A bucket holds what is below its upper bound and not below the bound of the one before."""
    bucket = bucket_of(microseconds)
    assert microseconds < upper_bound(bucket) or bucket == BUCKETS - 1
    assert bucket == 0 or microseconds >= upper_bound(bucket - 1)


def test_bounds_grow_by_a_quarter_at_most() -> None:
    """Between 64 us and 2**30 us a percentile is at most 25 % too high."""
    bounds = [upper_bound(bucket) for bucket in range(BUCKETS - 1)]
    assert bounds[0] == 64
    assert bounds[-1] == 2**30
    assert all(low < high <= 1.25 * low for low, high in pairwise(bounds))


@pytest.mark.parametrize(
    ("microseconds", "bucket"), [(-5, 0), (0, 0), (63, 0), (64, 1), (79, 1), (80, 2), (2**30, BUCKETS - 1)]
)
def test_the_edges_of_buckets(microseconds: int, bucket: int) -> None:
    """Clocks that ran backwards count as zero, and the last bucket takes whatever is left."""
    assert bucket_of(microseconds) == bucket


@given(COUNTERS, COUNTERS)
@settings(max_examples=20, derandomize=True)
def test_histograms_add_up(one: list[int], other: list[int]) -> None:
    """Merging packed histograms is adding their counts; packing loses nothing."""
    assert unpack(pack(one)) == one
    assert merged([pack(one), pack(other)]) == [a + b for a, b in zip(one, other, strict=True)]


def test_nothing_merged_is_an_empty_histogram() -> None:
    """No minutes: no counts, and no percentile."""
    assert merged([]) == [0] * BUCKETS
    assert percentile(merged([]), 0.5) is None


def test_percentiles_are_read_from_above() -> None:
    """Ninety fast ones and ten slow ones: the median is fast, the 99th percentile slow."""
    counts = [0] * BUCKETS
    counts[bucket_of(100)] = 90
    counts[bucket_of(10_000)] = 10
    assert percentile(counts, 0.5) == upper_bound(bucket_of(100))
    assert percentile(counts, 0.9) == upper_bound(bucket_of(100))
    assert percentile(counts, 0.99) == upper_bound(bucket_of(10_000))


def test_an_event_is_counted_in_the_period_it_began() -> None:
    """The key is minute or hour, project, route, decision and threat type."""
    event = make_event("evt_1", time=BEGAN + MINUTE - 1, decision="block", threat_type="pii")
    assert rollup_key(event, MINUTE) == (BEGAN // MINUTE, "default", "chat.completions", "block", "pii")
    assert rollup_key(event, HOUR)[0] == BEGAN // HOUR


def test_counters_of_an_event() -> None:
    """Tokens, errors and both histograms move; overhead is the total without the upstream's time."""
    usage = Usage(prompt_tokens=7, completion_tokens=5, total_tokens=12)
    event = make_event("evt_1", status=502, usage=usage, timings_us={"total": 6_000, "upstream": 5_000})
    rollup = Rollup(rollup_key(event, MINUTE))
    rollup.add(event)
    rollup.add(make_event("evt_2", timings_us={}))
    assert (rollup.exchanges, rollup.errors, rollup.prompt_tokens, rollup.completion_tokens) == (2, 1, 7, 5)
    assert rollup.latency[bucket_of(6_000)] == 1
    assert rollup.overhead[bucket_of(1_000)] == 1


def test_an_upstream_cannot_overflow_the_counters() -> None:
    """Absurd token counts are cut to what a column can hold for ever."""
    event = make_event("evt_1", usage=Usage(prompt_tokens=2**90, completion_tokens=-(2**90), total_tokens=0))
    rollup = Rollup(rollup_key(event, MINUTE))
    rollup.add(event)
    assert rollup.prompt_tokens == 2**32
    assert rollup.completion_tokens == 0
