"""Row patterns: what MATCH_RECOGNIZE and pattern windows add."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Node
from lodestar_server.sql.parser.ast.literals import LongLiteral
from lodestar_server.sql.parser.ast.names import Identifier


@dataclass(frozen=True, slots=True)
class RowPattern(Node):
    """A regular expression over rows."""


@dataclass(frozen=True, slots=True)
class PatternVariable(RowPattern):
    """A primary or union variable."""

    name: Identifier


@dataclass(frozen=True, slots=True)
class EmptyPattern(RowPattern):
    """`()`."""


class AnchorType(Enum):
    """`^` or `$`."""

    PARTITION_START = "^"
    PARTITION_END = "$"


@dataclass(frozen=True, slots=True)
class AnchorPattern(RowPattern):
    """The partition's first or last row."""

    type: AnchorType


@dataclass(frozen=True, slots=True)
class ExcludedPattern(RowPattern):
    """`{- pattern -}`."""

    pattern: RowPattern


@dataclass(frozen=True, slots=True)
class PatternAlternation(RowPattern):
    """`a | b`."""

    patterns: tuple[RowPattern, ...]


@dataclass(frozen=True, slots=True)
class PatternConcatenation(RowPattern):
    """`a b`."""

    patterns: tuple[RowPattern, ...]


@dataclass(frozen=True, slots=True)
class PatternPermutation(RowPattern):
    """`PERMUTE(a, b)`."""

    patterns: tuple[RowPattern, ...]


@dataclass(frozen=True, slots=True)
class PatternQuantifier(Node):
    """How often; reluctant when not greedy."""

    greedy: bool


@dataclass(frozen=True, slots=True)
class ZeroOrMoreQuantifier(PatternQuantifier):
    """`*`."""


@dataclass(frozen=True, slots=True)
class OneOrMoreQuantifier(PatternQuantifier):
    """`+`."""


@dataclass(frozen=True, slots=True)
class ZeroOrOneQuantifier(PatternQuantifier):
    """`?`."""


@dataclass(frozen=True, slots=True)
class RangeQuantifier(PatternQuantifier):
    """`{n}`, `{n,}`, `{,m}`, `{n,m}`."""

    at_least: LongLiteral | None
    at_most: LongLiteral | None


@dataclass(frozen=True, slots=True)
class QuantifiedPattern(RowPattern):
    """A pattern and its quantifier."""

    pattern: RowPattern
    quantifier: PatternQuantifier


class ProcessingModeType(Enum):
    """RUNNING or FINAL."""

    RUNNING = "RUNNING"
    FINAL = "FINAL"


@dataclass(frozen=True, slots=True)
class ProcessingMode(Node):
    """RUNNING or FINAL in front of a function inside MEASURES or DEFINE."""

    mode: ProcessingModeType


class RowsPerMatch(Enum):
    """What a match yields; WINDOW is what a pattern window means and cannot be written."""

    ONE = "ONE ROW PER MATCH"
    ALL_SHOW_EMPTY = "ALL ROWS PER MATCH SHOW EMPTY MATCHES"
    ALL_OMIT_EMPTY = "ALL ROWS PER MATCH OMIT EMPTY MATCHES"
    ALL_WITH_UNMATCHED = "ALL ROWS PER MATCH WITH UNMATCHED ROWS"


class SkipToPosition(Enum):
    """Where matching resumes."""

    PAST_LAST = "PAST LAST ROW"
    NEXT = "TO NEXT ROW"
    FIRST = "TO FIRST"
    LAST = "TO LAST"


@dataclass(frozen=True, slots=True)
class SkipTo(Node):
    """AFTER MATCH SKIP …; the identifier belongs to FIRST and LAST (`SKIP TO x` is LAST)."""

    position: SkipToPosition
    identifier: Identifier | None = None


class PatternSearchModeType(Enum):
    """INITIAL or SEEK."""

    INITIAL = "INITIAL"
    SEEK = "SEEK"


@dataclass(frozen=True, slots=True)
class PatternSearchMode(Node):
    """INITIAL or SEEK in front of PATTERN."""

    mode: PatternSearchModeType


@dataclass(frozen=True, slots=True)
class MeasureDefinition(Node):
    """`expression AS name` under MEASURES."""

    expression: Expression
    name: Identifier


@dataclass(frozen=True, slots=True)
class SubsetDefinition(Node):
    """`name = (a, b)` under SUBSET."""

    name: Identifier
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class VariableDefinition(Node):
    """`name AS expression` under DEFINE."""

    name: Identifier
    expression: Expression
