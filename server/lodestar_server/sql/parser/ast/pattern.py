"""Row patterns: what MATCH_RECOGNIZE and pattern windows add."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression
from lodestar_server.sql.parser.ast.literals import LongLiteral
from lodestar_server.sql.parser.ast.names import Identifier
from lodestar_server.sql.parser.ast.node import Node


class RowPattern(Node):
    """A regular expression over rows."""


class PatternVariable(RowPattern):
    """A primary or union variable."""

    name: Identifier


class EmptyPattern(RowPattern):
    """`()`."""


class AnchorType(Enum):
    """`^` or `$`."""

    PARTITION_START = "^"
    PARTITION_END = "$"


class AnchorPattern(RowPattern):
    """The partition's first or last row."""

    type: AnchorType


class ExcludedPattern(RowPattern):
    """`{- pattern -}`."""

    pattern: RowPattern


class PatternAlternation(RowPattern):
    """`a | b`."""

    patterns: tuple[RowPattern, ...]


class PatternConcatenation(RowPattern):
    """`a b`."""

    patterns: tuple[RowPattern, ...]


class PatternPermutation(RowPattern):
    """`PERMUTE(a, b)`."""

    patterns: tuple[RowPattern, ...]


class PatternQuantifier(Node):
    """How often; reluctant when not greedy."""

    greedy: bool


class ZeroOrMoreQuantifier(PatternQuantifier):
    """`*`."""


class OneOrMoreQuantifier(PatternQuantifier):
    """`+`."""


class ZeroOrOneQuantifier(PatternQuantifier):
    """`?`."""


class RangeQuantifier(PatternQuantifier):
    """`{n}`, `{n,}`, `{,m}`, `{n,m}`."""

    at_least: LongLiteral | None
    at_most: LongLiteral | None


class QuantifiedPattern(RowPattern):
    """A pattern and its quantifier."""

    pattern: RowPattern
    quantifier: PatternQuantifier


class ProcessingModeType(Enum):
    """RUNNING or FINAL."""

    RUNNING = "RUNNING"
    FINAL = "FINAL"


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


class SkipTo(Node):
    """AFTER MATCH SKIP …; the identifier belongs to FIRST and LAST (`SKIP TO x` is LAST)."""

    position: SkipToPosition
    identifier: Identifier | None = None


class PatternSearchModeType(Enum):
    """INITIAL or SEEK."""

    INITIAL = "INITIAL"
    SEEK = "SEEK"


class PatternSearchMode(Node):
    """INITIAL or SEEK in front of PATTERN."""

    mode: PatternSearchModeType


class MeasureDefinition(Node):
    """`expression AS name` under MEASURES."""

    expression: Expression
    name: Identifier


class SubsetDefinition(Node):
    """`name = (a, b)` under SUBSET."""

    name: Identifier
    identifiers: tuple[Identifier, ...]


class VariableDefinition(Node):
    """`name AS expression` under DEFINE."""

    name: Identifier
    expression: Expression
