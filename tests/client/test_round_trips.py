"""Any value, to the server and back."""

import datetime as dt
from decimal import Context, Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lodestar
from lodestar import Time, Timestamp, YearMonth

ZONES = st.sampled_from([dt.UTC, ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
PICOSECONDS = st.integers(0, 999_999)
# Zones had offsets of odd seconds once, which Trino cannot write down.
RECENT = st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2100, 1, 1))


def decimals():
    digits = st.integers(-(10**38) + 1, 10**38 - 1)
    # The usual context would round to 28 digits, up to a number that has 39.
    exact = Context(prec=38)
    return st.builds(lambda number, scale: Decimal(number).scaleb(-scale, exact), digits, st.integers(0, 38))


def long_time(time, picosecond):
    return Time(time.hour, time.minute, time.second, time.microsecond, picosecond=picosecond)


def long_timestamp(one, picosecond):
    return Timestamp(*one.timetuple()[:6], one.microsecond, picosecond=picosecond)


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    decimals(),
    st.text(st.characters(codec="utf-8"), max_size=50),
    st.binary(max_size=50),
    st.dates(),
    st.times(),
    st.times(timezones=OFFSETS),
    st.builds(long_time, st.times(), PICOSECONDS),
    st.datetimes(),
    st.builds(long_timestamp, st.datetimes(), PICOSECONDS),
    st.datetimes(timezones=OFFSETS, min_value=dt.datetime(2, 1, 1), max_value=dt.datetime(9998, 1, 1)),
    st.builds(lambda one, zone: one.replace(tzinfo=zone), RECENT, ZONES),
    st.integers(-(10**14), 10**14).map(lambda millis: dt.timedelta(milliseconds=millis)),
    st.integers(-(10**8), 10**8).map(lambda months: YearMonth(0, months)),
    st.uuids(),
    st.ip_addresses(v=4),
)
VALUES = SCALARS | st.one_of(
    st.lists(st.integers(-(2**31), 2**31 - 1) | st.none()),
    st.lists(st.lists(st.text(st.characters(codec="utf-8")))),
    st.lists(SCALARS, min_size=1, max_size=5).map(tuple),
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.dates() | st.none(), max_size=5),
    st.dictionaries(st.integers(-(2**31) + 1, 2**31 - 1), st.binary(), max_size=5),
)


@pytest.fixture(scope="module")
def connection(embedded):
    with lodestar.connect(embedded.url, user="alice") as found:
        yield found


def same(found, sent):
    if isinstance(sent, dt.datetime) and sent.tzinfo is not None:
        # Equal instants; the wall clock may be of the hour's other pass.
        return found.astimezone(dt.UTC) == sent.astimezone(dt.UTC)
    if isinstance(sent, tuple) and not isinstance(found, Timestamp):
        return len(found) == len(sent) and all(map(same, found, sent))
    return found == sent


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=12))
def test_values(connection, values):
    marks = ", ".join("?" * len(values))
    [row] = connection.execute(f"SELECT {marks}", values).fetchall()
    for found, sent in zip(row, values, strict=True):
        assert same(found, sent), (found, sent)
