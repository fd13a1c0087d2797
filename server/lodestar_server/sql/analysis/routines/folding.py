"""Bodies without loops as one expression: branches become CASE, so that the kernel runs them as part of the query.

Only where nothing changes by it: a variable may get constants and other variables. What is computed for a variable is
computed even if nobody reads it, and may fail; an expression would not.
"""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server import ir
from lodestar_server.ir import Constant, Expression, Symbol, SymbolRef
from lodestar_server.ir.routines import Assign, Branch, Return, RoutineStatement

MAX_STATEMENTS = 200
"""What follows a branch is repeated in each of its ways; a body that grows beyond this is left to run as it is."""


def folded(body: tuple[RoutineStatement, ...]) -> Expression | None:
    """The value that the body returns, None when it is not an expression."""
    try:
        return _Folding().value(body, {})
    except _NotFoldable:
        return None


class _NotFoldable(Exception):
    """The body has loops, or computes."""


class _Folding:
    def __init__(self) -> None:
        self._seen = 0

    def value(self, statements: tuple[RoutineStatement, ...], known: Mapping[Symbol, Expression]) -> Expression:
        for position, statement in enumerate(statements):
            self._seen += 1
            if self._seen > MAX_STATEMENTS:
                raise _NotFoldable
            match statement:
                case Return(value=value):
                    return ir.replace_symbols(value, known)
                case Assign(variable=variable, value=Constant() | SymbolRef() as value):
                    known = {**known, variable: ir.replace_symbols(value, known)}
                case Branch():
                    return self._branch(statement, statements[position + 1 :], known)
                case _:
                    raise _NotFoldable
        raise _NotFoldable

    def _branch(
        self, statement: Branch, rest: tuple[RoutineStatement, ...], known: Mapping[Symbol, Expression]
    ) -> Expression:
        branches = tuple(
            (ir.replace_symbols(condition, known), self.value((*body, *rest), known))
            for condition, body in statement.branches
        )
        return ir.Case(branches, self.value((*statement.otherwise, *rest), known))
