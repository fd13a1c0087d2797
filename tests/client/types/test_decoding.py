"""Wire values → Python values, type by type."""

import datetime as dt
import ipaddress
import math
import pickle
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.fakes.documents import signature

from lodestar import Row, TemporalText, Time, Timestamp, YearMonth
from lodestar.types.decoding import RowDecoder, make_decoder

PARIS = ZoneInfo("Europe/Paris")
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("raw", "arguments", "wire", "value"),
    [
        ("boolean", (), True, True),
        ("bigint", (), 9223372036854775807, 9223372036854775807),
        ("double", (), 1.5, 1.5),
        ("double", (), "Infinity", math.inf),
        ("real", (), "-Infinity", -math.inf),
        ("decimal", (10, 2), "10.30", Decimal("10.30")),
        ("decimal", (38, 0), "9" * 38, Decimal("9" * 38)),
        ("varchar", (), "Größe", "Größe"),
        ("char", (5,), "ab   ", "ab   "),
        ("varbinary", (), "AP8=", b"\x00\xff"),
        ("json", (), '{"a":1}', '{"a":1}'),
        ("HyperLogLog", (), "AgwBAIADRAA=", b"\x02\x0c\x01\x00\x80\x03D\x00"),
        ("uuid", (), "12151fd2-7586-11e9-8f9e-2a86e4085a59", uuid.UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59")),
        ("ipaddress", (), "10.0.0.1", ipaddress.IPv4Address("10.0.0.1")),
        ("ipaddress", (), "2001:db8::1", ipaddress.IPv6Address("2001:db8::1")),
        ("date", (), "2001-08-22", dt.date(2001, 8, 22)),
        ("date", (), "+10000-01-01", TemporalText("+10000-01-01", "date")),
        ("date", (), "-0001-01-01", TemporalText("-0001-01-01", "date")),
        ("time", (3,), "01:02:03.456", dt.time(1, 2, 3, 456000)),
        ("time", (0,), "01:02:03", dt.time(1, 2, 3)),
        ("time", (12,), "01:02:03.123456789012", Time(1, 2, 3, 123456, picosecond=789012)),
        ("time with time zone", (3,), "01:02:03.456+05:30", dt.time(1, 2, 3, 456000, INDIA)),
        (
            "time with time zone",
            (9,),
            "01:02:03.123456789-05:30",
            Time(1, 2, 3, 123456, -INDIA.utcoffset(None) and dt.timezone(-INDIA.utcoffset(None)), picosecond=789000),
        ),
        ("timestamp", (3,), "2001-08-22 03:04:05.321", dt.datetime(2001, 8, 22, 3, 4, 5, 321000)),
        (
            "timestamp",
            (9,),
            "2001-08-22 03:04:05.123456789",
            Timestamp(2001, 8, 22, 3, 4, 5, 123456, picosecond=789000),
        ),
        ("timestamp", (3,), "+10000-01-01 00:00:00.000", TemporalText("+10000-01-01 00:00:00.000", "timestamp")),
        (
            "timestamp with time zone",
            (3,),
            "2001-08-22 03:04:05.321 UTC",
            dt.datetime(2001, 8, 22, 3, 4, 5, 321000, dt.UTC),
        ),
        (
            "timestamp with time zone",
            (0,),
            "2001-08-22 03:04:05 Europe/Paris",
            dt.datetime(2001, 8, 22, 3, 4, 5, 0, PARIS),
        ),
        ("timestamp with time zone", (0,), "2001-08-22 03:04:05 +05:30", dt.datetime(2001, 8, 22, 3, 4, 5, 0, INDIA)),
        (
            "timestamp with time zone",
            (0,),
            "2001-08-22 03:04:05 Mars/Base",
            TemporalText("2001-08-22 03:04:05 Mars/Base", "timestamp with time zone"),
        ),
        (
            "timestamp with time zone",
            (12,),
            "2001-08-22 03:04:05.123456789012 UTC",
            Timestamp(2001, 8, 22, 3, 4, 5, 123456, dt.UTC, picosecond=789012),
        ),
        ("interval day to second", (), "1 11:11:11.116", dt.timedelta(1, 40271, 116000)),
        ("interval day to second", (), "-0 00:00:00.001", -dt.timedelta(0, 0, 1000)),
        (
            "interval day to second",
            (),
            "106751991167 07:12:55.807",
            TemporalText("106751991167 07:12:55.807", "interval day to second"),
        ),
        ("interval year to month", (), "10-3", YearMonth(10, 3)),
        ("interval year to month", (), "-1-6", YearMonth(-1, -6)),
        ("unknown to this driver", (), {"x": 1}, {"x": 1}),
        ("array", (signature("decimal", 2, 1),), ["1.5", None], [Decimal("1.5"), None]),
        ("array", (signature("array", signature("date")),), [["2001-01-01"], None], [[dt.date(2001, 1, 1)], None]),
        ("map", (signature("bigint"), signature("varchar")), {"1": "a", "-2": None}, {1: "a", -2: None}),
        ("map", (signature("double"), signature("integer")), {"NaN": 1}, None),
        ("map", (signature("boolean"), signature("integer")), {"true": 1, "false": 2}, {True: 1, False: 2}),
        ("map", (signature("date"), signature("double")), {"2001-01-01": "NaN"}, None),
        ("row", (("x", signature("bigint")), (None, signature("date"))), [1, "2001-01-01"], (1, dt.date(2001, 1, 1))),
    ],
)
def test_values(raw, arguments, wire, value):
    decoder = make_decoder(signature(raw, *arguments))
    found = wire if decoder is None else decoder(wire)
    [in_column, null] = RowDecoder([signature(raw, *arguments)]).decode([[wire], [None]])
    assert (repr(in_column), null) == (repr((found,)), (None,))
    if value is not None:
        assert found == value
        assert type(found) is type(value) or isinstance(found, Row)


