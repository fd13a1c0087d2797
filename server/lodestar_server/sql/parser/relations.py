"""What stands in FROM: tables, joins, UNNEST, LATERAL, table functions, samples and MATCH_RECOGNIZE."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.json_functions import JsonParser
from lodestar_server.sql.parser.lexer import INTEGER, NAME_KINDS

_JOINS = {
    "JOIN": ast.JoinType.INNER,
    "INNER": ast.JoinType.INNER,
    "LEFT": ast.JoinType.LEFT,
    "RIGHT": ast.JoinType.RIGHT,
    "FULL": ast.JoinType.FULL,
}
_JOIN_STARTS = frozenset({*_JOINS, "CROSS", "NATURAL"})
_ROW_COUNTS = frozenset({INTEGER, "?"})
_PERIODS = {entry.value: entry for entry in ast.QueryPeriodType}
_SAMPLES = {entry.value: entry for entry in ast.SampleType}
_EMPTY_MATCHES = {"SHOW": ast.RowsPerMatch.ALL_SHOW_EMPTY, "OMIT": ast.RowsPerMatch.ALL_OMIT_EMPTY}
# Words that may be aliases and may start the clause after one.
_CLAUSE_WORDS = frozenset({"LIMIT", "OFFSET", "FETCH", "WINDOW", "TABLESAMPLE", "MATCH_RECOGNIZE"})
_AFTER_QUERY_TERM = frozenset({")", "UNION", "INTERSECT", "EXCEPT", "ORDER"})


class RelationParser(JsonParser):
    """The part of the grammar that makes rows."""

    __slots__ = ()

    def relation(self) -> ast.Relation:
        """One element of FROM, joins included."""
        start = self.pos
        return self._joined(self._sampled(start, self._relation_primary()), start)

    def _joined(self, left: ast.Relation, start: int) -> ast.Relation:
        """Fold the joins that follow onto `left`; an inner `ON` belongs to the nearest JOIN without one."""
        kinds = self.kinds
        while kinds[self.pos] in _JOIN_STARTS:
            self.folds += 1
            at = self.at(start)
            place = self.pos
            kind = kinds[place]
            self.pos += 1
            if kind == "CROSS":
                self.expect("JOIN")
                right_start = self.pos
                right = self._sampled(right_start, self._relation_primary())
                left = ast.Join(ast.JoinType.CROSS, left, right, None, at=at)
                continue
            criteria: ast.JoinCriteria
            if kind == "NATURAL":
                join_type = self._join_type()
                right_start = self.pos
                right = self._sampled(right_start, self._relation_primary())
                left = ast.Join(join_type, left, right, ast.NaturalJoin(at=self.at(place)), at=at)
                continue
            self.pos -= 1
            join_type = self._join_type()
            self.enter()
            right = self.relation()
            self.depth -= 1
            criteria_start = self.at(self.pos)
            if self.accept("ON"):
                criteria = ast.JoinOn(self.expression(), at=criteria_start)
            else:
                self.expect("USING")
                criteria = ast.JoinUsing(self.parenthesized(self.identifier), at=criteria_start)
            left = ast.Join(join_type, left, right, criteria, at=at)
        return left

    def _join_type(self) -> ast.JoinType:
        kind = self.kinds[self.pos]
        join_type = _JOINS.get(kind)
        if join_type is None:
            self.refuse()
        if kind != "JOIN":
            self.pos += 1
            if kind != "INNER":
                self.accept("OUTER")
        self.expect("JOIN")
        return join_type

    def _sampled(self, start: int, primary: ast.Relation) -> ast.Relation:
        """Alias, MATCH_RECOGNIZE and TABLESAMPLE behind a relation; most relations have at most the first."""
        relation = primary
        kinds = self.kinds
        kind = kinds[self.pos]
        if kind == "AS" or kind in NAME_KINDS:
            relation = self._aliased(relation, start)
        if kinds[self.pos] == "MATCH_RECOGNIZE" and kinds[self.pos + 1] == "(":
            relation = self._pattern_recognition(relation, start)
        if kinds[self.pos] == "TABLESAMPLE" and kinds[self.pos + 1] in _SAMPLES:
            self.pos += 1
            sample = _SAMPLES[kinds[self.pos]]
            self.pos += 1
            self.expect("(")
            percentage = self.expression()
            self.expect(")")
            relation = ast.SampledRelation(relation, sample, percentage, at=self.at(start))
        return relation

    def _aliased(self, relation: ast.Relation, start: int) -> ast.Relation:
        if not self.accept("AS") and not self.alias_follows():
            return relation
        alias = self.identifier()
        columns = self.column_aliases() if self._column_aliases_follow() else None
        return ast.AliasedRelation(relation, alias, columns, at=self.at(start))

    def _column_aliases_follow(self) -> bool:
        return self.kinds[self.pos] == "("

    def alias_follows(self) -> bool:
        """Whether the current token is an alias without AS, not the word that starts the next clause."""
        kinds = self.kinds
        pos = self.pos
        kind = kinds[pos]
        if kind not in _CLAUSE_WORDS:
            return kind in NAME_KINDS
        following = kinds[pos + 1]
        if kind == "LIMIT":
            return following not in _ROW_COUNTS and following != "ALL"
        if kind == "OFFSET":
            return following not in _ROW_COUNTS
        if kind == "FETCH":
            return following not in ("FIRST", "NEXT")
        if kind == "WINDOW":
            return not (following in NAME_KINDS and kinds[pos + 2] == "AS")
        if kind == "TABLESAMPLE":
            return not (following in _SAMPLES and kinds[pos + 2] == "(")
        # MATCH_RECOGNIZE: `t match_recognize (a, b)` is an alias with columns.
        return not (following == "(" and not (kinds[pos + 2] in NAME_KINDS and kinds[pos + 3] in (",", ")")))

    # MATCH_RECOGNIZE

    def _pattern_recognition(self, relation: ast.Relation, start: int) -> ast.Relation:
        self.expect("MATCH_RECOGNIZE", "(")
        self.enter()
        partition_by = self.partition_by()
        order_by = self.order_by()
        measures = self.measures()
        rows_per_match = self._rows_per_match()
        skip_to = self.after_match_skip_to()
        search_mode = self.pattern_search_mode()
        pattern = self.pattern_clause()
        subsets = self.subsets()
        self.expect("DEFINE")
        definitions = self.variable_definitions()
        self.expect(")")
        self.depth -= 1
        recognized = ast.PatternRecognitionRelation(
            relation,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            skip_to,
            search_mode,
            pattern,
            subsets,
            definitions,
            at=self.at(start),
        )
        return self._aliased(recognized, start)

    def _rows_per_match(self) -> ast.RowsPerMatch | None:
        if self.accept("ONE"):
            self.expect("ROW", "PER", "MATCH")
            return ast.RowsPerMatch.ONE
        if not self.accept("ALL"):
            return None
        self.expect("ROWS", "PER", "MATCH")
        kind = self.kinds[self.pos]
        if kind in _EMPTY_MATCHES:
            self.pos += 1
            self.expect("EMPTY", "MATCHES")
            return _EMPTY_MATCHES[kind]
        if self.accept("WITH"):
            self.expect("UNMATCHED", "ROWS")
            return ast.RowsPerMatch.ALL_WITH_UNMATCHED
        return ast.RowsPerMatch.ALL_SHOW_EMPTY

    # primaries

    def _relation_primary(self) -> ast.Relation:
        start = self.pos
        kind = self.kinds[start]
        if kind in NAME_KINDS:
            if kind == "LATERAL" and self.kinds[start + 1] == "(":
                self.pos += 2
                self.enter()
                query = self.query()
                self.depth -= 1
                self.expect(")")
                return ast.Lateral(query, at=self.at(start))
            name = self.qualified_name()
            period = self._query_period() if self.kinds[self.pos] == "FOR" else None
            return ast.Table(name, period, at=name.original_parts[0].at)
        if kind == "(":
            return self._query_or_relation()[1]
        if kind == "UNNEST":
            return self._unnest()
        if kind == "TABLE":
            return self._table_function_invocation()
        if kind == "JSON_TABLE":
            return self.json_table()
        self.refuse()

    def _query_period(self) -> ast.QueryPeriod:
        start = self.pos
        self.pos += 1
        kind = self.expect_one_of(*_PERIODS)
        self.expect("AS", "OF")
        return ast.QueryPeriod(_PERIODS[kind], None, self.value_expression(), at=self.at(start))

    def _unnest(self) -> ast.Unnest:
        start = self.pos
        self.pos += 1
        self.enter()
        expressions = self.parenthesized(self.expression)
        self.depth -= 1
        with_ordinality = self.accept_all("WITH", "ORDINALITY")
        return ast.Unnest(expressions, with_ordinality, at=self.at(start))

    def _query_or_relation(self) -> tuple[ast.QueryBody | None, ast.Relation]:
        """What a parenthesis in FROM is: as a term of a query around it (None if it cannot be one) and as a relation.
        What can be both is a query; one pass reads both.
        """
        start = self.pos
        at = self.at(start)
        self.expect("(")
        self.enter()
        kind = self.kinds[self.pos]
        if kind in ("SELECT", "VALUES", "WITH") or (kind == "TABLE" and self.kinds[self.pos + 1] in NAME_KINDS):
            query = self.query()
            may_be_term = query.with_ is None
        else:
            body: ast.QueryBody | None = None
            if kind == "(":
                body, primary = self._query_or_relation()
            else:
                primary = self._relation_primary()
            if body is None or not self._term_ends_here():
                relation = self._joined(self._sampled(start + 1, primary), start + 1)
                self.depth -= 1
                self.expect(")")
                return None, relation
            query = self.query_after(body, start + 1)
            may_be_term = True
        self.depth -= 1
        self.expect(")")
        subquery = ast.TableSubquery(query, at=at)
        return subquery if may_be_term else None, subquery

    def _term_ends_here(self) -> bool:
        """Whether what follows a query in parentheses continues a query and not a relation."""
        kind = self.kinds[self.pos]
        return kind in _AFTER_QUERY_TERM or (kind in ("LIMIT", "OFFSET", "FETCH") and not self.alias_follows())

    # table functions

    def _table_function_invocation(self) -> ast.TableFunctionInvocation:
        self.expect("TABLE", "(")
        self.enter()
        start = self.pos
        name = self.qualified_name()
        self.expect("(")
        arguments: tuple[ast.TableFunctionArgument, ...] = ()
        if self.kinds[self.pos] != ")":
            arguments = self.comma_separated(self._table_function_argument)
        copartitioning: tuple[tuple[ast.QualifiedName, ...], ...] = ()
        if self.accept("COPARTITION"):
            copartitioning = self.comma_separated(self._copartition_tables)
        self.expect(")", ")")
        self.depth -= 1
        return ast.TableFunctionInvocation(name, arguments, copartitioning, at=self.at(start))

    def _copartition_tables(self) -> tuple[ast.QualifiedName, ...]:
        tables = self.parenthesized(self.qualified_name)
        if len(tables) < 2:
            self.refuse()
        return tables

    def _table_function_argument(self) -> ast.TableFunctionArgument:
        start = self.pos
        name = None
        if self.at_name() and self.kinds[self.pos + 1] == "=>":
            name = self.identifier()
            self.pos += 1
        return ast.TableFunctionArgument(name, self._table_function_value(), at=self.at(start))

    def _table_function_value(self) -> ast.Node:
        kind = self.kinds[self.pos]
        if kind == "TABLE":
            return self._table_argument()
        if (kind == "DESCRIPTOR" and self.kinds[self.pos + 1] == "(") or self.looking_at("CAST", "(", "NULL", "AS"):
            # `descriptor(a)` describes columns unless more of an expression follows.
            descriptor = self.attempt(self._descriptor_argument)
            if descriptor is not None:
                return descriptor
        return self.expression()

    def _descriptor_argument(self) -> ast.TableFunctionDescriptorArgument:
        start = self.pos
        at = self.at(start)
        if self.accept("DESCRIPTOR"):
            fields = self.parenthesized(self._descriptor_field)
            argument = ast.TableFunctionDescriptorArgument(ast.Descriptor(fields, at=at), at=at)
        else:
            self.expect("CAST", "(", "NULL", "AS", "DESCRIPTOR", ")")
            argument = ast.TableFunctionDescriptorArgument(None, at=at)
        if self.kinds[self.pos] not in (",", ")", "COPARTITION"):
            self.refuse()
        return argument

    def _descriptor_field(self) -> ast.DescriptorField:
        start = self.pos
        name = self.identifier()
        type_ = None if self.kinds[self.pos] in (",", ")") else self.type()
        return ast.DescriptorField(name, type_, at=self.at(start))

    def _table_argument(self) -> ast.TableFunctionTableArgument:
        start = self.pos
        table = self._table_argument_relation()
        partition_by = order_by = treatment = None
        if self.accept_all("PARTITION", "BY"):
            partition_by = self._partition_columns()
        place = self.pos
        if self.kinds[place] in ("PRUNE", "KEEP"):
            kind = ast.EmptyTableTreatmentType[self.kinds[place]]
            self.pos += 1
            self.expect("WHEN", "EMPTY")
            treatment = ast.EmptyTableTreatment(kind, at=self.at(place))
        place = self.pos
        if self.accept_all("ORDER", "BY"):
            order_by = ast.OrderBy(self._sort_items(), at=self.at(place))
        return ast.TableFunctionTableArgument(table, partition_by, order_by, treatment, at=self.at(start))

    def _table_argument_relation(self) -> ast.Relation:
        start = self.pos
        at = self.at(start)
        self.expect("TABLE", "(")
        self.enter()
        relation: ast.Relation
        if self.at_name():
            relation = ast.Table(self.qualified_name(), at=at)
        else:
            relation = ast.TableSubquery(self.query(), at=at)
        self.depth -= 1
        self.expect(")")
        with_as = self.accept("AS")
        if not with_as and not self._argument_alias_follows():
            return relation
        alias = self.identifier()
        columns = self.column_aliases() if self._column_aliases_follow() else None
        if not with_as and not alias.delimited and alias.value.upper() == "COPARTITION":
            raise self.fault(
                'The word "COPARTITION" is ambiguous in this context. '
                'To alias an argument, precede the alias with "AS". '
                "To specify co-partitioning, change the argument order so that the last argument cannot be aliased.",
                alias.at,
            )
        return ast.AliasedRelation(relation, alias, columns, at=at)

    def _argument_alias_follows(self) -> bool:
        kind, following = self.kinds[self.pos], self.kinds[self.pos + 1]
        if (kind == "PARTITION" and following == "BY") or (kind in ("PRUNE", "KEEP") and following == "WHEN"):
            return False
        if kind == "COPARTITION" and following == "(" and self.kinds[self.pos + 3] == ".":
            return False
        return kind in NAME_KINDS

    def _partition_columns(self) -> tuple[ast.Expression, ...]:
        if self.list_follows():
            self.pos += 1
            columns = () if self.kinds[self.pos] == ")" else self.comma_separated(self.expression)
            self.expect(")")
            return columns
        return (self.expression(),)

    def _sort_items(self) -> tuple[ast.SortItem, ...]:
        if self.list_follows():
            return self.parenthesized(self.sort_item)
        return (self.sort_item(),)

    def list_follows(self) -> bool:
        """Whether a list in parentheses starts here, and not an expression that begins with a parenthesis."""
        raise NotImplementedError
