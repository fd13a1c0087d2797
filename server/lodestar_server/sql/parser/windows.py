"""Windows: OVER, the WINDOW clause, frames; and ORDER BY, which they share with queries."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.patterns import PatternParser

_FRAME_TYPES = {entry.value: entry for entry in ast.WindowFrameType}
_ASCENDING = ast.Ordering.ASCENDING
_UNDEFINED = ast.NullOrdering.UNDEFINED


class WindowParser(PatternParser):
    """The part of the grammar that orders and frames rows."""

    __slots__ = ()

    def order_by(self) -> ast.OrderBy | None:
        """ORDER BY, if present."""
        start = self.pos
        if not self.accept_all("ORDER", "BY"):
            return None
        return ast.OrderBy(self.comma_separated(self.sort_item), at=self.at(start))

    def sort_item(self) -> ast.SortItem:
        """One key of ORDER BY."""
        start = self.pos
        key = self.expression()
        ordering = _ASCENDING
        kind = self.kinds[self.pos]
        if kind == "ASC":
            self.pos += 1
        elif kind == "DESC":
            self.pos += 1
            ordering = ast.Ordering.DESCENDING
        nulls = _UNDEFINED
        if self.accept("NULLS"):
            nulls = ast.NullOrdering[self.expect_one_of("FIRST", "LAST")]
        return ast.SortItem(key, ordering, nulls, at=self.at(start))

    def over(self) -> ast.Window:
        """What follows OVER. A reference is at the OVER, a specification behind its parenthesis."""
        start = self.pos - 1
        if self.accept("("):
            self.enter()
            specification = self.window_specification()
            self.depth -= 1
            self.expect(")")
            return specification
        return ast.WindowReference(self.identifier(), at=self.at(start))

    def window_definition(self) -> ast.WindowDefinition:
        """`name AS (specification)`."""
        start = self.pos
        name = self.identifier()
        self.expect("AS", "(")
        specification = self.window_specification()
        self.expect(")")
        return ast.WindowDefinition(name, specification, at=self.at(start))

    def window_specification(self) -> ast.WindowSpecification:
        """What stands in the parentheses of a window."""
        if self.at_name() and not self.looking_at("PARTITION", "BY"):
            # ROWS, RANGE, GROUPS and MEASURES may be names of windows: they are when no frame starts here.
            if self.kinds[self.pos] in _FRAME_TYPES or self.kinds[self.pos] == "MEASURES":
                frame_only = self.attempt(self._specification_to_the_end)
                if frame_only is not None:
                    return frame_only
            return self._specification(self.pos, self.identifier())
        return self._specification(self.pos, None)

    def _specification_to_the_end(self) -> ast.WindowSpecification:
        specification = self._specification(self.pos, None)
        if self.kinds[self.pos] != ")":
            self.refuse()
        return specification

    def _specification(self, start: int, existing: ast.Identifier | None) -> ast.WindowSpecification:
        partition_by = self.partition_by()
        order_by = self.order_by()
        frame = None
        if self.kinds[self.pos] in _FRAME_TYPES or self.kinds[self.pos] == "MEASURES":
            frame = self._frame()
        return ast.WindowSpecification(existing, partition_by, order_by, frame, at=self.at(start))

    def partition_by(self) -> tuple[ast.Expression, ...]:
        """PARTITION BY, if present."""
        if not self.accept_all("PARTITION", "BY"):
            return ()
        return self.comma_separated(self.expression)

    def _frame(self) -> ast.WindowFrame:
        start = self.pos
        measures = self.measures()
        frame_type = _FRAME_TYPES.get(self.kinds[self.pos])
        if frame_type is None:
            self.refuse()
        self.pos += 1
        end = None
        if self.accept("BETWEEN"):
            first = self._frame_bound()
            self.expect("AND")
            end = self._frame_bound()
        else:
            first = self._frame_bound()
        skip_to = self.after_match_skip_to()
        search_mode = self.pattern_search_mode()
        pattern = self.pattern_clause() if self.kinds[self.pos] == "PATTERN" else None
        subsets = self.subsets()
        definitions = self.variable_definitions() if self.accept("DEFINE") else ()
        return ast.WindowFrame(
            frame_type,
            first,
            end,
            measures,
            skip_to,
            search_mode,
            pattern,
            subsets,
            definitions,
            at=self.at(start),
        )

    def _frame_bound(self) -> ast.FrameBound:
        start = self.pos
        at = self.at(start)
        if self.accept_all("UNBOUNDED", "PRECEDING"):
            return ast.FrameBound(ast.FrameBoundType.UNBOUNDED_PRECEDING, at=at)
        if self.accept_all("UNBOUNDED", "FOLLOWING"):
            return ast.FrameBound(ast.FrameBoundType.UNBOUNDED_FOLLOWING, at=at)
        if self.accept_all("CURRENT", "ROW"):
            return ast.FrameBound(ast.FrameBoundType.CURRENT_ROW, at=at)
        value = self.expression()
        kind = ast.FrameBoundType[self.expect_one_of("PRECEDING", "FOLLOWING")]
        return ast.FrameBound(kind, value, at=at)