def test_not_a_number():
    assert math.isnan(make_decoder(signature("double"))("NaN"))
    [(key, _)] = make_decoder(signature("map", signature("double"), signature("integer")))({"NaN": 1}).items()
    assert math.isnan(key)


def test_zones_are_kept():
    found = make_decoder(signature("timestamp with time zone", 3))("2001-08-22 03:04:05.321 Europe/Paris")
    assert found.tzinfo.key == "Europe/Paris"


def test_json_when_asked():
    assert make_decoder(signature("json"), decode_json=True)('{"a":[1]}') == {"a": [1]}


def test_rows_have_names():
    decode = make_decoder(
        signature("row", ("a", signature("integer")), ("b b", signature("integer")), (None, signature("integer")))
    )
    row = decode([1, 2, 3])
    assert (row.a, row["b b"], row[2], tuple(row)) == (1, 2, 3, (1, 2, 3))
    assert row._asdict() == {"a": 1, "b b": 2, "field2": 3}
    assert pickle.loads(pickle.dumps(row)) == row
    with pytest.raises(AttributeError):
        _ = row.c


def test_names_that_come_twice_are_not_names():
    row = make_decoder(signature("row", ("a", signature("integer")), ("a", signature("integer"))))([1, 2])
    with pytest.raises(KeyError):
        _ = row["a"]
    assert list(row) == [1, 2]


def test_rows_of_a_result():
    decoder = RowDecoder([signature("integer"), signature("date"), signature("varchar")])
    assert decoder.decode([[1, "2001-01-01", "a"], [None, None, None]]) == [
        (1, dt.date(2001, 1, 1), "a"),
        (None, None, None),
    ]
    assert decoder.decode([]) == []
    assert RowDecoder([signature("integer")]).decode([[1]]) == [(1,)]


def test_columns_with_odd_values():
    dates = RowDecoder([signature("date")])
    assert dates.decode([["2001-01-01"], ["+10000-01-01"], [None]]) == [
        (dt.date(2001, 1, 1),),
        (TemporalText("+10000-01-01", "date"),),
        (None,),
    ]
    doubles = RowDecoder([signature("double")])
    assert doubles.decode([[1.5], ["Infinity"], [None]]) == [(1.5,), (math.inf,), (None,)]
    assert doubles.decode([[1.5], [None]]) == [(1.5,), (None,)]
