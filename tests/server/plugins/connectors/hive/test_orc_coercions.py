"""What a column of an ORC file becomes in a column of another type: answers of Trino for the same files."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.convert import convert
from lodestar_server.plugins.connectors.hive.orc_coercions import coerce, is_coerced
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.text import parse_type

TEXTS = ["5", "-300", "1.5", "true", "x", "", " 5", "2024-02-29", "NaN", "5000000000"]
NAN = float("nan")
AMOUNTS = pa.array([Decimal("1.50"), Decimal("-99999999.99"), Decimal("300.00"), Decimal("2.55")], pa.decimal128(10, 2))

CASES: list[tuple[pa.Array, str, list[Any]]] = [
    (pa.array([True, False]), "varchar", ["TRUE", "FALSE"]),
    (pa.array([300, -5], pa.int16()), "date", [date(1970, 10, 28), date(1969, 12, 27)]),
    (pa.array([date(2024, 2, 29)]), "bigint", [19_782]),
    (pa.array([date(1900, 1, 1)]), "varchar", ["1900-01-01"]),
    (pa.array([70_000, -5], pa.int32()), "decimal(5,1)", [None, Decimal("-5.0")]),
    (pa.array([1.5, 1e10, NAN, -0.0], pa.float32()), "varchar", ["1.5", "1.0E10", None, "-0.0"]),
    (pa.array([1.5, 1e300]), "real", [1.5, float("inf")]),
    (AMOUNTS, "tinyint", [1, None, None, 2]),
    (AMOUNTS, "bigint", [1, -99_999_999, 300, 2]),
    (AMOUNTS, "double", [1.5, -99_999_999.99, 300.0, 2.55]),
    (pa.array([datetime(1969, 12, 31, 23, 0, 0, 1000)], pa.timestamp("ns")), "date", [date(1969, 12, 31)]),
    (pa.array(TEXTS), "boolean", [True, True, *[None] * 7, True]),
    (pa.array(TEXTS), "smallint", [5, -300, *[None] * 8]),
    (pa.array(TEXTS), "double", [5.0, -300.0, 1.5, None, None, None, 5.0, None, None, 5e9]),
    (
        pa.array(["2024-02-29 12:34:56.789", "2024-02-29"]),
        "timestamp(3)",
        [datetime(2024, 2, 29, 12, 34, 56, 789_000), None],
    ),
    (pa.array([b"abc", b"\xff\0"]), "varchar(4)", ["61 6", "ff 0"]),
]


@pytest.mark.parametrize(("values", "wanted", "expected"), CASES)
def test_values(values: pa.Array, wanted: str, expected: list[Any]) -> None:
    type_ = parse_type(wanted)
    assert is_coerced(type_, values.type)
    with_null = pa.concat_arrays([pa.nulls(1, values.type), values])
    assert coerce(with_null, type_).to_pylist() == [None, *expected]


@pytest.mark.parametrize(
    ("values", "wanted", "code", "message"),
    [
        (
            pa.array([False]),
            "varchar(4)",
            "INVALID_ARGUMENTS",
            "Varchar representation of false exceeds varchar(4) bounds",
        ),
        (
            pa.array([70_000]),
            "varchar(4)",
            "INVALID_ARGUMENTS",
            "Varchar representation of 70000 exceeds varchar(4) bounds",
        ),
        (
            AMOUNTS,
            "varchar(4)",
            "INVALID_ARGUMENTS",
            "Decimal value -99999999.99 representation exceeds varchar(4) bounds",
        ),
        (
            pa.array([date(1899, 12, 31)]),
            "varchar",
            "HIVE_INVALID_TIMESTAMP_COERCION",
            "Coercion on historical dates is not supported",
        ),
    ],
)
def test_refused(values: pa.Array, wanted: str, code: str, message: str) -> None:
    with pytest.raises(LodestarError) as caught:
        coerce(values, parse_type(wanted))
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_decimals_that_round_up_to_another_digit() -> None:
    assert convert(AMOUNTS, parse_type("decimal(38,0)")).to_pylist() == [2, -100_000_000, 300, 3]
    with pytest.raises(LodestarError, match="does not fit"):
        convert(AMOUNTS, parse_type("decimal(5,1)"))
    nines = pa.array([Decimal("9" * 37 + ".9")], pa.decimal128(38, 1))
    assert convert(nines, parse_type("decimal(38,0)")).to_pylist() == [Decimal(10**37)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array([70_000]), "Varchar representation of 70000 exceeds varchar(4) bounds"),
        (pa.array([1e10]), "Varchar representation of 1.0E10 exceeds varchar(4) bounds"),
        (AMOUNTS, "Decimal value -99999999.99 representation exceeds varchar(4) bounds"),
    ],
)
def test_numbers_are_not_cut_off(values: pa.Array, message: str) -> None:
    with pytest.raises(LodestarError) as caught:
        convert(values, parse_type("varchar(4)"))
    assert (caught.value.code.name, caught.value.message) == ("INVALID_ARGUMENTS", message)
    assert convert(pa.array(["texts are"]), parse_type("varchar(4)")).to_pylist() == ["text"]
