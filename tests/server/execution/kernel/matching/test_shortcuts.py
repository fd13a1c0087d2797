"""Conditions answered without DuckDB say the same as SQL, NULL and NaN included; others are left to it."""

from __future__ import annotations

from typing import Any

import pytest

from lodestar_server.execution.kernel.matching.shortcuts import shortcut
from lodestar_server.ir import (
    Between,
    Cast,
    Comparison,
    ComparisonOperator,
    Constant,
    Expression,
    In,
    IsNull,
    Logical,
    LogicalOperator,
    Not,
    Symbol,
    SymbolRef,
    Try,
)
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, TimestampType, VarcharType

NUMBER, OTHER, REAL_NUMBER = Symbol(1, INTEGER), Symbol(2, INTEGER), Symbol(3, DOUBLE)
SLOTS = {NUMBER: 0, OTHER: 1, REAL_NUMBER: 2}
X, Y, D = SymbolRef(NUMBER), SymbolRef(OTHER), SymbolRef(REAL_NUMBER)
LESS = Comparison(ComparisonOperator.LESS, X, Y)
NAN = float("nan")


@pytest.mark.parametrize(
    ("expression", "values", "answer"),
    [
        (LESS, (1, 2, 0.0), True),
        (LESS, (2, 1, 0.0), False),
        (LESS, (None, 1, 0.0), None),
        (Not(LESS), (None, 1, 0.0), None),
        (Not(LESS), (2, 1, 0.0), True),
        (IsNull(X), (None, 1, 0.0), True),
        (Between(X, Constant(INTEGER, 1), Y), (2, None, 0.0), None),
        (Between(X, Constant(INTEGER, 3), Y), (2, None, 0.0), False),
        (In(X, (Y, Constant(INTEGER, 5))), (5, None, 0.0), True),
        (In(X, (Y, Constant(INTEGER, 5))), (4, None, 0.0), None),
        (Logical(LogicalOperator.AND, (LESS, Constant(BOOLEAN, False))), (None, 1, 0.0), False),
        (Logical(LogicalOperator.OR, (LESS, Constant(BOOLEAN, None))), (2, 1, 0.0), None),
        (Comparison(ComparisonOperator.EQUAL, Cast(X, BIGINT), Constant(BIGINT, 7)), (7, 0, 0.0), True),
        (Comparison(ComparisonOperator.EQUAL, D, D), (0, 0, NAN), False),
        (Comparison(ComparisonOperator.NOT_EQUAL, D, D), (0, 0, NAN), True),
    ],
)
def test_answers(expression: Expression, values: tuple[Any, ...], answer: bool | None) -> None:
    made = shortcut(expression, SLOTS)
    assert made is not None
    assert made(values) is answer


@pytest.mark.parametrize(
    "expression",
    [
        Try(LESS),
        Comparison(ComparisonOperator.DISTINCT, X, Y),
        IsNull(Cast(X, VarcharType(1))),
        IsNull(Constant(TimestampType(3), 0)),
        IsNull(SymbolRef(Symbol(9, INTEGER))),
    ],
)
def test_left_to_duckdb(expression: Expression) -> None:
    assert shortcut(expression, SLOTS) is None
