"""The clauses of a row pattern that do not need types: labels, subsets, quantifiers, skips; the pattern as a program.

Source: Trino PatternRecognitionAnalyzer, IrRowPatternToProgramRewriter.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from lodestar_server.ir.nodes.patterns import Instruction, Opcode, SkipMode
from lodestar_server.spi.errors import (
    INVALID_LABEL,
    INVALID_PROCESSING_MODE,
    INVALID_RANGE,
    INVALID_ROW_PATTERN,
    NESTED_ROW_PATTERN_RECOGNITION,
    NOT_SUPPORTED,
    NUMERIC_VALUE_OUT_OF_RANGE,
    LodestarError,
)
from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser import ast, format_expression
from lodestar_server.sql.parser.ast.walk import walk

MAX_COUNT = 2**31 - 1
MAX_INSTRUCTIONS = 1_000_000
"""Permutations and counts multiply a pattern; more than this would not fit in memory."""


@frozen
class PatternClauses:
    """The clauses that MATCH_RECOGNIZE and a pattern window share."""

    measures: tuple[ast.MeasureDefinition, ...]
    skip_to: ast.SkipTo | None
    search_mode: ast.PatternSearchMode | None
    pattern: ast.RowPattern
    subsets: tuple[ast.SubsetDefinition, ...]
    definitions: tuple[ast.VariableDefinition, ...]


@frozen
class Labels:
    """`primary` labels by number; `known`: every label and subset in the standard's case → primary labels it means."""

    primary: tuple[str, ...]
    known: dict[str, frozenset[int]]


def analyze_labels(clauses: PatternClauses) -> Labels:
    """Check the clauses in Trino's order. Raises: LodestarError at the label, quantifier or part at fault."""
    names = [part.name.canonical for part in walk(clauses.pattern) if isinstance(part, ast.PatternVariable)]
    primary = tuple(dict.fromkeys(names))
    numbers = {name: index for index, name in enumerate(primary)}
    known = {name: frozenset((index,)) for name, index in numbers.items()}
    for subset in clauses.subsets:
        _check_subset(subset, numbers, known)
        known[subset.name.canonical] = frozenset(numbers[one.canonical] for one in subset.identifiers)
    defined: set[str] = set()
    for definition in clauses.definitions:
        _check_definition(definition, numbers, defined)
        defined.add(definition.name.canonical)
    for part in walk(clauses.pattern):
        if isinstance(part, ast.RangeQuantifier):
            _check_quantifier(part)
    skip = clauses.skip_to.identifier if clauses.skip_to is not None else None
    if skip is not None and skip.canonical not in known:
        message = f"{format_expression(skip)} is not a primary or union pattern variable"
        raise LodestarError(INVALID_LABEL, message, location=skip.at)
    for expression in (*(one.expression for one in clauses.measures), *(one.expression for one in clauses.definitions)):
        for part in walk(expression):
            if isinstance(part, ast.PatternRecognitionRelation | ast.RowPattern):
                message = "nested row pattern recognition in row pattern recognition"
                raise LodestarError(NESTED_ROW_PATTERN_RECOGNITION, message, location=part.at)
    return Labels(primary, known)


def _check_subset(subset: ast.SubsetDefinition, primary: dict[str, int], known: dict[str, frozenset[int]]) -> None:
    name, shown = subset.name.canonical, format_expression(subset.name)
    if name in primary:
        message = f"union pattern variable name: {shown} is a duplicate of primary pattern variable name"
        raise LodestarError(INVALID_LABEL, message, location=subset.name.at)
    if name in known:
        message = f"union pattern variable name: {shown} is declared twice"
        raise LodestarError(INVALID_LABEL, message, location=subset.name.at)
    for element in subset.identifiers:
        if element.canonical not in primary:
            message = f"subset element: {format_expression(element)} is not a primary pattern variable"
            raise LodestarError(INVALID_LABEL, message, location=element.at)


