"""One attempt to match: the pattern's program over the rows from one position on, all paths at once.

Threads stand in order of preference, and a thread that would go on exactly as a more preferred one is dropped, so an
attempt costs rows × instructions where conditions do not look at the match, and cannot loop without taking a row.
Source: Trino Matcher and ThreadEquivalence.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from lodestar_server.ir.nodes.patterns import (
    AggregateSlot,
    ClassifierSlot,
    ColumnSlot,
    LabelCondition,
    Navigation,
    Opcode,
    RowPatternProgram,
)
from lodestar_server.spi.values import frozen

Chain = tuple[Any, int] | None
"""What a thread gathered, newest first: threads that part share what came before."""


@dataclass(slots=True)
class Request:
    """Is the dependent condition `condition` true on the last of the rows taken, `length` of them under the labels in
    `chain`? `start` and the bounds `low` and `high` are positions inside the partition.
    """

    condition: int
    chain: Chain
    length: int
    start: int
    low: int
    high: int
    number: int
    _labels: list[int] | None = field(default=None, compare=False, repr=False)

    @property
    def labels(self) -> list[int]:
        """The labels of the rows taken."""
        if self._labels is None:
            self._labels = unchained(self.chain)
        return self._labels

    def reached(self, navigation: Navigation) -> int | None:
        """The row of the partition where a navigation leads, None for nowhere."""
        position = self._position(navigation)
        if position < 0:
            return None
        row = position + self.start + navigation.shift
        return row if self.low <= row < self.high else None

    def _position(self, navigation: Navigation) -> int:
        if not navigation.labels:
            position = self.length - 1 - navigation.offset if navigation.last else navigation.offset
            return position if 0 <= position < self.length else -1
        if not navigation.last:
            return resolve(navigation, self.labels, self.length - 1)
        chain, position, skipped = self.chain, self.length - 1, navigation.offset
        while chain is not None:
            chain, label = chain
            if label in navigation.labels:
                if not skipped:
                    return position
                skipped -= 1
            position -= 1
        return -1


Requests = Generator[list[Request], list[bool], Any]
"""Asks for conditions that look at the match; the answers are sent in."""


@frozen
class Match:
    """The labels of the rows taken, and where exclusions begin and end, in pairs."""

    labels: list[int]
    exclusions: list[int]


def unchained(chain: Chain) -> list[int]:
    """The values of a chain, oldest first."""
    found = []
    while chain is not None:
        chain, value = chain
        found.append(value)
    found.reverse()
    return found


def resolve(navigation: Navigation, labels: list[int], current: int) -> int:
    """The position in the match where a navigation leads before its shift, -1 for nowhere. `current` likewise."""
    # FIRST looks at the whole match under RUNNING, too: Trino's way, not the standard's.
    last = current if navigation.running and navigation.last else len(labels) - 1
    wanted = navigation.labels
    if not wanted:
        found = last - navigation.offset if navigation.last else navigation.offset
        return found if 0 <= found <= last else -1
    skipped = navigation.offset
    positions = range(last, -1, -1) if navigation.last else range(last + 1)
    for position in positions:
        if labels[position] in wanted:
            if not skipped:
                return position
            skipped -= 1
    return -1


def equivalence(dependent: tuple[LabelCondition, ...]) -> Callable[[list[int]], tuple[Any, ...]] | None:
    """What conditions see of the labels so far: threads at one place with the same view go on alike. None: nothing."""
    rows: set[Navigation] = set()
    marks: set[Navigation] = set()
    sums: set[tuple[frozenset[int], bool]] = set()
    for condition in dependent:
        for slot in condition.slots:
            match slot:
                case ColumnSlot(navigation=navigation) if navigation.labels:
                    rows.update(_with_nearer(navigation))
                case ClassifierSlot(navigation=navigation):
                    marks.update(_with_nearer(navigation))
                case AggregateSlot(labels=wanted, classifier=classifier) if wanted or classifier is not None:
                    sums.add((wanted, classifier is not None))
    if not rows and not marks and not sums:
        return None

    def view(labels: list[int]) -> tuple[Any, ...]:
        last = len(labels) - 1
        seen: list[Any] = [resolve(one, labels, last) for one in rows]
        for one in marks:
            position = resolve(one, labels, last)
            seen.append(labels[position] if position >= 0 else -1)
        for wanted, marked in sums:
            taken = [i for i, label in enumerate(labels) if not wanted or label in wanted]
            seen.append((tuple(taken), tuple(labels[i] for i in taken) if marked else ()))
        return tuple(seen)

    return view


def _with_nearer(navigation: Navigation) -> list[Navigation]:
    return [
        Navigation(navigation.labels, navigation.last, True, offset) for offset in range(min(navigation.offset, 64) + 1)
    ]


class Attempt:
    """Attempts over one partition of `size` rows. `conditions` holds for each label its answers row by row, None for a
    label that is always true, or the number of its dependent condition."""

    def __init__(
        self,
        program: RowPatternProgram,
        conditions: list[list[bool] | int | None],
        view: Callable[[list[int]], tuple[Any, ...]] | None,
        size: int,
    ) -> None:
        self._instructions = [(one.opcode, one.first, one.second) for one in program.instructions]
        self._conditions = conditions
        self._view = view
        self._size = size

    def run(self, start: int, low: int, high: int, number: int) -> Requests:
        """Match from row `start` on, inside the rows from `low` to before `high`. Returns a Match or None."""
        length = high - start
        found: tuple[Chain, Chain] | None = None
        current: list[tuple[int, Chain, Chain]] = []
        self._advance(current, {}, 0, None, None, 0, length, start == 0)
        for index in range(length):
            if not current:
                break
            row = start + index
            answers = yield from self._asked(current, index + 1, start, low, high, number)
            following: list[tuple[int, Chain, Chain]] = []
            visited: dict[int, set[Any]] = {}
            for place, (pointer, labels, saves) in enumerate(current):
                opcode, label, _ = self._instructions[pointer]
                if opcode is Opcode.DONE:
                    found = (labels, saves)
                    break
                condition = self._conditions[label]
                if condition is None or (answers[place] if isinstance(condition, int) else condition[row]):
                    self._advance(
                        following, visited, pointer + 1, (labels, label), saves, index + 1, length, start == 0
                    )
            current = following
        for pointer, labels, saves in current:
            if self._instructions[pointer][0] is Opcode.DONE:
                found = (labels, saves)
                break
        return None if found is None else Match(unchained(found[0]), unchained(found[1]))

    def _asked(
        self, current: list[tuple[int, Chain, Chain]], length: int, start: int, low: int, high: int, number: int
    ) -> Requests:
        """Answers for the threads whose conditions depend on the match, by the thread's place."""
        places: list[int] = []
        requests: list[Request] = []
        for place, (pointer, labels, _) in enumerate(current):
            opcode, label, _second = self._instructions[pointer]
            if opcode is Opcode.DONE:
                break
            condition = self._conditions[label]
            if isinstance(condition, int):
                places.append(place)
                requests.append(Request(condition, (labels, label), length, start, low, high, number))
        if not requests:
            return {}
        return dict(zip(places, (yield requests), strict=True))

    def _advance(
        self,
        threads: list[tuple[int, Chain, Chain]],
        visited: dict[int, set[Any]],
        pointer: int,
        labels: Chain,
        saves: Chain,
        index: int,
        length: int,
        at_start: bool,
    ) -> None:
        """Follow the program to the next instructions that take a row, the preferred path first."""
        view = None if self._view is None or labels is None else self._view(unchained(labels))
        pending = [(pointer, saves)]
        while pending:
            pointer, saves = pending.pop()
            while True:
                seen = visited.setdefault(pointer, set())
                if view in seen:
                    break
                seen.add(view)
                opcode, first, second = self._instructions[pointer]
                if opcode is Opcode.SPLIT:
                    pending.append((second, saves))
                    pointer = first
                elif opcode is Opcode.JUMP:
                    pointer = first
                elif opcode is Opcode.SAVE:
                    saves = (saves, index)
                    pointer += 1
                elif opcode is Opcode.START:
                    if index or not at_start:
                        break
                    pointer += 1
                elif opcode is Opcode.END:
                    if index != length:
                        break
                    pointer += 1
                else:
                    threads.append((pointer, labels, saves))
                    break
