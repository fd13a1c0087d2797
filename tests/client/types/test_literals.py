"""Python values → SQL. That a server reads the same value back is tested with one, in test_round_trips."""

import datetime as dt
import enum
import ipaddress
import math
import uuid
from collections import OrderedDict
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lodestar import DataError, NotSupportedError, TemporalText, Time, Timestamp, Typed, YearMonth
from lodestar.types.literals import literal

PARIS = ZoneInfo("Europe/Paris")


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "true"),
        (1, "1"),
        (-(2**31), "BIGINT '-2147483648'"),
        (2**31, "BIGINT '2147483648'"),
        (-(2**63), "BIGINT '-9223372036854775808'"),
        (2**63, "DECIMAL '9223372036854775808'"),
        (1.5, "DOUBLE '1.5'"),
        (-0.0, "DOUBLE '-0.0'"),
        (math.nan, "nan()"),
        (-math.inf, "-infinity()"),
        (Decimal("1.20"), "DECIMAL '1.20'"),
        (Decimal("1E+3"), "DECIMAL '1000'"),
        (Decimal("1E-3"), "DECIMAL '0.001'"),
        ("it's", "'it''s'"),
        (b"\x00\xff", "X'00ff'"),
        (bytearray(b"a"), "X'61'"),
        (dt.date(1, 1, 1), "DATE '0001-01-01'"),
        (dt.time(1, 2, 3), "TIME '01:02:03.000000'"),
        (Time(1, 2, 3, picosecond=4), "TIME '01:02:03.000000000004'"),
        (dt.time(1, tzinfo=dt.timezone(-dt.timedelta(hours=3, minutes=30))), "TIME '01:00:00.000000 -03:30'"),
        (dt.datetime(2001, 2, 3, 4, 5, 6, 7), "TIMESTAMP '2001-02-03 04:05:06.000007'"),
        (Timestamp(2001, 2, 3, picosecond=8), "TIMESTAMP '2001-02-03 00:00:00.000000000008'"),
        (dt.datetime(2001, 2, 3, tzinfo=dt.UTC), "TIMESTAMP '2001-02-03 00:00:00.000000 UTC'"),
        (dt.datetime(2001, 2, 3, tzinfo=PARIS), "TIMESTAMP '2001-02-03 00:00:00.000000 Europe/Paris'"),
        (
            # The second of two half past two o'clocks.
            dt.datetime(2020, 10, 25, 2, 30, tzinfo=PARIS, fold=1),
            "(TIMESTAMP '2020-10-25 02:30:00.000000 +01:00' AT TIME ZONE 'Europe/Paris')",
        ),
        (
            # A time that clocks in Paris never showed.
            dt.datetime(2020, 3, 29, 2, 30, tzinfo=PARIS),
            "(TIMESTAMP '2020-03-29 02:30:00.000000 +01:00' AT TIME ZONE 'Europe/Paris')",
        ),
        (dt.timedelta(1, 2, 3000), "INTERVAL '1 00:00:02.003' DAY TO SECOND"),
        (-dt.timedelta(1, 2), "INTERVAL -'1 00:00:02.000' DAY TO SECOND"),
        (YearMonth(-1, -6), "INTERVAL -'1-6' YEAR TO MONTH"),
        (uuid.UUID(int=1), "UUID '00000000-0000-0000-0000-000000000001'"),
        (ipaddress.ip_address("10.0.0.1"), "IPADDRESS '10.0.0.1'"),
        ([1, None, [2]], "ARRAY[1, NULL, ARRAY[2]]"),
        ((1, "a"), "ROW(1, 'a')"),
        ({"a": 1}, "MAP(ARRAY['a'], ARRAY[1])"),
        (OrderedDict(a=1), "MAP(ARRAY['a'], ARRAY[1])"),
        ({}, "MAP()"),
        (Typed(None, "bigint"), "CAST(NULL AS bigint)"),
        (TemporalText("+10000-01-01", "date"), "DATE '+10000-01-01'"),
        (TemporalText("-1 00:00:00.000", "interval day to second"), "INTERVAL -'1 00:00:00.000' DAY TO SECOND"),
        (Color.RED, "'red'"),
    ],
)
def test_literals(value, text):
    assert literal(value) == text


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("1" * 39),
        Decimal("1E-39"),
        10**38,
        dt.timedelta(microseconds=1),
        dt.time(1, tzinfo=PARIS),
        "\ud800",
        (),
        [Decimal("Infinity")],
    ],
)
def test_what_has_no_exact_counterpart_is_refused(value):
    with pytest.raises(DataError):
        literal(value)


def test_what_has_no_counterpart_at_all():
    with pytest.raises(NotSupportedError, match="object"):
        literal([object()])


def test_values_of_numpy():
    numpy = pytest.importorskip("numpy")
    assert literal(numpy.int64(5)) == "5"
    assert literal(numpy.float32(0.5)) == "DOUBLE '0.5'"
    assert literal(numpy.array([1, 2])) == "ARRAY[1, 2]"
    assert literal(numpy.bool_(True)) == "true"