def _check_definition(definition: ast.VariableDefinition, primary: dict[str, int], defined: set[str]) -> None:
    name, shown = definition.name.canonical, format_expression(definition.name)
    if name not in primary:
        message = f"defined variable: {shown} is not a primary pattern variable"
        raise LodestarError(INVALID_LABEL, message, location=definition.name.at)
    if name in defined:
        message = f"pattern variable with name: {shown} is defined twice"
        raise LodestarError(INVALID_LABEL, message, location=definition.name.at)
    for part in walk(definition.expression):
        mode = part.processing_mode if isinstance(part, ast.FunctionCall) else None
        if mode is not None and mode.mode is ast.ProcessingModeType.FINAL:
            message = "FINAL semantics is not supported in DEFINE clause"
            raise LodestarError(INVALID_PROCESSING_MODE, message, location=mode.at)


def _check_quantifier(quantifier: ast.RangeQuantifier) -> None:
    low, high = _count(quantifier.at_least), _count(quantifier.at_most)
    code, message = NUMERIC_VALUE_OUT_OF_RANGE, None
    if low is not None and low > MAX_COUNT:
        message = f"Pattern quantifier lower bound must not exceed {MAX_COUNT}"
    elif high is not None and high < 1:
        message = "Pattern quantifier upper bound must be greater than or equal to 1"
    elif high is not None and high > MAX_COUNT:
        message = f"Pattern quantifier upper bound must not exceed {MAX_COUNT}"
    elif low is not None and high is not None and low > high:
        code, message = INVALID_RANGE, "Pattern quantifier lower bound must not exceed upper bound"
    if message is not None:
        raise LodestarError(code, message, location=quantifier.at)


def _count(value: ast.LongLiteral | None) -> int | None:
    return None if value is None else value.value


def refuse_exclusions(pattern: ast.RowPattern) -> None:
    """Raises: LodestarError(INVALID_ROW_PATTERN) at the first exclusion."""
    for part in walk(pattern):
        if isinstance(part, ast.ExcludedPattern):
            message = "Pattern exclusion syntax is not allowed when ALL ROWS PER MATCH WITH UNMATCHED ROWS is specified"
            raise LodestarError(INVALID_ROW_PATTERN, message, location=part.at)


def refuse_anchors(pattern: ast.RowPattern) -> None:
    """Raises: LodestarError(INVALID_ROW_PATTERN) at the first anchor."""
    for part in walk(pattern):
        if isinstance(part, ast.AnchorPattern):
            message = "Anchor pattern syntax is not allowed in window"
            raise LodestarError(INVALID_ROW_PATTERN, message, location=part.at)


def refuse_in_recursion(query: ast.Query) -> None:
    """WITH RECURSIVE has no row patterns inside. Raises: LodestarError(NESTED_ROW_PATTERN_RECOGNITION)."""
    for part in walk(query):
        if isinstance(part, ast.PatternRecognitionRelation | ast.RowPattern):
            message = "nested row pattern recognition in recursive query"
            raise LodestarError(NESTED_ROW_PATTERN_RECOGNITION, message, location=part.at)


def refuse_search_mode(mode: ast.PatternSearchMode | None) -> None:
    """Raises: LodestarError(NOT_SUPPORTED) for INITIAL or SEEK."""
    if mode is not None:
        message = f"Pattern search modifier: {mode.mode.value} is not allowed in MATCH_RECOGNIZE clause"
        raise LodestarError(NOT_SUPPORTED, message, location=mode.at)


_SKIPS = {one: SkipMode[one.name] for one in ast.SkipToPosition}


def skip_mode(skip_to: ast.SkipTo | None, labels: Labels) -> tuple[SkipMode, frozenset[int]]:
    """Where matching goes on, and the labels that FIRST and LAST look for."""
    if skip_to is None:
        return SkipMode.PAST_LAST, frozenset()
    wanted = frozenset[int]() if skip_to.identifier is None else labels.known[skip_to.identifier.canonical]
    return _SKIPS[skip_to.position], wanted


