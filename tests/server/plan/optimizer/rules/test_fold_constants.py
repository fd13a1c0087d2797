"""What is computed while planning, and what is left to fail when it runs."""

from __future__ import annotations

import pytest

from lodestar_server.ir import Call, Cast, Constant, Expression, FunctionRef, Symbol, SymbolRef
from lodestar_server.plan.optimizer.rules.fold_constants import fold
from lodestar_server.spi.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    TINYINT,
    VARCHAR,
    DecimalType,
    Type,
    VarcharType,
)

DAY = 86_400_000
JANUARY_31 = Constant(DATE, 19_753)  # 2024-01-31
COLUMN = SymbolRef(Symbol(1, INTEGER, "x"))


def call(name: str, result: Type, *arguments: Expression) -> Call:
    return Call(FunctionRef(name, tuple(one.type for one in arguments), result), arguments)


def integer(value: int | None) -> Constant:
    return Constant(INTEGER, value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (call("$add", INTEGER, integer(1200), integer(11)), 1211),
        (call("$subtract", INTEGER, integer(1), call("$multiply", INTEGER, integer(3), integer(4))), -11),
        (call("$negate", INTEGER, integer(5)), -5),
        (call("$add", DATE, JANUARY_31, Constant(INTERVAL_DAY_SECOND, DAY)), 19_754),
        (call("$subtract", DATE, JANUARY_31, Constant(INTERVAL_DAY_SECOND, 31 * DAY)), 19_722),
        (call("$add", DATE, JANUARY_31, Constant(INTERVAL_YEAR_MONTH, 1)), 19_782),
        (call("$add", DATE, Constant(INTERVAL_YEAR_MONTH, -11), JANUARY_31), 19_416),
        (Cast(integer(7), BIGINT), 7),
        (Cast(integer(7), DOUBLE), 7.0),
        (Cast(integer(7), DecimalType(5, 2)), 700),
        (Cast(Constant(DecimalType(3, 1), 15), DecimalType(5, 3)), 1500),
        (Cast(Constant(VarcharType(10), "2024-01-31"), DATE), 19_753),
        (Cast(Constant(VarcharType(2), "ab"), VARCHAR), "ab"),
    ],
)
def test_constants_are_computed(expression: Expression, value: object) -> None:
    folded = fold(expression)
    assert folded == Constant(expression.type, value)
    assert type(folded.value) is type(value)


@pytest.mark.parametrize(
    "expression",
    [
        call("$add", INTEGER, integer(2**31 - 1), integer(1)),
        call("$negate", INTEGER, integer(-(2**31))),
        call("$add", INTEGER, integer(None), integer(1)),
        call("$add", INTEGER, COLUMN, integer(1)),
        call("$divide", INTEGER, integer(1), integer(0)),
        call("$add", DATE, JANUARY_31, Constant(INTERVAL_DAY_SECOND, DAY // 2)),
        call("$add", DATE, JANUARY_31, Constant(INTERVAL_YEAR_MONTH, 120_000)),
        call("random", INTEGER, integer(3)),
        Cast(integer(300), TINYINT),
        Cast(integer(1000), DecimalType(5, 2)),
        Cast(Constant(VarcharType(10), "2024-02-30"), DATE),
        Cast(Constant(VarcharType(3), "abc"), VarcharType(2)),
    ],
)
def test_what_may_fail_stays(expression: Expression) -> None:
    assert fold(expression) is expression


def test_a_part_is_folded_where_the_whole_is_not() -> None:
    whole = call("$add", INTEGER, COLUMN, call("$add", INTEGER, integer(1), integer(2)))
    assert fold(whole) == call("$add", INTEGER, COLUMN, integer(3))
