"""A SELECT under construction: what a plan node is lowered to before it becomes text.

Nodes add to the block of their source as long as SQL's order of clauses allows it (FROM, WHERE, GROUP BY, windows,
ORDER BY, LIMIT); otherwise the block is wrapped into a derived table. DuckDB so sees statements of the shape that a
person would write, and plans them as well. Columns are named `c<symbol id>` in every derived table; in a block a symbol
stands for an expression over the FROM items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TypeVar

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.lowering.context import Lowering, column_name
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    AggregateCall,
    Exists,
    Expression,
    InSubquery,
    Lambda,
    QuantifiedComparison,
    ScalarSubquery,
    Symbol,
    SymbolRef,
    WindowCall,
    referenced_symbols,
    walk,
)

_SUBQUERIES = (ScalarSubquery, Exists, InSubquery, QuantifiedComparison)
Call = TypeVar("Call", AggregateCall, WindowCall)


class Stage(IntEnum):
    """How far a SELECT is filled."""

    FROM = 0
    WHERE = 1
    GROUP = 2
    WINDOW = 3
    ORDER = 4
    LIMIT = 5


@dataclass(slots=True)
class Block:
    """`items` are cross joined; without items there is one row. `group` is the text after GROUP BY."""

    columns: dict[Symbol, Sql]
    items: list[Sql] = field(default_factory=list)
    where: list[Sql] = field(default_factory=list)
    group: Sql | None = None
    order: list[Sql] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    ctes: list[Sql] = field(default_factory=list)
    stage: Stage = Stage.FROM

    def wrapped(self, context: Lowering) -> Block:
        """The block as a derived table of a fresh one."""
        query = self.query([(column_name(symbol), value) for symbol, value in self.columns.items()])
        return derived(context, query, self.columns)

    def reaching(self, context: Lowering, stage: Stage) -> Block:
        """This block when a clause of `stage` can still be added to it, else wrapped."""
        return self if self.stage <= stage else self.wrapped(context)

    def using(self, context: Lowering, expressions: Iterable[Expression], *, once: bool = False) -> Block:
        """This block when its columns may be named by the expressions as they are, else wrapped.

        A computed column is only repeated in the text when `once` says that nobody else names it: then one reference
        each is fine.
        """
        expressions = tuple(expressions)
        if self.group is not None and any(isinstance(part, _SUBQUERIES) for one in expressions for part in walk(one)):
            # DuckDB does not find what is grouped by from inside of a subquery beside it.
            return self.wrapped(context)
        computed = {symbol for symbol, value in self.columns.items() if not sql.is_simple(value)}
        if not computed:
            return self
        seen: set[Symbol] = set()
        for expression in expressions:
            for part in walk(expression):
                if isinstance(part, _SUBQUERIES):
                    return self.wrapped(context)
                # What a lambda reads it reads for each element, and it may not hold a subquery.
                if isinstance(part, Lambda) and computed & referenced_symbols(part):
                    return self.wrapped(context)
                if isinstance(part, SymbolRef) and part.symbol in computed:
                    if not once or part.symbol in seen:
                        return self.wrapped(context)
                    seen.add(part.symbol)
        return self

    def query(self, outputs: Iterable[tuple[str, Sql]]) -> Sql:
        """The SELECT with these named outputs; without outputs it has a dummy one."""
        parts: list[Sql] = []
        text: list[str] = []

        def add(template: str, values: Iterable[Sql], between: str = ", ") -> None:
            holes = []
            for value in values:
                holes.append(f"{{{len(parts)}}}")
                parts.append(value)
            text.append(template.replace("%", between.join(holes)))

        if self.ctes:
            add("WITH RECURSIVE % " if any(_is_recursive(cte) for cte in self.ctes) else "WITH % ", self.ctes)
        named = [sql.fragment(f"{{0}} AS {name}", value) for name, value in outputs]
        add("SELECT %", named or [sql.fragment("1 AS c0")])
        if self.items:
            add(" FROM %", self.items)
        if self.where:
            add(" WHERE %", self.where, " AND ")
        if self.group is not None:
            add(" GROUP BY %", [self.group])
        if self.order:
            add(" ORDER BY %", self.order)
        if self.limit is not None:
            text.append(f" LIMIT {self.limit}")
        if self.offset:
            text.append(f" OFFSET {self.offset}")
        return sql.fragment("".join(text), *parts)

    def query_of(self, symbols: Iterable[Symbol]) -> Sql:
        """The SELECT of some columns under their own names."""
        return self.query([(column_name(symbol), self.columns[symbol]) for symbol in symbols])

    def tree(self) -> Sql:
        """The FROM items as one, to stand on a side of a JOIN."""
        return self.items[0] if len(self.items) == 1 else sql.chain("CROSS JOIN", self.items)


def apart(context: Lowering, block: Block, calls: Sequence[Call]) -> tuple[Block, Sequence[Call]]:
    """The calls over columns where an argument has a subquery, which DuckDB cannot copy inside of an aggregate."""
    if not any(_has_subquery(argument) for call in calls for argument in call.arguments):
        return block, calls
    arguments = [argument for call in calls for argument in call.arguments if _has_subquery(argument)]
    block = block.using(context, arguments)
    made: dict[Symbol, Sql] = {}
    told: list[Call] = []
    with context.scope(block.columns):
        for call in calls:
            given: list[Expression] = []
            for argument in call.arguments:
                if _has_subquery(argument):
                    symbol = context.own_symbol(argument.type)
                    made[symbol] = context.expression(argument)
                    argument = SymbolRef(symbol)
                given.append(argument)
            told.append(replace(call, arguments=tuple(given)))
    block.columns = {**block.columns, **made}
    block.stage = Stage.WINDOW
    return block.wrapped(context), told


def _has_subquery(expression: Expression) -> bool:
    return any(isinstance(part, _SUBQUERIES) for part in walk(expression))


RECURSIVE = "/*r*/"
"""Begins the text of a recursive common table expression."""


def _is_recursive(cte: Sql) -> bool:
    return bool(cte.args["this"][0].startswith(RECURSIVE))


def derived(context: Lowering, query: Sql, symbols: Iterable[Symbol]) -> Block:
    """A block over one derived table whose columns are named after the symbols."""
    item = sql.fragment(f"({{0}}) AS {context.alias()}", query)
    return Block({symbol: sql.name(column_name(symbol)) for symbol in symbols}, [item])


def scoped(columns: Mapping[Symbol, Sql], symbols: Iterable[Symbol]) -> dict[Symbol, Sql]:
    """Some of the columns, in the order asked for."""
    return {symbol: columns[symbol] for symbol in symbols}