def compile_pattern(pattern: ast.RowPattern, labels: Labels) -> tuple[Instruction, ...]:
    """The pattern as instructions, DONE last."""
    compiler = _Compiler({name: index for index, name in enumerate(labels.primary)})
    compiler.emit(pattern)
    compiler.add(Instruction(Opcode.DONE))
    return tuple(compiler.instructions)


class _Compiler:
    def __init__(self, labels: dict[str, int]) -> None:
        self.instructions: list[Instruction] = []
        self._labels = labels

    def add(self, instruction: Instruction) -> int:
        if len(self.instructions) >= MAX_INSTRUCTIONS:
            raise LodestarError(NOT_SUPPORTED, "Row pattern is too large")
        self.instructions.append(instruction)
        return len(self.instructions) - 1

    @property
    def _next(self) -> int:
        return len(self.instructions)

    def _hole(self) -> int:
        return self.add(Instruction(Opcode.JUMP))

    def emit(self, pattern: ast.RowPattern) -> None:
        match pattern:
            case ast.PatternVariable():
                self.add(Instruction(Opcode.LABEL, self._labels[pattern.name.canonical]))
            case ast.AnchorPattern():
                at_start = pattern.type is ast.AnchorType.PARTITION_START
                self.add(Instruction(Opcode.START if at_start else Opcode.END))
            case ast.ExcludedPattern():
                self.add(Instruction(Opcode.SAVE))
                self.emit(pattern.pattern)
                self.add(Instruction(Opcode.SAVE))
            case ast.PatternConcatenation():
                for part in pattern.patterns:
                    self.emit(part)
            case ast.PatternAlternation():
                self._alternatives([(part,) for part in pattern.patterns])
            case ast.PatternPermutation():
                self._alternatives(permutations(pattern.patterns))
            case ast.QuantifiedPattern():
                self._quantified(pattern.pattern, pattern.quantifier)

    def _alternatives(self, parts: object) -> None:
        alternatives: list[Sequence[ast.RowPattern]] = list(parts)  # type: ignore[call-overload]
        jumps: list[int] = []
        for position, alternative in enumerate(alternatives):
            last = position == len(alternatives) - 1
            split = None if last else self._hole()
            for one in alternative:
                self.emit(one)
            if split is not None:
                jumps.append(self._hole())
                self.instructions[split] = Instruction(Opcode.SPLIT, split + 1, self._next)
        for jump in jumps:
            self.instructions[jump] = Instruction(Opcode.JUMP, self._next)

    def _quantified(self, pattern: ast.RowPattern, quantifier: ast.PatternQuantifier) -> None:
        low, high = _bounds(quantifier)
        if high is not None:
            self._counted(pattern, low, high, quantifier.greedy)
            return
        start = None if low else self._hole()
        loop = self._next
        for _ in range(max(low, 1)):
            loop = self._next
            self.emit(pattern)
        self._split(self._hole(), loop, self._next, quantifier.greedy)
        if start is not None:
            self._split(start, start + 1, self._next, quantifier.greedy)

    def _counted(self, pattern: ast.RowPattern, low: int, high: int, greedy: bool) -> None:
        for _ in range(low):
            self.emit(pattern)
        splits: list[int] = []
        for _ in range(low, high):
            splits.append(self._hole())
            self.emit(pattern)
        for split in splits:
            self._split(split, split + 1, self._next, greedy)

    def _split(self, at: int, taken: int, left: int, greedy: bool) -> None:
        first, second = (taken, left) if greedy else (left, taken)
        self.instructions[at] = Instruction(Opcode.SPLIT, first, second)


def _bounds(quantifier: ast.PatternQuantifier) -> tuple[int, int | None]:
    match quantifier:
        case ast.ZeroOrOneQuantifier():
            return 0, 1
        case ast.OneOrMoreQuantifier():
            return 1, None
        case ast.RangeQuantifier():
            return _count(quantifier.at_least) or 0, _count(quantifier.at_most)
    return 0, None
