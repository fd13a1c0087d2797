"""Calls of SQL routines with control flow: a function of the statement, whose expressions are queries of their own."""

from __future__ import annotations

from collections.abc import Iterator

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.lowering.context import EXPRESSIONS, Lowering, split_slots
from lodestar_server.execution.kernel.routines.function import ROWS, RoutineFunction
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Expression, Routine, RoutineCall, Symbol, referenced_symbols
from lodestar_server.ir.routines import Assign, Branch, Loop, Return, RoutineStatement


def _lower_call(context: Lowering, node: RoutineCall) -> Sql:
    name = context.routines.get(node.routine)
    if name is None:
        name = f"routine_{len(context.routines)}"
        context.routines[node.routine] = name
        context.functions.append(_function(context, node.routine, name))
    # DuckDB tells a function without arguments not how many rows there are.
    arguments = context.expressions(node.arguments) or [sql.TRUE]
    return sql.fixed_fragment(f"{name}({{*}})", *arguments)


def _function(context: Lowering, routine: Routine, name: str) -> RoutineFunction:
    queries: dict[Expression, tuple[tuple[str, ...], tuple[Symbol, ...]]] = {}
    outer, context.inside_try = context.inside_try, False
    for expression in _expressions(routine.body):
        read = tuple(sorted(referenced_symbols(expression), key=lambda one: one.id))
        with context.scope({symbol: sql.name(f"x{symbol.id}") for symbol in read}):
            value = context.expression(expression)
        query = sql.fragment(f"SELECT {{0}} AS v FROM {ROWS} ORDER BY k", value)
        queries[expression] = (split_slots(sql.render(query)), read)
    context.inside_try = outer
    parameters = tuple(duckdb_type(one.type) for one in routine.parameters) or ("BOOLEAN",)
    return RoutineFunction(name, parameters, duckdb_type(routine.result), routine, queries)


def _expressions(statements: tuple[RoutineStatement, ...]) -> Iterator[Expression]:
    for statement in statements:
        match statement:
            case Assign(value=value) | Return(value=value):
                yield value
            case Branch():
                for condition, body in statement.branches:
                    yield condition
                    yield from _expressions(body)
                yield from _expressions(statement.otherwise)
            case Loop():
                yield from (one for one in (statement.before, statement.after) if one is not None)
                yield from _expressions(statement.body)


EXPRESSIONS[RoutineCall] = _lower_call
