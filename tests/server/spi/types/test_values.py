"""Python values to Arrow and back: nothing gets lost, whatever the type."""

from __future__ import annotations

from typing import Any

import pytest

from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import (
    MAX_PAGE_ROWS,
    arrow_to_values,
    empty_columns_page,
    rows_to_pages,
    values_to_arrow,
)

PICO = 1
MICRO = 1_000_000
ROW = RowType((RowField("a", INTEGER), RowField(None, VARCHAR)))

CASES: list[tuple[Type, list[Any]]] = [
    (BOOLEAN, [True, False, None]),
    (TINYINT, [-128, 127, None]),
    (SMALLINT, [-32768, 32767]),
    (INTEGER, [-(2**31), 2**31 - 1, None]),
    (BIGINT, [-(2**63), 2**63 - 1, None]),
    (REAL, [0.5, float("inf"), None]),
    (DOUBLE, [-0.1, 1e308, float("-inf"), None]),
    (DecimalType(5, 2), [-99999, 0, 1, None]),
    (DecimalType(38, 0), [10**38 - 1, -(10**38) + 1]),
    (DecimalType(38, 38), [10**38 - 1, None]),
    (VARCHAR, ["", "żółw 🐍", None]),
    (VarcharType(3), ["abc", None]),
    (CharType(3), ["a", "", None]),
    (VARBINARY, [b"", b"\0\xff", None]),
    (DATE, [0, -719_528, 3_000_000, None]),
    (TimeType(3), [0, 86_399_999 * 1_000 * MICRO, None]),
    (TimeType(12), [1 * PICO, 86_400 * 10**12 - 1]),
    (TimeTzType(3), [(0, -840), (1_000 * MICRO, 840), None]),
    (TimestampType(0), [0, -62_135_596_800 * 10**12, None]),
    (TimestampType(6), [1 * MICRO, -1 * MICRO, None]),
    (TimestampType(12), [1, -1, 253_402_300_799 * 10**12 + 1, None]),
    (TimestampTzType(3), [(0, "UTC"), (-1_000 * MICRO, "Europe/Warsaw"), None]),
    (TimestampTzType(12), [(1, "+05:30"), (-1, "UTC"), None]),
    (ArrayType(INTEGER), [(1, None, 3), (), None]),
    (ArrayType(ArrayType(VARCHAR)), [(("a",), None, ()), None]),
    (MapType(VARCHAR, DOUBLE), [(("a", 1.0), ("b", None)), (), None]),
    (ROW, [(1, "x"), (None, None), None]),
    (ArrayType(ROW), [((1, "x"), None), None]),
    (MapType(INTEGER, TimestampTzType(9)), [((7, (1_000, "UTC")),), None]),
    (UNKNOWN, [None, None]),
]


@pytest.mark.parametrize(("type_", "values"), CASES, ids=[type_.display for type_, _ in CASES])
def test_round_trip(type_: Type, values: list[Any]) -> None:
    array = values_to_arrow(type_, values)
    assert array.type == arrow_type(type_)
    array.validate(full=True)
    assert arrow_to_values(type_, array) == values
    assert arrow_to_values(type_, array[1:]) == values[1:]


@pytest.mark.parametrize("type_", [type_ for type_, _ in CASES], ids=[type_.display for type_, _ in CASES])
def test_nothing(type_: Type) -> None:
    array = values_to_arrow(type_, [])
    assert (array.type, len(array)) == (arrow_type(type_), 0)


def test_pages() -> None:
    count = 2 * MAX_PAGE_ROWS + 1
    pages = list(rows_to_pages([INTEGER, VARCHAR], ((i, str(i)) for i in range(count))))
    assert [page.num_rows for page in pages] == [MAX_PAGE_ROWS, MAX_PAGE_ROWS, 1]
    assert pages[-1].column(1).to_pylist() == [str(count - 1)]


def test_pages_are_made_one_at_a_time() -> None:
    taken: list[int] = []

    def rows() -> Any:
        for i in range(3 * MAX_PAGE_ROWS):
            taken.append(i)
            yield (i,)

    next(iter(rows_to_pages([INTEGER], rows())))
    assert len(taken) == MAX_PAGE_ROWS


def test_rows_without_columns() -> None:
    page = empty_columns_page(5)
    assert (page.num_rows, page.num_columns) == (5, 0)
    assert [one.num_rows for one in rows_to_pages([], [()] * 3)] == [3]
