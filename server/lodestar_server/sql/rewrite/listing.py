"""Answers that are made here, row by row, as queries: typed like Trino's VALUES, filtered by LIKE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lodestar_server import ir
from lodestar_server.ir import Constant, Symbol
from lodestar_server.ir.nodes import Filter, Output, PlanNode, Sort, Values
from lodestar_server.spi.types import BIGINT, BOOLEAN, VARCHAR, Type, VarcharType
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.bound import BoundQuery, OutputField
from lodestar_server.sql.analysis.environment import RelationPlan
from lodestar_server.sql.analysis.scopes import Field

TEXTS: Type | None = None
"""The type of a column whose texts decide its length: `varchar(n)` with the longest."""


@frozen
class Like:
    """`column LIKE pattern ESCAPE escape`; a column by its position."""

    column: int
    pattern: str
    escape: str | None


def listing(
    columns: Sequence[tuple[str, Type | None]],
    rows: Iterable[Sequence[Any]],
    *,
    like: Like | None = None,
    aliased: bool = False,
) -> BoundQuery:
    """A query that gives these rows in this order. A column of `TEXTS` is as wide as its longest text.

    `aliased`: Trino's own query renames its columns, which DESCRIBE OUTPUT tells.
    """
    table = list(rows)
    symbols = ir.SymbolAllocator()
    outputs: list[Symbol] = []
    for position, (name, declared) in enumerate(columns):
        type_ = declared if declared is not None else _width([row[position] for row in table])
        outputs.append(symbols.new(type_, name.lower().replace(" ", "_")))
    place = symbols.new(BIGINT, "place")
    constants = tuple(
        (*(Constant(symbol.type, value) for symbol, value in zip(outputs, row, strict=True)), Constant(BIGINT, number))
        for number, row in enumerate(table)
    )
    node: PlanNode = Values((*outputs, place), constants)
    if like is not None:
        node = Filter(node, _like(outputs[like.column], like))
    node = Sort(node, (ir.Ordering(ir.SymbolRef(place)),))
    names = tuple(name for name, _ in columns)
    plan = Output(node, names, tuple(outputs))
    fields = tuple(OutputField(name, one.type, None, aliased) for name, one in zip(names, outputs, strict=True))
    relation = RelationPlan(node, tuple(Field(one, name) for name, one in zip(names, outputs, strict=True)))
    return BoundQuery(plan, fields, frozenset(), relation)


def single_value(name: str, value: str | bool) -> BoundQuery:
    """One column with one row."""
    return listing([(name, BOOLEAN if isinstance(value, bool) else TEXTS)], [(value,)])


def _width(texts: Sequence[str | None]) -> Type:
    longest = max((len(text) for text in texts if text is not None), default=None)
    return VARCHAR if longest is None else VarcharType(longest)


def _like(column: Symbol, like: Like) -> ir.Expression:
    arguments: list[ir.Expression] = [ir.SymbolRef(column), _text(like.pattern)]
    if like.escape is not None:
        arguments.append(_text(like.escape))
    return ir.Call(ir.FunctionRef("$like", tuple(one.type for one in arguments), BOOLEAN), tuple(arguments))


def _text(value: str) -> Constant:
    return Constant(VarcharType(len(value)), value)
