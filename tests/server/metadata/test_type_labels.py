"""Types as DESCRIBE shows them."""

from __future__ import annotations

import pytest

from lodestar_server.metadata.type_labels import type_label
from lodestar_server.spi.types import (
    BIGINT,
    INTEGER,
    ArrayType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    Type,
    VarcharType,
)


@pytest.mark.parametrize(
    ("type_", "label", "without_precision"),
    [
        (VarcharType(3), "varchar(3)", "varchar(3)"),
        (DecimalType(5, 2), "decimal(5,2)", "decimal(5,2)"),
        (TimestampType(3), "timestamp(3)", "timestamp"),
        (TimestampType(6), "timestamp(6)", "timestamp(6)"),
        (TimestampTzType(3), "timestamp(3) with time zone", "timestamp with time zone"),
        (TimeType(3), "time(3)", "time"),
        (ArrayType(TimestampType(3)), "array(timestamp(3))", "array(timestamp)"),
        (MapType(BIGINT, TimeType(3)), "map(bigint, time(3))", "map(bigint, time)"),
        (
            RowType((RowField("a", INTEGER), RowField("B c", VarcharType(None)), RowField(None, BIGINT))),
            "row(a integer, B c varchar, bigint)",
            "row(a integer, B c varchar, bigint)",
        ),
    ],
)
def test_labels(type_: Type, label: str, without_precision: str) -> None:
    assert type_label(type_) == label
    assert type_label(type_, omit_datetime_precision=True) == without_precision
