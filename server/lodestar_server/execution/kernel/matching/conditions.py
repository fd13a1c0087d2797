"""Conditions of DEFINE that look at the match so far: asked of DuckDB, many at once.

What a condition reads (its slots) becomes the columns `s0`, `s1` … of a table with a row for each question; aggregates
are computed first, over a table of the rows that each question is about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.matching.shortcuts import Answer, is_plain, shortcut
from lodestar_server.execution.kernel.matching.threads import Request
from lodestar_server.ir import Expression
from lodestar_server.ir.nodes.patterns import AggregateSlot, ClassifierSlot, ColumnSlot, NumberSlot, Slot
from lodestar_server.spi.values import frozen

SLOTS, ROWS = "match_slots", "match_rows"
"""The tables that the queries read."""


@frozen
class ConditionQuery:
    """One condition as DuckDB text in pieces (see `LoweredStatement.pieces`), its slots in order, and for each slot
    that is an aggregate the pieces of its query; `values` says for a slot which columns of the rows it reads.
    """

    pieces: tuple[str, ...]
    slots: tuple[Slot, ...]
    aggregates: tuple[tuple[str, ...] | None, ...]
    values: tuple[tuple[int, ...], ...]
    condition: Expression


Asked = tuple[int, int, Request]
"""Partition, where its rows begin in the columns, question."""


class Questions:
    """The conditions of one call of a matcher. `values` are the columns of all rows, partition after partition."""

    def __init__(
        self,
        queries: tuple[ConditionQuery, ...],
        values: Sequence[pa.Array],
        labels: tuple[str, ...],
        connect: Callable[[], Any],
        slots: dict[str, str],
    ) -> None:
        self._queries = queries
        self._values = values
        self._labels = pa.array(labels, pa.string())
        self._connect = connect
        self._filled = slots
        self._cursor: Any = None
        self._shortcuts = [_shortcut(query) for query in queries]
        self._names = labels
        self._plain: dict[int, list[Any]] = {}

    def answer(self, asked: Sequence[tuple[int, int, list[Request]]]) -> list[tuple[int, list[bool]]]:
        """Answers for the questions of each partition, in their order."""
        flat: list[Asked] = [(index, base, one) for index, base, requests in asked for one in requests]
        given: dict[int, bool] = {}
        for number, query in enumerate(self._queries):
            places = [place for place, (_, _, one) in enumerate(flat) if one.condition == number]
            if places:
                given.update(zip(places, self._ask(query, [flat[place] for place in places]), strict=True))
        answers: list[tuple[int, list[bool]]] = []
        place = 0
        for index, _, requests in asked:
            answers.append((index, [given[place + i] for i in range(len(requests))]))
            place += len(requests)
        return answers

    def close(self) -> None:
        """Give the connection back."""
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    def answer_one(self, base: int, one: Request) -> bool | None:
        """The answer without DuckDB, None when it takes that."""
        answer = self._shortcuts[one.condition]
        if answer is None:
            return None
        query = self._queries[one.condition]
        return answer([self._plain_value(slot, i, query, base, one) for i, slot in enumerate(query.slots)]) is True

    def _plain_value(self, slot: Slot, index: int, query: ConditionQuery, base: int, one: Request) -> Any:
        match slot:
            case ColumnSlot(navigation=navigation):
                row = one.reached(navigation)
                return None if row is None else self._plain_column(query.values[index][0])[base + row]
            case ClassifierSlot(navigation=navigation):
                row = one.reached(navigation)
                inside = row is not None and 0 <= row - one.start < one.length
                return self._names[one.labels[row - one.start]] if inside and row is not None else None
            case NumberSlot():
                return one.number
        return one.length if not slot.labels else sum(label in slot.labels for label in one.labels)

    def _plain_column(self, index: int) -> list[Any]:
        known = self._plain.get(index)
        if known is None:
            known = self._plain[index] = self._values[index].to_pylist()
        return known

    def _ask(self, query: ConditionQuery, asked: list[Asked]) -> list[bool]:
        columns = [
            self._slot(slot, aggregate, values, asked)
            for slot, aggregate, values in zip(query.slots, query.aggregates, query.values, strict=True)
        ]
        names = [f"s{i}" for i in range(len(columns))]
        columns.append(pa.array(range(len(asked)), pa.int64()))
        table = pa.Table.from_arrays(columns, names=[*names, "k"])
        return [bool(one) for one in self._run(query.pieces, SLOTS, table).to_pylist()]

    def _run(self, pieces: tuple[str, ...], name: str, table: pa.Table) -> pa.Array:
        if self._cursor is None:
            self._cursor = self._connect()
        self._cursor.register(name, table)
        text = "".join(self._filled[piece] if i % 2 else piece for i, piece in enumerate(pieces))
        found = self._cursor.sql(text).to_arrow_table().column("v").combine_chunks()
        self._cursor.unregister(name)
        return found

    def _slot(
        self, slot: Slot, aggregate: tuple[str, ...] | None, values: tuple[int, ...], asked: list[Asked]
    ) -> pa.Array:
        match slot:
            case ColumnSlot(navigation=navigation):
                places = []
                for _, base, one in asked:
                    row = one.reached(navigation)
                    places.append(None if row is None else base + row)
                return self._values[values[0]].take(pa.array(places, pa.int64()))
            case ClassifierSlot(navigation=navigation):
                marks: list[int | None] = []
                for _, _, one in asked:
                    row = one.reached(navigation)
                    inside = row is not None and 0 <= row - one.start < one.length
                    marks.append(one.labels[row - one.start] if inside and row is not None else None)
                return self._labels.take(pa.array(marks, pa.int64()))
            case NumberSlot():
                return pa.array([one.number for _, _, one in asked], pa.int64())
        assert aggregate is not None
        return self._run(aggregate, ROWS, self._aggregated(slot, values, asked))

    def _aggregated(self, slot: AggregateSlot, values: tuple[int, ...], asked: list[Asked]) -> pa.Table:
        """The rows to aggregate by question `k`, and one row without `p` for each, so that none is missing."""
        keys: list[int] = []
        present: list[bool] = []
        places: list[int | None] = []
        marks: list[int | None] = []
        numbers: list[int] = []
        for key, (_, base, one) in enumerate(asked):
            keys.append(key)
            present.append(False)
            places.append(None)
            marks.append(None)
            numbers.append(one.number)
            for position, label in enumerate(one.labels):
                if slot.labels and label not in slot.labels:
                    continue
                keys.append(key)
                present.append(True)
                places.append(base + one.start + position)
                marks.append(label)
                numbers.append(one.number)
        indexes = pa.array(places, pa.int64())
        columns = {
            "k": pa.array(keys, pa.int64()),
            "p": pa.array(present, pa.bool_()),
            "o": indexes,
            "l": self._labels.take(pa.array(marks, pa.int64())),
            "n": pa.array(numbers, pa.int64()),
        }
        for index in values:
            columns[f"v{index}"] = self._values[index].take(indexes)
        return pa.table(columns)


def _shortcut(query: ConditionQuery) -> Answer | None:
    """The condition as a function of its slots' values, when all of them are plain."""
    for slot in query.slots:
        if isinstance(slot, ColumnSlot) and not is_plain(slot.symbol.type):
            return None
        if isinstance(slot, AggregateSlot) and (slot.call.function.name != "count" or slot.call.arguments):
            return None
    return shortcut(query.condition, {slot.symbol: i for i, slot in enumerate(query.slots)})
