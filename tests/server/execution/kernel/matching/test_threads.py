"""Attempts to match: preference, loops without rows, cost, and questions about the match so far."""

from __future__ import annotations

import pytest

from lodestar_server.execution.kernel.matching.threads import Attempt, Match, Request, equivalence, resolve
from lodestar_server.ir import TRUE, Symbol
from lodestar_server.ir.nodes.patterns import (
    ColumnSlot,
    LabelCondition,
    MatchRowsMode,
    Navigation,
    RowPatternProgram,
    SkipMode,
)
from lodestar_server.spi.types import BIGINT
from lodestar_server.sql.analysis.patterns.labels import PatternClauses, analyze_labels, compile_pattern
from lodestar_server.sql.parser import parse_row_pattern

COLUMN = Symbol(1, BIGINT)


def program_of(pattern: str) -> RowPatternProgram:
    parsed = parse_row_pattern(pattern)
    labels = analyze_labels(PatternClauses((), None, None, parsed, (), ()))
    return RowPatternProgram(labels.primary, compile_pattern(parsed, labels), MatchRowsMode.ONE, SkipMode.PAST_LAST)


def attempt(pattern: str, rows: str, start: int = 0) -> str | None:
    """The labels of the match over rows of which each is a letter that its label's condition wants; `X` is any row."""
    program = program_of(pattern)
    conditions: list[list[bool] | int | None] = [
        None if label == "X" else [row == label for row in rows] for label in program.labels
    ]
    requests = Attempt(program, conditions, None, len(rows)).run(start, 0, len(rows), 1)
    with pytest.raises(StopIteration) as stopped:
        next(requests)
    match = stopped.value.value
    return None if match is None else "".join(program.labels[label] for label in match.labels)


@pytest.mark.parametrize(
    ("pattern", "rows", "labels"),
    [
        ("A B+", "ABBC", "ABB"),
        ("A B+?", "ABBC", "AB"),
        ("A B{2}", "ABBB", "ABB"),
        ("A B{,2}", "ABBB", "ABB"),
        ("A B{1,2}?", "ABBB", "AB"),
        ("A B{3,}", "ABB", None),
        ("A | A B", "AB", "A"),
        ("A B | A", "AB", "AB"),
        ("X | A", "A", "X"),
        ("PERMUTE(A, B, C)", "CAB", "CAB"),
        ("PERMUTE(A, X)", "AA", "AX"),
        ("(A | B)* C", "ABBAC", "ABBAC"),
        ("A $", "AB", None),
        ("A+ $", "AA", "AA"),
        ("^ A", "AA", "A"),
        ("A*", "B", ""),
        ("()", "A", ""),
        ("(A*)* B", "AAB", "AAB"),
        ("(() | A)* B", "B", "B"),
        ("(A?){3} B", "AAB", "AAB"),
        ("{- A -} B", "AB", "AB"),
    ],
)
def test_the_preferred_match_is_found(pattern: str, rows: str, labels: str | None) -> None:
    assert attempt(pattern, rows) == labels


def test_the_start_of_the_partition_is_not_the_start_of_the_match() -> None:
    assert attempt("^ A", "AA", start=1) is None


def test_an_exclusion_is_remembered_by_its_bounds() -> None:
    program = program_of("A {- B B -} A")
    conditions: list[list[bool] | int | None] = [None, None]
    with pytest.raises(StopIteration) as stopped:
        next(Attempt(program, conditions, None, 4).run(0, 0, 4, 1))
    assert stopped.value.value == Match([0, 1, 1, 0], [1, 3])


def test_equal_threads_are_one() -> None:
    """Without this an attempt would follow two to the fortieth paths."""
    assert attempt("(A | A)* B", "A" * 40) is None


def test_a_dependent_condition_is_asked_with_the_row_under_its_label() -> None:
    program = program_of("A B+")
    slot = ColumnSlot(COLUMN, COLUMN, Navigation(labels=frozenset((0,))))
    view = equivalence((LabelCondition(1, TRUE, (slot,)),))
    requests = Attempt(program, [None, 0], view, 3).run(0, 0, 3, 7)
    assert next(requests) == [Request(0, [0, 1], 0, 0, 3, 7)]
    assert requests.send([True]) == [Request(0, [0, 1, 1], 0, 0, 3, 7)]
    with pytest.raises(StopIteration) as stopped:
        requests.send([False])
    assert stopped.value.value == Match([0, 1], [])


@pytest.mark.parametrize(
    ("navigation", "current", "position"),
    [
        (Navigation(), 2, 2),
        (Navigation(offset=1), 2, 1),
        (Navigation(offset=3), 2, -1),
        (Navigation(running=False), 1, 4),
        (Navigation(frozenset((1,))), 3, 2),
        (Navigation(frozenset((1,)), offset=1), 4, 2),
        (Navigation(frozenset((1,)), last=False), 0, 1),
        (Navigation(frozenset((1,)), last=False, offset=2), 0, 4),
        (Navigation(frozenset((2,))), 4, -1),
    ],
)
def test_navigation(navigation: Navigation, current: int, position: int) -> None:
    assert resolve(navigation, [0, 1, 1, 0, 1], current) == position
