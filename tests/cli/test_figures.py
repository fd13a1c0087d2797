"""Figures as the official client writes them."""

import pytest

from lodestar.cli.figures import (
    clock_text,
    count_text,
    final_time_text,
    fixed,
    progress_bar,
    rate_text,
    size_rate_text,
    size_text,
    waiting_bar,
)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1000"), (1001, "1K"), (1234, "1.23K"), (12345, "12.3K"), (6001215, "6M"),
     (999_999, "1000K"), (1_500_000_000, "1.5B"), (10**19, "10000Q")],
)  # fmt: skip
def test_counts(count, text):
    assert count_text(count) == text


@pytest.mark.parametrize(
    ("size", "decimal", "long", "text"),
    [
        (0, False, True, "0B"),
        (1023, False, True, "1023B"),
        (1024, False, True, "1KiB"),
        (1536, False, False, "1.5Ki"),
        (1536, True, True, "1.54KB"),
        (2 * 1024**3, False, True, "2GiB"),
    ],
)
def test_sizes(size, decimal, long, text):
    assert size_text(size, decimal=decimal, long=long) == text


def test_rates():
    assert rate_text(6001215, 3.02) == "1.99M"
    assert rate_text(5, 0) == "0"
    assert size_rate_text(0, 1) == "0B/s"
    assert size_rate_text(4_655_677, 1) == "4.44MiB/s"
    assert size_rate_text(4_655_677, 1, long=False) == "4.44Mi"


def test_times():
    assert [clock_text(seconds) for seconds in (0.4, 0.5, 65)] == ["0:00", "0:01", "1:05"]
    assert [final_time_text(millis) for millis in (5, 250, 59_999, 60_000)] == ["0.01", "0.25", "60.00", "1:00"]
    assert fixed(0.125, 2) == "0.13"


@pytest.mark.parametrize(
    ("width", "done", "running", "bar"),
    [
        (10, 0, 0, "          "),
        (10, 50, 20, "=====>>   "),
        (10, 99, 1, "=========>"),
        (17, 10, 13, "==>>>            "),
        (10, 1, 1, "=>        "),
        (10, 100, 0, "=========="),
    ],
)
def test_progress_bar(width, done, running, bar):
    assert progress_bar(width, done, running) == bar


def test_waiting_bar_wanders():
    assert [waiting_bar(6, tick) for tick in (0, 1, 3, 4)] == ["<=>   ", " <=>  ", "   <=>", "  <=> "]
