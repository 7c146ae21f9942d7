"""The figures of the comparison: what counts as found."""

from benchmarks.detectors_secrets import Score, f1, joined


def test_spans_that_overlap_are_one():
    """A value that two rules found is found once."""
    assert joined([(5, 9), (0, 3), (2, 4), (4, 5)]) == [(0, 4), (4, 5), (5, 9)]


def test_exact_and_overlap_are_counted_apart():
    """An exact span is both; one that shares a character is an overlap; one beside is neither."""
    score = Score()
    score.add([(0, 4), (10, 14)], [(0, 4), (11, 20), (30, 31)])
    assert (score.exact, score.given_met, score.found_met) == (1, 2, 2)
    assert score.exact_f1 == f1(1, 3, 1, 2)
    assert round(score.overlap_f1, 2) == 0.8
