"""Partition transforms against the hashes that the specification gives, and what humans read of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.transforms import Transform, read_transform
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, FixedOf, IcebergType, read_type

MANY = 2**31 - 1
"""So many buckets that the bucket is the hash without its sign."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT = int((datetime(2017, 11, 16, 22, 31, 8, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
DAY = (date(2017, 11, 16) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("type_", "raw", "expected"),
    [
        # Source: the Iceberg specification, appendix B.
        (types.INT, 34, 2017239379),
        (types.LONG, 34, 2017239379),
        (DecimalOf(9, 2), 1420, -500754589),
        (types.DATE, DAY, -653330422),
        (types.TIME, 81068000000, -662762989),
        (types.TIMESTAMP, INSTANT, -2047944441),
        (types.TIMESTAMPTZ, INSTANT, -2047944441),
        (types.STRING, "iceberg", 1210000089),
        (types.UUID, UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7").bytes, 1488055340),
        (FixedOf(4), b"\0\1\2\3", -188683207),
        (types.BINARY, b"\0\1\2\3", -188683207),
        (types.STRING, None, None),
    ],
)
def test_buckets(type_: IcebergType, raw: Any, expected: int | None) -> None:
    wanted = None if expected is None else (expected & 0x7FFFFFFF) % MANY
    assert Transform("bucket", MANY).apply(type_, raw) == wanted
    if expected is not None:
        assert Transform("bucket", 16).apply(type_, raw) == (expected & 0x7FFFFFFF) % 16


@pytest.mark.parametrize(
    ("text", "type_", "raw", "expected", "human"),
    [
        ("identity", "int", -3, -3, "-3"),
        ("identity", "boolean", True, True, "true"),
        ("identity", "double", 1.0, 1.0, "1.0"),
        ("identity", "string", "a b", "a b", "a b"),
        ("identity", "binary", b"\1\2", b"\1\2", "AQI="),
        ("identity", "decimal(9, 2)", -5, -5, "-0.05"),
        ("identity", "date", -1, -1, "1969-12-31"),
        ("identity", "time", 1_500_000, 1_500_000, "00:00:01.500"),
        ("truncate[10]", "int", -1, -10, "-10"),
        ("truncate[10]", "long", 19, 10, "10"),
        ("truncate[50]", "decimal(9, 2)", 1065, 1050, "10.50"),
        ("truncate[3]", "string", "iceberg", "ice", "ice"),
        ("truncate[1]", "string", "\U0001f9cax", "\U0001f9ca", "\U0001f9ca"),
        ("truncate[2]", "binary", b"\1\2\3", b"\1\2", "AQI="),
        ("year", "date", -1, -1, "1969"),
        ("month", "date", -1, -1, "1969-12"),
        ("day", "timestamp", -1, -1, "1969-12-31"),
        ("hour", "timestamptz", -1, -1, "1969-12-31-23"),
        ("hour", "timestamp", INSTANT, 419686, "2017-11-16-22"),
        ("day", "date", DAY, DAY, "2017-11-16"),
        ("void", "string", "x", None, "null"),
    ],
)
def test_values_of_partitions(text: str, type_: str, raw: Any, expected: Any, human: str) -> None:
    transform, source = read_transform(text), read_type(type_)
    assert str(transform) == text
    assert transform.accepts(source)
    made = transform.apply(source, raw)
    assert made == expected
    assert transform.human(source, made) == human


@pytest.mark.parametrize(
    ("text", "type_"), [("hour", "date"), ("year", "int"), ("bucket[4]", "double"), ("truncate[4]", "date")]
)
def test_types_that_a_transform_does_not_take(text: str, type_: str) -> None:
    assert not read_transform(text).accepts(read_type(type_))
