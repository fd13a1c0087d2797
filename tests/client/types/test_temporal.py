import datetime as dt
import pickle

import pytest

from lodestar import TemporalText, Time, Timestamp, YearMonth
from lodestar.types.temporal import find_zone


def test_picoseconds_count():
    plain, finer = Timestamp(2001, 1, 1), Timestamp(2001, 1, 1, picosecond=5)
    assert plain == dt.datetime(2001, 1, 1)
    assert dt.datetime(2001, 1, 1) == plain
    assert hash(plain) == hash(dt.datetime(2001, 1, 1))
    assert finer != plain
    assert plain < finer <= finer
    assert finer > dt.datetime(2001, 1, 1)
    assert finer < dt.datetime(2001, 1, 1, 0, 0, 0, 1)
    assert finer != "2001"
    assert len({plain, finer, Timestamp(2001, 1, 1, picosecond=5)}) == 2
    one, other = Time(1, picosecond=1), Time(1, picosecond=2)
    assert one < other
    assert one >= dt.time(1)
    assert one != other


def test_texts():
    assert str(Timestamp(2001, 1, 2, 3, 4, 5, 6, dt.UTC, picosecond=7)) == "2001-01-02 03:04:05.000006000007+00:00"
    assert Timestamp(2001, 1, 2).isoformat() == "2001-01-02T00:00:00"
    assert str(Time(1, 2, 3, picosecond=4)) == "01:02:03.000000000004"
    assert str(YearMonth(-1, -6)) == "-1-6"


@pytest.mark.parametrize(
    "value",
    [
        Timestamp(2001, 1, 2, 3, 4, 5, 6, dt.UTC, fold=1, picosecond=7),
        Time(1, 2, 3, 4, dt.UTC, picosecond=5),
        TemporalText("+10000-01-01", "date"),
        YearMonth(1, 2),
    ],
)
def test_they_travel(value):
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert type(again) is type(value)


def test_bounds():
    with pytest.raises(ValueError, match="picosecond"):
        Timestamp(2001, 1, 1, picosecond=1_000_000)


def test_year_months():
    assert YearMonth(1, 6) == YearMonth(0, 18) == -YearMonth(0, -18)
    assert YearMonth(1) < YearMonth(0, 13)
    assert len({YearMonth(1), YearMonth(0, 12)}) == 1


@pytest.mark.parametrize(("name", "hours"), [("UTC", 0), ("+05:30", 5.5), ("-03:00", -3), ("Asia/Tokyo", 9)])
def test_zones(name, hours):
    assert find_zone(name).utcoffset(dt.datetime(2001, 1, 1)) == dt.timedelta(hours=hours)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "/etc/localtime"])
def test_zones_that_are_none(name):
    assert find_zone(name) is None
