"""The matches of one partition, one after the other, and the rows that they give.

Source: Trino PatternRecognitionPartition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lodestar_server.execution.kernel.matching.threads import Attempt, Match, Requests, resolve
from lodestar_server.ir.nodes.patterns import (
    ROW_EMPTY,
    ROW_HIDDEN,
    ROW_MATCHED,
    ROW_UNMATCHED,
    MatchRowsMode,
    Navigation,
    RowPatternProgram,
    SkipMode,
)
from lodestar_server.spi.errors import GENERIC_USER_ERROR, LodestarError

_SHOW_EMPTY = frozenset(MatchRowsMode) - {MatchRowsMode.ALL_OMIT_EMPTY}
_CHECK_EVERY = 256


@dataclass(slots=True)
class FoundRows:
    """Columns of the rows found. Rows are told by their positions in the partition."""

    numbers: list[int | None] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    currents: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    labels: list[int | None] = field(default_factory=list)
    navigations: list[list[int | None]] = field(default_factory=list)
    classifiers: list[list[int | None]] = field(default_factory=list)


@dataclass(slots=True)
class PartitionMatcher:
    """Runs through one partition. `frame_ends`, for windows: how many rows a match may reach beyond its own, by row."""

    program: RowPatternProgram
    attempt: Attempt
    size: int
    navigations: tuple[Navigation, ...]
    classifiers: tuple[Navigation, ...]
    check: Callable[[], None]
    frame_ends: list[int | None] | None = None
    found: FoundRows = field(default_factory=FoundRows)

    def run(self) -> Requests:
        """Fill `found`. Raises: LodestarError(GENERIC_USER_ERROR) when a skip cannot be made."""
        program, mode = self.program, self.program.mode
        self.found.navigations = [[] for _ in self.navigations]
        self.found.classifiers = [[] for _ in self.classifiers]
        skipped = matched = -1
        number = 1
        for row in range(self.size):
            if row % _CHECK_EVERY == 0:
                self.check()
            if row <= skipped:
                if mode is MatchRowsMode.EACH:
                    self._without_match(row, None, ROW_UNMATCHED)
                continue
            low, high = 0, self.size
            if self.frame_ends is not None:
                end = self.frame_ends[row]
                low, high = row, self.size if end is None else min(self.size, row + end + 1)
            start = row
            match: Match | None = yield from self.attempt.run(start, low, high, number)
            while match is None and not program.initial and start < high - 1:
                start += 1
                match = yield from self.attempt.run(start, low, high, number)
            if match is None:
                unmatched = mode is MatchRowsMode.ALL_WITH_UNMATCHED and row > matched
                if unmatched or mode is MatchRowsMode.EACH:
                    self._without_match(row, None, ROW_UNMATCHED)
                skipped = row
                continue
            if not match.labels:
                if mode in _SHOW_EMPTY:
                    self._without_match(row, number, ROW_EMPTY)
                skipped = row
            else:
                self._rows_of(match, row, start, low, high, number)
                matched = max(matched, start + len(match.labels) - 1)
                skipped = self._skip(match, row, start, low, high)
            number += 1

    def _without_match(self, row: int, number: int | None, kind: int) -> None:
        self._add(number, row, 0, row, kind, None)
        for column in (*self.found.navigations, *self.found.classifiers):
            column.append(None)

    def _add(self, number: int | None, start: int, position: int, row: int, kind: int, label: int | None) -> None:
        found = self.found
        found.numbers.append(number)
        found.starts.append(start)
        found.positions.append(position)
        found.currents.append(row)
        found.kinds.append(kind)
        found.labels.append(label)

    def _rows_of(self, match: Match, row: int, start: int, low: int, high: int, number: int) -> None:
        labels = match.labels
        last = len(labels) - 1
        single = self.program.mode in (MatchRowsMode.ONE, MatchRowsMode.EACH)
        excluded: set[int] = set()
        for begin, end in zip(match.exclusions[::2], match.exclusions[1::2], strict=True):
            excluded.update(range(begin, end))
        for position, label in enumerate(labels):
            shown = position == last if single else position not in excluded
            if not shown and not self.program.every_row:
                continue
            kind = ROW_MATCHED if shown else ROW_HIDDEN
            self._add(number, row, position, start + position, kind, label)
            for navigation, target in zip(self.navigations, self.found.navigations, strict=True):
                target.append(moved(navigation, labels, position, start, low, high) if shown else None)
            for navigation, target in zip(self.classifiers, self.found.classifiers, strict=True):
                reached = moved(navigation, labels, position, start, low, high) if shown else None
                inside = reached is not None and start <= reached <= start + last
                target.append(labels[reached - start] if inside and reached is not None else None)

    def _skip(self, match: Match, row: int, start: int, low: int, high: int) -> int:
        program = self.program
        last = len(match.labels) - 1
        if program.skip is SkipMode.PAST_LAST:
            return start + last
        if program.skip is SkipMode.NEXT:
            return row
        navigation = Navigation(program.skip_labels, program.skip is SkipMode.LAST, running=False)
        position = moved(navigation, match.labels, last, start, low, high)
        if position is None:
            message = "AFTER MATCH SKIP failed: pattern variable is not present in match"
            raise LodestarError(GENERIC_USER_ERROR, message)
        if position == start:
            message = "AFTER MATCH SKIP failed: cannot skip to first row of match"
            raise LodestarError(GENERIC_USER_ERROR, message)
        return position - 1


def moved(navigation: Navigation, labels: list[int], current: int, start: int, low: int, high: int) -> int | None:
    """The row of the partition where a navigation leads from a row of the match, None for nowhere."""
    position = resolve(navigation, labels, current)
    if position < 0:
        return None
    row = position + start + navigation.shift
    return row if low <= row < high else None
