"""What is counted, in plain numbers."""

from bridge.tallies import Histogram


def test_a_value_counts_in_the_first_bucket_that_holds_it() -> None:
    """A bound belongs to its own bucket (Prometheus' `le`); what is above all of them has one of its own."""
    histogram = Histogram((1.0, 5.0))
    for value in (0.5, 1.0, 1.5, 5.0, 6.0):
        histogram.observe(value)

    assert (histogram.counts, histogram.sum) == ([2, 2, 1], 14.0)


def test_a_copy_stands_still() -> None:
    """Whoever writes it out does so on another thread."""
    histogram = Histogram((1.0,))
    copy = histogram.copy()
    histogram.observe(0.5)

    assert (copy.counts, copy.sum) == ([0, 0], 0.0)
