"""The matcher as a function over Arrow columns: each partition's rows as a list in, the rows found as a list out.

All partitions of a call are matched side by side, so that conditions which look at the match are asked for many
partitions with one DuckDB query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from lodestar_server.execution.kernel.carried import carried_errors
from lodestar_server.execution.kernel.matching.conditions import ConditionQuery, Questions
from lodestar_server.execution.kernel.matching.partitions import FoundRows, PartitionMatcher
from lodestar_server.execution.kernel.matching.threads import Attempt, Request, Requests, equivalence
from lodestar_server.ir.nodes.patterns import MatchRows
from lodestar_server.spi.values import frozen

Connect = Callable[[], Any]
"""Gives a fresh cursor of the instance that runs the statement."""


@frozen
class MatchFunction:
    """A matcher under the name by which its statement calls it; types are DuckDB's texts.

    A row of the parameter has the fields `r`, the row's number, `b0` … the conditions, `e` the frame's end and `v0` …
    the values that `queries` read; the result's fields are those of `MatchRows.outputs`, in order.
    """

    name: str
    parameters: tuple[str, ...]
    result: str
    node: MatchRows
    queries: tuple[ConditionQuery, ...]

    @property
    def volatile(self) -> bool:
        """The same rows give the same matches."""
        return False

    @property
    def pieces(self) -> list[tuple[str, ...]]:
        """The texts of its queries."""
        return [one for query in self.queries for one in (query.pieces, *query.aggregates) if one is not None]

    def bind(self, connect: Connect, check: Callable[[], None], slots: dict[str, str]) -> Callable[[Any], pa.Array]:
        """The function for one execution. `check` raises when the query is cancelled; `slots` fill the queries."""

        def run(rows: Any) -> pa.Array:
            with carried_errors():
                if isinstance(rows, pa.ChunkedArray):
                    rows = rows.combine_chunks()
                if isinstance(rows, pa.ChunkedArray):
                    rows = rows.chunk(0) if rows.num_chunks else pa.array([], rows.type)
                call = _Call(self, rows, connect, check, slots)
                try:
                    return call.result()
                finally:
                    call.close()

        return run


class _Call:
    def __init__(
        self,
        function: MatchFunction,
        rows: pa.ListArray,
        connect: Connect,
        check: Callable[[], None],
        slots: dict[str, str],
    ) -> None:
        self._node = function.node
        self._offsets = np.asarray(rows.offsets).tolist()
        self._valid = [one.is_valid for one in rows] if rows.null_count else [True] * len(rows)
        items = rows.values
        self._items = {items.type.field(i).name: items.field(i) for i in range(items.type.num_fields)}
        self._check = check
        values = [self._items[f"v{i}"] for i in range(len(self._node.values))]
        self._questions = Questions(function.queries, values, self._node.program.labels, connect, slots)

    def close(self) -> None:
        """Free what the call holds."""
        self._questions.close()

    def result(self) -> pa.Array:
        found: dict[int, FoundRows] = {}
        matchers = {}
        for index, valid in enumerate(self._valid):
            if valid:
                matcher = self._matcher(self._offsets[index], self._offsets[index + 1])
                found[index] = matcher.found
                matchers[index] = matcher.run()
        asked: dict[int, list[Request]] = {}
        answers: dict[int, list[bool] | None] = dict.fromkeys(matchers)
        while answers:
            asked.clear()
            for index, answer in answers.items():
                waiting = self._advanced(matchers[index], self._offsets[index], answer)
                if waiting:
                    asked[index] = waiting
            self._check()
            answers = dict(self._questions.answer([(i, self._offsets[i], one) for i, one in asked.items()]))
        return self._rows(found)

    def _advanced(self, matcher: Requests, base: int, answer: list[bool] | None) -> list[Request]:
        """Go on with a matcher until it asks what takes DuckDB; nothing when it has come to its end."""
        while True:
            try:
                asked = next(matcher) if answer is None else matcher.send(answer)
            except StopIteration:
                return []
            answer = []
            for one in asked:
                found = self._questions.answer_one(base, one)
                if found is None:
                    return asked
                answer.append(found)

    def _matcher(self, begin: int, end: int) -> PartitionMatcher:
        node = self._node
        conditions: list[list[bool] | int | None] = [None] * len(node.program.labels)
        for number, (label, _) in enumerate(node.conditions):
            answers = self._items[f"b{number}"].slice(begin, end - begin)
            conditions[label] = answers.fill_null(False).to_pylist()
        for number, dependent in enumerate(node.dependent):
            conditions[dependent.label] = number
        attempt = Attempt(node.program, conditions, equivalence(node.dependent), end - begin)
        ends = None
        if node.frame_end is not None:
            ends = self._items["e"].slice(begin, end - begin).to_pylist()
        navigations = tuple(one for _, one in node.navigations)
        classifiers = tuple(one for _, one in node.classifiers)
        return PartitionMatcher(node.program, attempt, end - begin, navigations, classifiers, self._check, ends)

    def _rows(self, found: dict[int, FoundRows]) -> pa.Array:
        """The rows found, with the numbers of rows instead of positions and the names of labels."""
        bases = {index: self._offsets[index] for index in found}
        counts = [len(found[index].kinds) if index in found else 0 for index in range(len(self._valid))]
        numbers = self._items["r"]
        labels = pa.array(self._node.program.labels, pa.string())

        def plain(column: Callable[[FoundRows], list[Any]], type_: pa.DataType) -> pa.Array:
            return pa.array([value for one in found.values() for value in column(one)], type_)

        def rows(column: Callable[[FoundRows], list[Any]]) -> pa.Array:
            places = [
                None if value is None else value + bases[index] for index, one in found.items() for value in column(one)
            ]
            return numbers.take(pa.array(places, pa.int64()))

        def names(column: Callable[[FoundRows], list[Any]]) -> pa.Array:
            return labels.take(plain(column, pa.int64()))

        columns = [
            plain(lambda one: one.numbers, pa.int64()),
            rows(lambda one: one.starts),
            plain(lambda one: one.positions, pa.int64()),
            rows(lambda one: one.currents),
            plain(lambda one: one.kinds, pa.int32()),
            names(lambda one: one.labels),
        ]
        columns += [rows(_navigated(i)) for i in range(len(self._node.navigations))]
        columns += [names(_classified(i)) for i in range(len(self._node.classifiers))]
        made = pa.StructArray.from_arrays(columns, [f"f{i}" for i in range(len(columns))])
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), made)


def _navigated(index: int) -> Callable[[FoundRows], list[Any]]:
    return lambda one: one.navigations[index]


def _classified(index: int) -> Callable[[FoundRows], list[Any]]:
    return lambda one: one.classifiers[index]
