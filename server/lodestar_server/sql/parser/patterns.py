"""Row patterns and the clauses that MATCH_RECOGNIZE and pattern windows share."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import INTEGER, NAME_KINDS
from lodestar_server.sql.parser.strings import decode_integer
from lodestar_server.sql.parser.types import TypeParser

_PRIMARY_STARTS = NAME_KINDS | {"(", "^", "$", "{-"}
_AFTER_SKIP_TO = frozenset({"INITIAL", "SEEK", "PATTERN", "SUBSET", "DEFINE", ")"})


class PatternParser(TypeParser):
    """The part of the grammar that describes sequences of rows."""

    __slots__ = ()

    # the pattern: alternation binds loosest, both operators lean left

    def row_pattern(self) -> ast.RowPattern:
        """A row pattern."""
        self.enter()
        start = self.pos
        pattern = self._concatenation()
        while self.kinds[self.pos] == "|":
            self.pos += 1
            self.folds += 1
            pattern = ast.PatternAlternation((pattern, self._concatenation()), at=self.at(start))
        self.depth -= 1
        return pattern

    def _concatenation(self) -> ast.RowPattern:
        start = self.pos
        pattern = self._quantified()
        while self.kinds[self.pos] in _PRIMARY_STARTS:
            self.folds += 1
            pattern = ast.PatternConcatenation((pattern, self._quantified()), at=self.at(start))
        return pattern

    def _quantified(self) -> ast.RowPattern:
        start = self.pos
        primary = self._pattern_primary()
        quantifier = self._pattern_quantifier()
        if quantifier is None:
            return primary
        return ast.QuantifiedPattern(primary, quantifier, at=self.at(start))

    def _pattern_primary(self) -> ast.RowPattern:
        start = self.pos
        kind = self.kinds[start]
        if kind == "(":
            self.pos += 1
            if self.accept(")"):
                return ast.EmptyPattern(at=self.at(start))
            grouped = self.row_pattern()
            self.expect(")")
            return grouped
        if kind == "^" or kind == "$":
            self.pos += 1
            return ast.AnchorPattern(ast.AnchorType(kind), at=self.at(start))
        if kind == "{-":
            self.pos += 1
            excluded = self.row_pattern()
            self.expect("-}")
            return ast.ExcludedPattern(excluded, at=self.at(start))
        if kind == "PERMUTE" and self.kinds[start + 1] == "(" and self.kinds[start + 2] != ")":
            permutation = self.attempt(self._permutation)
            if permutation is not None:
                return permutation
        return ast.PatternVariable(self.identifier(), at=self.at(start))

    def _permutation(self) -> ast.PatternPermutation:
        # `PERMUTE(A B)` is a variable before a group.
        start = self.pos
        self.pos += 1
        patterns = self.parenthesized(self.row_pattern)
        if len(patterns) < 2:
            self.refuse()
        return ast.PatternPermutation(patterns, at=self.at(start))

    def _pattern_quantifier(self) -> ast.PatternQuantifier | None:
        start = self.pos
        kind = self.kinds[start]
        at = self.at(start)
        if kind == "*":
            self.pos += 1
            return ast.ZeroOrMoreQuantifier(self._greedy(), at=at)
        if kind == "+":
            self.pos += 1
            return ast.OneOrMoreQuantifier(self._greedy(), at=at)
        if kind == "?":
            self.pos += 1
            return ast.ZeroOrOneQuantifier(self._greedy(), at=at)
        if kind != "{":
            return None
        self.pos += 1
        at_least = self._count_if_present()
        if at_least is not None and self.accept("}"):
            return ast.RangeQuantifier(self._greedy(), at_least, at_least, at=at)
        self.expect(",")
        at_most = self._count_if_present()
        self.expect("}")
        return ast.RangeQuantifier(self._greedy(), at_least, at_most, at=at)

    def _greedy(self) -> bool:
        return not self.accept("?")

    def _count_if_present(self) -> ast.LongLiteral | None:
        pos = self.pos
        if not self.accept(INTEGER):
            return None
        at = self.at(pos)
        return ast.LongLiteral(decode_integer(self.texts[pos], at), self.texts[pos], at=at)

    # the clauses around it

    def measures(self) -> tuple[ast.MeasureDefinition, ...]:
        """MEASURES, if present."""
        if not self.accept("MEASURES"):
            return ()
        return self.comma_separated(self._measure)

    def _measure(self) -> ast.MeasureDefinition:
        start = self.pos
        expression = self.expression()
        self.expect("AS")
        return ast.MeasureDefinition(expression, self.identifier(), at=self.at(start))

    def after_match_skip_to(self) -> ast.SkipTo | None:
        """AFTER MATCH SKIP …, if present."""
        if not self.accept_all("AFTER", "MATCH"):
            return None
        start = self.pos
        at = self.at(start)
        self.expect("SKIP")
        if self.accept_all("PAST", "LAST", "ROW"):
            return ast.SkipTo(ast.SkipToPosition.PAST_LAST, at=at)
        self.expect("TO")
        if self.accept_all("NEXT", "ROW"):
            return ast.SkipTo(ast.SkipToPosition.NEXT, at=at)
        kind = self.kinds[self.pos]
        position = ast.SkipToPosition.LAST
        # FIRST and LAST may be variables, too: `SKIP TO first PATTERN (…)`.
        if kind in ("FIRST", "LAST") and self.at_name(1) and self.kinds[self.pos + 2] in _AFTER_SKIP_TO:
            self.pos += 1
            if kind == "FIRST":
                position = ast.SkipToPosition.FIRST
        return ast.SkipTo(position, self.identifier(), at=at)

    def pattern_search_mode(self) -> ast.PatternSearchMode | None:
        """INITIAL or SEEK, if present."""
        start = self.pos
        if self.accept("INITIAL"):
            return ast.PatternSearchMode(ast.PatternSearchModeType.INITIAL, at=self.at(start))
        if self.accept("SEEK"):
            return ast.PatternSearchMode(ast.PatternSearchModeType.SEEK, at=self.at(start))
        return None

    def pattern_clause(self) -> ast.RowPattern:
        """PATTERN (…)."""
        self.expect("PATTERN", "(")
        pattern = self.row_pattern()
        self.expect(")")
        return pattern

    def subsets(self) -> tuple[ast.SubsetDefinition, ...]:
        """SUBSET, if present."""
        if not self.accept("SUBSET"):
            return ()
        return self.comma_separated(self._subset)

    def _subset(self) -> ast.SubsetDefinition:
        start = self.pos
        name = self.identifier()
        self.expect("=")
        return ast.SubsetDefinition(name, self.parenthesized(self.identifier), at=self.at(start))

    def variable_definitions(self) -> tuple[ast.VariableDefinition, ...]:
        """The list after DEFINE."""
        return self.comma_separated(self._variable_definition)

    def _variable_definition(self) -> ast.VariableDefinition:
        start = self.pos
        name = self.identifier()
        self.expect("AS")
        return ast.VariableDefinition(name, self.expression(), at=self.at(start))
