"""Queries: WITH, SELECT and its clauses, VALUES, TABLE, set operations, ORDER BY, LIMIT."""

from __future__ import annotations

from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import DECIMAL, DOUBLE, END, INTEGER, NAME_KINDS
from lodestar_server.sql.parser.routines import RoutineParser
from lodestar_server.sql.parser.strings import decode_integer

_QUANTIFIED_SET_OPERATIONS = {"UNION": ast.Union, "EXCEPT": ast.Except, "INTERSECT": ast.Intersect}
_GROUPING_SETS = {"ROLLUP": ast.GroupingSetsType.ROLLUP, "CUBE": ast.GroupingSetsType.CUBE}
_SIGNS = frozenset({"NOT", "+"})
# What may follow a list in parentheses; anything else continues an expression.
_AFTER_LIST = frozenset(
    {",", ")", END, "HAVING", "WINDOW", "UNION", "EXCEPT", "INTERSECT", "ORDER", "OFFSET", "LIMIT", "FETCH", "WITH"}
    | {"PRUNE", "KEEP", "COPARTITION", ";", "ROW", "ROWS"}
)
_NUMBERS = frozenset({INTEGER, DECIMAL, DOUBLE})


class QueryParser(RoutineParser):
    """The part of the grammar that asks."""

    __slots__ = ()

    # WITH

    def root_query_with_session(self) -> ast.Query:
        """The query of a statement, which may set session properties."""
        start = self.pos
        if not self._session_follows():
            return self.root_query()
        self.pos += 2
        properties = self.comma_separated(self._session_property)
        query = self.root_query()
        return self._with_prefix(query, properties, query.functions, start)

    def _session_follows(self) -> bool:
        # SESSION may be the name of a WITH query: `WITH session AS (…)`, `WITH session (a) AS (…)`.
        if not self.looking_at("WITH", "SESSION"):
            return False
        return self.kinds[self.pos + 2] in NAME_KINDS

    def _session_property(self) -> ast.SessionProperty:
        start = self.pos
        name = self.qualified_name()
        self.expect("=")
        return ast.SessionProperty(name, self.expression(), at=self.at(start))

    def root_query(self) -> ast.Query:
        """A query that may start with inline functions."""
        start = self.pos
        if not (self.looking_at("WITH", "FUNCTION") and self.kinds[self.pos + 2] in NAME_KINDS):
            return self.query()
        self.pos += 1
        functions = self.comma_separated(self.function_specification)
        query = self.query()
        return self._with_prefix(query, (), functions, start)

    def _with_prefix(
        self,
        query: ast.Query,
        properties: tuple[ast.SessionProperty, ...],
        functions: tuple[ast.FunctionSpecification, ...],
        start: int,
    ) -> ast.Query:
        return ast.Query(
            properties,
            functions,
            query.with_,
            query.body,
            query.order_by,
            query.offset,
            query.limit,
            at=self.at(start),
        )

    def query(self) -> ast.Query:
        """A query that may start with WITH."""
        start = self.pos
        self.enter()
        if self.kinds[start] != "WITH":
            query = self._query_no_with(None)
        else:
            with_ = self._with()
            plain = self._query_no_with(None)
            query = ast.Query(
                (), (), with_, plain.body, plain.order_by, plain.offset, plain.limit, at=self.tokens.location(start)
            )
        self.depth -= 1
        return query

    def _with(self) -> ast.With:
        start = self.pos
        self.pos += 1
        recursive = self.accept("RECURSIVE")
        return ast.With(recursive, self.comma_separated(self._named_query), at=self.at(start))

    def _named_query(self) -> ast.WithQuery:
        start = self.pos
        name = self.identifier()
        columns = self.column_aliases() if self.kinds[self.pos] == "(" else None
        self.expect("AS", "(")
        query = self.query()
        self.expect(")")
        return ast.WithQuery(name, query, columns, at=self.at(start))

    # ORDER BY, OFFSET, LIMIT

    def query_after(self, body: ast.QueryBody, start: int) -> ast.Query:
        """The query without WITH whose first term is already read; it began at token `start`."""
        return self._query_no_with((body, start))

    def _query_no_with(self, first: tuple[ast.QueryBody, int] | None) -> ast.Query:
        start = self.pos if first is None else first[1]
        body = self._terms(first)
        order_by = self.order_by()
        kinds = self.kinds
        offset = None
        if kinds[self.pos] == "OFFSET":
            offset = self._offset()
        limit: ast.Limit | ast.FetchFirst | None = None
        kind = kinds[self.pos]
        if kind == "LIMIT":
            limit = self._limit()
        elif kind == "FETCH":
            limit = self._fetch_first()
        at = self.tokens.location(start)
        if isinstance(body, ast.QuerySpecification):
            if order_by is not None or offset is not None or limit is not None:
                body = ast.QuerySpecification(
                    body.select,
                    body.from_,
                    body.where,
                    body.group_by,
                    body.having,
                    body.windows,
                    order_by,
                    offset,
                    limit,
                    at=at,
                )
            return ast.Query((), (), None, body, at=at)
        return ast.Query((), (), None, body, order_by, offset, limit, at=at)

    def _offset(self) -> ast.Offset:
        start = self.pos
        self.pos += 1
        count = self._row_count()
        if self.kinds[self.pos] in ("ROW", "ROWS"):
            self.pos += 1
        return ast.Offset(count, at=self.at(start))

    def _limit(self) -> ast.Limit:
        start = self.pos
        self.pos += 1
        count: ast.Expression
        if self.kinds[self.pos] == "ALL":
            count = ast.AllRows(at=self.at(self.pos))
            self.pos += 1
        else:
            count = self._row_count()
        return ast.Limit(count, at=self.at(start))

    def _fetch_first(self) -> ast.FetchFirst:
        start = self.pos
        self.pos += 1
        self.expect_one_of("FIRST", "NEXT")
        count = None
        if self.kinds[self.pos] not in ("ROW", "ROWS"):
            count = self._row_count()
        self.expect_one_of("ROW", "ROWS")
        with_ties = not self.accept("ONLY")
        if with_ties:
            self.expect("WITH", "TIES")
        return ast.FetchFirst(count, with_ties, at=self.at(start))

    def _row_count(self) -> ast.Expression:
        start = self.pos
        if self.kinds[start] == "?":
            return self.parameter()
        self.expect(INTEGER)
        at = self.at(start)
        return ast.LongLiteral(decode_integer(self.texts[start], at), self.texts[start], at=at)

    # terms

    def _terms(self, first: tuple[ast.QueryBody, int] | None) -> ast.QueryBody:
        """Terms with set operations between; INTERSECT binds tighter, all lean left."""
        body = self._intersection(first)
        while self.kinds[self.pos] in ("UNION", "EXCEPT"):
            self.folds += 1
            start = self.pos
            make = _QUANTIFIED_SET_OPERATIONS[self.kinds[start]]
            self.pos += 1
            distinct, corresponding = self._set_quantifier(), self._corresponding()
            body = make(distinct, body, self._intersection(None), corresponding, at=self.at(start))
        return body

    def _intersection(self, first: tuple[ast.QueryBody, int] | None) -> ast.QueryBody:
        body = self._query_primary() if first is None else first[0]
        while self.kinds[self.pos] == "INTERSECT":
            self.folds += 1
            start = self.pos
            self.pos += 1
            distinct, corresponding = self._set_quantifier(), self._corresponding()
            body = ast.Intersect(distinct, body, self._query_primary(), corresponding, at=self.at(start))
        return body

    def _set_quantifier(self) -> bool:
        if self.accept("ALL"):
            return False
        self.accept("DISTINCT")
        return True

    def _corresponding(self) -> ast.Corresponding | None:
        start = self.pos
        if not self.accept("CORRESPONDING"):
            return None
        columns = self.column_aliases() if self.accept("BY") else ()
        return ast.Corresponding(columns, at=self.at(start))

    def _query_primary(self) -> ast.QueryBody:
        start = self.pos
        kind = self.kinds[start]
        if kind == "SELECT":
            return self._query_specification()
        if kind == "(":
            self.pos += 1
            self.enter()
            query = self._query_no_with(None)
            self.depth -= 1
            self.expect(")")
            return ast.TableSubquery(query, at=self.at(start))
        if kind == "VALUES":
            self.pos += 1
            return ast.Values(self.comma_separated(self.expression), at=self.at(start))
        if kind == "TABLE":
            self.pos += 1
            return ast.Table(self.qualified_name(), at=self.at(start))
        self.refuse()

    # SELECT

    def _query_specification(self) -> ast.QuerySpecification:
        start = self.pos
        at = self.tokens.location(start)
        kinds = self.kinds
        self.pos = start + 1
        distinct = False
        kind = kinds[self.pos]
        items: tuple[ast.SelectItem, ...] | None = None
        if kind == "DISTINCT":
            self.pos += 1
            distinct = True
        elif kind == "ALL":
            # ALL may be a column: `SELECT all FROM t`, `SELECT all.x`.
            items = self.attempt(self._items_after_all)
        if items is None:
            items = self.comma_separated(self._select_item)
        from_ = where = group_by = having = None
        windows: tuple[ast.WindowDefinition, ...] = ()
        if kinds[self.pos] == "FROM":
            self.pos += 1
            from_ = self.relation()
            while kinds[self.pos] == ",":
                self.pos += 1
                self.folds += 1
                from_ = ast.Join(ast.JoinType.IMPLICIT, from_, self.relation(), None, at=at)
        if kinds[self.pos] == "WHERE":
            self.pos += 1
            where = self.expression()
        if kinds[self.pos] == "GROUP":
            self.pos += 1
            self.expect("BY")
            group_by = self._group_by()
        if kinds[self.pos] == "HAVING":
            self.pos += 1
            having = self.expression()
        if kinds[self.pos] == "WINDOW":
            self.pos += 1
            windows = self.comma_separated(self.window_definition)
        select = ast.Select(distinct, items, at=at)
        return ast.QuerySpecification(select, from_, where, group_by, having, windows, at=at)

    def _items_after_all(self) -> tuple[ast.SelectItem, ...]:
        self.pos += 1
        return self.comma_separated(self._select_item)

    def _select_item(self) -> ast.SelectItem:
        start = self.pos
        kinds = self.kinds
        kind = kinds[start]
        if kind == "*":
            self.pos = start + 1
            return ast.AllColumns(at=self.at(start))
        if kind in _SIGNS or (kind == "-" and kinds[start + 1] not in _NUMBERS):
            expression = self.expression()
        else:
            expression = self.primary_expression()
            if kinds[self.pos] == ".":
                return self._all_columns_of(expression, start)
            expression = self.expression_after(self.value_after_primary(expression), start)
        alias = None
        kind = kinds[self.pos]
        if kind == "AS":
            self.pos += 1
            alias = self.identifier()
        elif kind in NAME_KINDS and self.alias_follows():
            alias = self.identifier()
        return ast.SingleColumn(expression, alias, at=self.tokens.location(start))

    def _all_columns_of(self, target: ast.Expression, start: int) -> ast.AllColumns:
        self.expect(".", "*")
        aliases = self.column_aliases() if self.accept("AS") else ()
        return ast.AllColumns(target, aliases, at=self.at(start))

    # GROUP BY

    def _group_by(self) -> ast.GroupBy:
        start = self.pos
        at = self.at(start)
        if self.accept("DISTINCT"):
            return ast.GroupBy(True, self.comma_separated(self._grouping_element), at=at)
        if self.kinds[start] == "ALL":
            elements = self.attempt(self._elements_after_all)
            if elements is not None:
                return ast.GroupBy(False, elements, at=at)
        return ast.GroupBy(False, self.comma_separated(self._grouping_element), at=at)

    def _elements_after_all(self) -> tuple[ast.GroupingElement, ...]:
        self.pos += 1
        return self.comma_separated(self._grouping_element)

    def _grouping_element(self) -> ast.GroupingElement:
        start = self.pos
        kind = self.kinds[start]
        at = self.at(start)
        if kind == "AUTO":
            self.pos += 1
            return ast.AutoGroupBy(at=at)
        if kind in _GROUPING_SETS:
            self.pos += 1
            self.expect("(")
            sets: tuple[tuple[ast.Expression, ...], ...] = ()
            if self.kinds[self.pos] != ")":
                sets = self.comma_separated(self._grouping_set)
            self.expect(")")
            if not sets:
                raise LodestarError(GENERIC_INTERNAL_ERROR, "grouping sets cannot be empty")
            return ast.GroupingSets(_GROUPING_SETS[kind], sets, at=at)
        if self.accept_all("GROUPING", "SETS"):
            return ast.GroupingSets(ast.GroupingSetsType.EXPLICIT, self.parenthesized(self._grouping_set), at=at)
        return ast.SimpleGroupBy(self._grouping_set(), at=at)

    def _grouping_set(self) -> tuple[ast.Expression, ...]:
        if self.list_follows():
            self.pos += 1
            self.enter()
            columns = () if self.kinds[self.pos] == ")" else self.comma_separated(self.expression)
            self.depth -= 1
            self.expect(")")
            return columns
        return (self.expression(),)

    def list_follows(self) -> bool:
        """Whether a list in parentheses starts here, and not an expression that begins with a parenthesis."""
        kinds = self.kinds
        index = self.pos
        if kinds[index] != "(" or kinds[index + 1] in ("SELECT", "VALUES", "TABLE", "WITH"):
            return False
        depth = 0
        while True:
            kind = kinds[index]
            index += 1
            if kind == "(":
                depth += 1
            elif kind == ")":
                depth -= 1
                if not depth:
                    return kinds[index] in _AFTER_LIST
            elif kind == END:
                return True
