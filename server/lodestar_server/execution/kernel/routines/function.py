"""A routine as a function over Arrow columns.

All rows of a call run side by side: each statement is carried out for the rows that have come to it, and an expression
is asked of DuckDB once for all of them. A loop goes round until no row is left in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lodestar_server.execution.kernel.carried import carried_errors
from lodestar_server.ir import Expression, Routine, Symbol, SymbolRef
from lodestar_server.ir.routines import Assign, Branch, Iterate, Leave, Loop, Return, RoutineStatement
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.values import frozen

ROWS = "routine_rows"
"""The table of variables that the queries read; the column of a variable is `x<symbol id>`."""

Rows = npt.NDArray[np.int64]
_Jumps = dict[tuple[type[RoutineStatement], str], list[Rows]]


@frozen
class RoutineFunction:
    """A routine under the name by which its statement calls it; types are DuckDB's texts. `queries`: expression of
    the body → its query in pieces (see `LoweredStatement.pieces`) and the variables that it reads.
    """

    name: str
    parameters: tuple[str, ...]
    result: str
    routine: Routine
    queries: dict[Expression, tuple[tuple[str, ...], tuple[Symbol, ...]]]

    @property
    def pieces(self) -> list[tuple[str, ...]]:
        """The texts of its queries."""
        return [pieces for pieces, _ in self.queries.values()]

    @property
    def volatile(self) -> bool:
        """Each call may give another value."""
        return not self.routine.deterministic

    def bind(self, connect: Callable[[], Any], check: Callable[[], None], slots: dict[str, str]) -> Callable[..., Any]:
        """The function for one execution: `connect` gives cursors, `check` raises when the query is cancelled."""

        def run(*columns: Any) -> pa.Array:
            with carried_errors():
                call = _Run(self, columns, connect, check, slots)
                try:
                    return call.result()
                finally:
                    call.close()

        return run


def _array(column: Any) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    return column


class _Run:
    def __init__(
        self,
        function: RoutineFunction,
        columns: tuple[Any, ...],
        connect: Callable[[], Any],
        check: Callable[[], None],
        slots: dict[str, str],
    ) -> None:
        self._function = function
        self._connect, self._check, self._slots = connect, check, slots
        self._cursor: Any = None
        self._count = len(columns[0])
        routine = function.routine
        self._variables: dict[Symbol, pa.Array] = {}
        for symbol, column in zip(routine.parameters, columns, strict=False):
            self._variables[symbol] = _array(column).cast(arrow_type(symbol.type))
        self._result = pa.nulls(self._count, arrow_type(routine.result))
        self._result_type = arrow_type(routine.result)

    def result(self) -> pa.Array:
        """The values of all rows."""
        routine = self._function.routine
        rows: Rows = np.arange(self._count)
        if not routine.called_on_null:
            for symbol in routine.parameters:
                rows = rows[self._variables[symbol].is_valid().to_numpy(zero_copy_only=False)[rows]]
        self._block(routine.body, rows, {})
        return self._result

    def close(self) -> None:
        """Give the connection back."""
        if self._cursor is not None:
            self._cursor.close()

    def _block(self, statements: tuple[RoutineStatement, ...], rows: Rows, jumps: _Jumps) -> Rows:
        """Carry out the statements for the rows; the rows that come to their end. `jumps` takes those that leave."""
        for statement in statements:
            if not len(rows):
                break
            rows = self._statement(statement, rows, jumps)
        return rows

    def _statement(self, statement: RoutineStatement, rows: Rows, jumps: _Jumps) -> Rows:
        match statement:
            case Assign(variable=variable, value=value):
                type_ = arrow_type(variable.type)
                old = self._variables.get(variable)
                if old is None:
                    old = pa.nulls(self._count, type_)
                self._variables[variable] = self._scattered(old, rows, self._values(value, rows).cast(type_))
                return rows
            case Return(value=value):
                values = self._values(value, rows).cast(self._result_type)
                self._result = self._scattered(self._result, rows, values)
                return rows[:0]
            case Branch():
                return self._branch(statement, rows, jumps)
            case Loop():
                return self._loop(statement, rows, jumps)
            case Leave(label=label) | Iterate(label=label):
                jumps.setdefault((type(statement), label), []).append(rows)
                return rows[:0]
        raise AssertionError(f"not a statement: {statement!r}")

    def _branch(self, statement: Branch, rows: Rows, jumps: _Jumps) -> Rows:
        through: list[Rows] = []
        for condition, body in statement.branches:
            if not len(rows):
                break
            taken = self._true(condition, rows)
            through.append(self._block(body, rows[taken], jumps))
            rows = rows[~taken]
        through.append(self._block(statement.otherwise, rows, jumps))
        return np.sort(np.concatenate(through))

    def _loop(self, statement: Loop, rows: Rows, jumps: _Jumps) -> Rows:
        done: list[Rows] = []
        label = statement.label or ""
        while len(rows):
            self._check()
            if statement.before is not None:
                going = self._true(statement.before, rows)
                done.append(rows[~going])
                rows = rows[going]
            rows = self._block(statement.body, rows, jumps)
            done += jumps.pop((Leave, label), [])
            again = jumps.pop((Iterate, label), [])
            if statement.after is not None and len(rows):
                # ITERATE goes on with the next round and does not ask UNTIL.
                ended = self._true(statement.after, rows)
                done.append(rows[ended])
                rows = rows[~ended]
            if again:
                rows = np.sort(np.concatenate([rows, *again]))
        return np.sort(np.concatenate(done)) if done else rows

    def _scattered(self, old: pa.Array, rows: Rows, values: pa.Array) -> pa.Array:
        if len(rows) == self._count:
            return values
        places = np.arange(self._count)
        places[rows] = self._count + np.arange(len(rows))
        return pa.concat_arrays([old, values]).take(pa.array(places))

    def _true(self, condition: Expression, rows: Rows) -> npt.NDArray[np.bool_]:
        answers = self._values(condition, rows).fill_null(False)
        return np.asarray(answers.to_numpy(zero_copy_only=False), dtype=bool)

    def _values(self, expression: Expression, rows: Rows) -> pa.Array:
        everyone = len(rows) == self._count
        if isinstance(expression, SymbolRef) and expression.symbol in self._variables:
            column = self._variables[expression.symbol]
            return column if everyone else column.take(pa.array(rows))
        pieces, read = self._function.queries[expression]
        columns = [self._variables[symbol] for symbol in read]
        if not everyone:
            columns = [column.take(pa.array(rows)) for column in columns]
        names = [f"x{symbol.id}" for symbol in read]
        table = pa.Table.from_arrays([*columns, pa.array(rows)], names=[*names, "k"])
        if self._cursor is None:
            self._cursor = self._connect()
        self._cursor.register(ROWS, table)
        text = "".join(self._slots[piece] if i % 2 else piece for i, piece in enumerate(pieces))
        found = self._cursor.sql(text).to_arrow_table().column("v")
        self._cursor.unregister(ROWS)
        return _array(found)
