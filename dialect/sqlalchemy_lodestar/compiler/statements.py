"""SELECT, INSERT, UPDATE, DELETE and the expressions in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import exc
from sqlalchemy.sql import elements, operators, sqltypes, visitors
from sqlalchemy.sql.compiler import OPERATORS, SQLCompiler

from lodestar.types.literals import text_literal
from sqlalchemy_lodestar.compiler.identifiers import LodestarIdentifierPreparer
from sqlalchemy_lodestar.types import ARRAY, MAP, ROW

_FUNCTION_OF_BITS = {
    operators.bitwise_and_op: "bitwise_and",
    operators.bitwise_or_op: "bitwise_or",
    operators.bitwise_xor_op: "bitwise_xor",
    operators.bitwise_lshift_op: "bitwise_left_shift",
    operators.bitwise_rshift_op: "bitwise_right_shift_arithmetic",
}


class LodestarSQLCompiler(SQLCompiler):
    """Trino's SQL; what is not here is written as SQLAlchemy writes it."""

    # True while the innermost SELECT is one whose parameters must be literals; all of them are in an EXPLAIN.
    _literals_wanted: bool = False
    _explaining: bool = False

    _grouping: bool = False

    # True inside an INSERT of one value that is a row.
    _row_alone: bool = False

    preparer: LodestarIdentifierPreparer

    @property
    def _plain(self) -> Any:
        """What SQLAlchemy does; its methods have no types."""
        return super()

    # ---- SELECT

    def visit_select(self, select_stmt: Any, *arguments: Any, **keywords: Any) -> str:
        """As SQLAlchemy's; parameters become literals where Trino compares expressions with each other.

        `SELECT x + ? … GROUP BY x + ?` fails: two parameters are never the same expression, whatever their values.
        """
        with self._literals(_compares_expressions(select_stmt)):
            return str(self._plain.visit_select(select_stmt, *arguments, **keywords))

    @contextlib.contextmanager
    def _literals(self, wanted: bool) -> Iterator[None]:
        outer = self._literals_wanted
        self._literals_wanted = wanted or (outer and self._explaining)
        try:
            yield
        finally:
            self._literals_wanted = outer

    def visit_bindparam(self, bindparam: Any, *arguments: Any, **keywords: Any) -> str:
        """A parameter; rendered with its value at execution inside a SELECT that compares expressions."""
        if self._literals_wanted and self._has_literal(bindparam):
            keywords["literal_execute"] = True
        text = str(self._plain.visit_bindparam(bindparam, *arguments, **keywords))
        return f"ROW({text})" if self._row_alone and isinstance(bindparam.type, ROW) else text

    def _has_literal(self, bindparam: Any) -> bool:
        return bindparam.type.dialect_impl(self.dialect).literal_processor(self.dialect) is not None

    def group_by_clause(self, select: Any, **keywords: Any) -> str:
        """GROUP BY knows no labels: `group_by("label")` is the labelled expression."""
        self._grouping = True
        try:
            return str(self._plain.group_by_clause(select, **keywords))
        finally:
            self._grouping = False

    def visit_label(self, label: Any, *arguments: Any, **keywords: Any) -> str:
        """A label, or what it stands for."""
        if self._grouping:
            keywords.pop("render_label_as_label", None)
        return str(self._plain.visit_label(label, *arguments, **keywords))

    def limit_clause(self, select: Any, **keywords: Any) -> str:
        """OFFSET comes before LIMIT."""
        text = ""
        if select._offset_clause is not None:
            text += f"\nOFFSET {self.process(select._offset_clause, **keywords)}"
        if select._limit_clause is not None:
            text += f"\nLIMIT {self.process(select._limit_clause, **keywords)}"
        return text

    def fetch_clause(self, select: Any, *arguments: Any, **keywords: Any) -> str:
        """FETCH FIRST … ONLY or WITH TIES; there is no PERCENT."""
        if (select._fetch_clause_options or {}).get("percent"):
            raise exc.CompileError("Trino has no FETCH FIRST … PERCENT")
        return str(self._plain.fetch_clause(select, *arguments, **keywords))

    def for_update_clause(self, select: Any, **keywords: Any) -> str:
        """Nothing: Trino does not lock rows."""
        return ""

    def visit_table(self, table: Any, asfrom: bool = False, *arguments: Any, **keywords: Any) -> str:
        """With the catalog of the table's option."""
        text = str(self._plain.visit_table(table, asfrom, *arguments, **keywords))
        return self.preparer.with_catalog(table, text) if asfrom and keywords.get("use_schema", True) else text

    def visit_tablesample(self, tablesample: Any, *arguments: Any, **keywords: Any) -> str:
        """TABLESAMPLE, whose percentage is no parameter."""
        with self._literals(True):
            return str(self._plain.visit_tablesample(tablesample, *arguments, **keywords))

    def visit_table_valued_alias(self, element: Any, **keywords: Any) -> str:
        """`unnest(…) AS t (x)`: Trino gives the columns of UNNEST no names, so they are always named."""
        text = str(self._plain.visit_table_valued_alias(element, **keywords))
        function = element.element
        if not keywords.get("asfrom") or element._render_derived or getattr(function, "name", "").lower() != "unnest":
            return text
        several = isinstance(element._tableval_type, sqltypes.TableValueType)
        columns = [column.name for column in element.c] if several else [element.name]
        return f"{text} ({', '.join(self._alias_column(name) for name in columns)})"

    def _alias_column(self, name: Any) -> str:
        anonymous = isinstance(name, elements._truncated_label)
        return self.preparer.quote(self._truncated_identifier("alias", name) if anonymous else name)

    def visit_empty_set_expr(self, element_types: Any, **keywords: Any) -> str:
        """A query without rows, of as many columns."""
        nulls = (f"CAST(NULL AS {self._type_text(type_)})" for type_ in element_types or [sqltypes.Integer()])
        return f"SELECT {', '.join(nulls)} WHERE 1 != 1"

    def _type_text(self, type_: Any) -> str:
        return "INTEGER" if type_._isnull else self.dialect.type_compiler_instance.process(type_)

    # ---- INSERT, UPDATE, DELETE

    def visit_insert(self, insert_stmt: Any, *arguments: Any, **keywords: Any) -> str:
        """As SQLAlchemy's; `VALUES (x)` of one value that is a row would be that row's fields, so it is wrapped."""
        outer, self._row_alone = self._row_alone, _inserts_one_row_value(insert_stmt, self.column_keys)
        try:
            return str(self._plain.visit_insert(insert_stmt, *arguments, **keywords))
        finally:
            self._row_alone = outer

    def update_from_clause(self, *arguments: Any, **keywords: Any) -> str:
        """Raises CompileError: use a correlated subquery or MERGE."""
        raise exc.CompileError("Trino has no UPDATE … FROM")

    def delete_extra_from_clause(self, *arguments: Any, **keywords: Any) -> str:
        """Raises CompileError: use a subquery or MERGE."""
        raise exc.CompileError("Trino has no DELETE … USING")

    # ---- operators

    def visit_binary(self, binary: Any, *arguments: Any, **keywords: Any) -> str:
        """As SQLAlchemy's; a comparison with ANY or ALL of an array is `any_match` or `all_match`."""
        compared = binary.right
        array: Any = getattr(compared, "element", None)
        array = array.element if isinstance(array, elements.Grouping) else array
        if not isinstance(compared, elements.CollectionAggregate) or not isinstance(array.type, sqltypes.ARRAY):
            return str(self._plain.visit_binary(binary, *arguments, **keywords))
        function = "any_match" if compared.operator is operators.any_op else "all_match"
        comparison = OPERATORS[binary.operator]
        return (
            f"{function}({self.process(array, **keywords)}, "
            f"item -> {self.process(binary.left, **keywords)}{comparison}item)"
        )

    def visit_is__binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """`IS NULL`; what is not NULL is compared by IS NOT DISTINCT FROM, because Trino has no `IS TRUE`."""
        return self._is(binary, "IS" if isinstance(binary.right, elements.Null) else "IS NOT DISTINCT FROM", **keywords)

    def visit_is_not_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """`IS NOT NULL`, or IS DISTINCT FROM."""
        return self._is(binary, "IS NOT" if isinstance(binary.right, elements.Null) else "IS DISTINCT FROM", **keywords)

    def _is(self, binary: Any, words: str, **keywords: Any) -> str:
        return f"{self.process(binary.left, **keywords)} {words} {self.process(binary.right, **keywords)}"

    def visit_truediv_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """A division of integers keeps its fraction, as Python's `/` does; Trino's own drops it."""
        left, right = self.process(binary.left, **keywords), self.process(binary.right, **keywords)
        if all(side.type._type_affinity is sqltypes.Integer for side in (binary.left, binary.right)):
            return f"{left} / CAST({right} AS DOUBLE)"
        return f"{left} / {right}"

    def visit_bitwise_and_op_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """A function, as all of them."""
        return self._bits(binary, operator, **keywords)

    visit_bitwise_or_op_binary = visit_bitwise_and_op_binary
    visit_bitwise_xor_op_binary = visit_bitwise_and_op_binary
    visit_bitwise_lshift_op_binary = visit_bitwise_and_op_binary
    visit_bitwise_rshift_op_binary = visit_bitwise_and_op_binary

    def _bits(self, binary: Any, operator: Any, **keywords: Any) -> str:
        left, right = self.process(binary.left, **keywords), self.process(binary.right, **keywords)
        return f"{_FUNCTION_OF_BITS[operator]}({left}, {right})"

    def visit_bitwise_not_op_unary_operator(self, element: Any, operator: Any, **keywords: Any) -> str:
        """`bitwise_not(x)`"""
        return f"bitwise_not({self.process(element.element, **keywords)})"

    def visit_regexp_match_op_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """`regexp_like`; flags go into the pattern."""
        return (
            f"regexp_like({self.process(binary.left, **keywords)}, {self._pattern(binary, binary.right, **keywords)})"
        )

    def visit_not_regexp_match_op_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """`NOT regexp_like`"""
        return f"NOT {self.visit_regexp_match_op_binary(binary, operator, **keywords)}"

    def visit_regexp_replace_op_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """`regexp_replace`, every match."""
        pattern, replacement = binary.right.clauses
        subject = self.process(binary.left, **keywords)
        return (
            f"regexp_replace({subject}, {self._pattern(binary, pattern, **keywords)}, "
            f"{self.process(replacement, **keywords)})"
        )

    def _pattern(self, binary: Any, pattern: Any, **keywords: Any) -> str:
        flags = binary.modifiers.get("flags")
        text = self.process(pattern, **keywords)
        return f"{text_literal(f'(?{flags})')} || {text}" if flags else text

    # ---- what is inside a value

    def visit_getitem_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """An item of an array or map, NULL when there is none; a slice of an array; a field of a row."""
        left = self.process(binary.left, **keywords)
        if isinstance(binary.left.type, ROW):
            field = self.process(binary.right, **keywords)
            return f"{left}[{field}]" if getattr(binary.right, "is_literal", False) else f"{left}.{field}"
        if isinstance(binary.right, elements.Slice):
            start, stop = (self.process(edge, **keywords) for edge in (binary.right.start, binary.right.stop))
            return f"slice({left}, {start}, {stop} - {start} + 1)"
        right = self.process(binary.right, **keywords)
        if isinstance(binary.left.type, (sqltypes.ARRAY, ARRAY, MAP)):
            return f"element_at({left}, {right})"
        return f"{left}[{right}]"

    def visit_json_getitem_op_binary(self, binary: Any, operator: Any, **keywords: Any) -> str:
        """A part of a document; as a document, or as the scalar that `as_string()` and its like ask for."""
        arguments = f"{self.process(binary.left, **keywords)}, {self.process(binary.right, **keywords)}"
        affinity = binary.type._type_affinity
        if affinity is sqltypes.JSON:
            return f"json_extract({arguments})"
        scalar = f"json_extract_scalar({arguments})"
        if affinity is sqltypes.String:
            return scalar
        return f"CAST({scalar} AS {self.dialect.type_compiler_instance.process(binary.type)})"

    visit_json_path_getitem_op_binary = visit_json_getitem_op_binary

    # ---- functions

    def visit_extract(self, extract: Any, **keywords: Any) -> str:
        """EXTRACT, which has no EPOCH: that is `to_unixtime`."""
        if extract.field.lower() == "epoch":
            return f"to_unixtime({self.process(extract.expr, **keywords)})"
        return str(self._plain.visit_extract(extract, **keywords))

    def visit_explain(self, element: Any, **keywords: Any) -> str:
        """See `explain`; Trino explains no statement with parameters."""
        self._explaining = True
        with self._literals(True):
            return f"{element.words} {self.process(element.statement, **keywords)}"

    def visit_try_cast(self, element: Any, **keywords: Any) -> str:
        """`TRY_CAST(x AS type)`"""
        clause, type_ = self.process(element.clause, **keywords), self.process(element.typeclause, **keywords)
        return f"TRY_CAST({clause} AS {type_})"

    def visit_char_length_func(self, function: Any, **keywords: Any) -> str:
        """`length`"""
        return f"length{self.function_argspec(function, **keywords)}"

    def visit_aggregate_strings_func(self, fn: Any, *, use_function_name: Any = None, **keywords: Any) -> str:
        """`listagg`, which always says its order; without one, that of the values."""
        value = self.process(next(iter(fn.clauses)), **keywords)
        order_by = getattr(fn.clauses, "aggregate_order_by", None)
        order = value if order_by is None else self.process(order_by, **keywords)
        return f"{self.visit_listagg_func(fn, **keywords)} WITHIN GROUP (ORDER BY {order})"

    def visit_listagg_func(self, fn: Any, **keywords: Any) -> str:
        """`listagg`, whose separator is no parameter."""
        value, *others = fn.clauses
        arguments = [self.process(value, **keywords)]
        with self._literals(True):
            arguments += [self.process(other, **keywords) for other in others]
        return f"listagg({', '.join(arguments)})"


def _compares_expressions(select: Any) -> bool:
    """True for a SELECT whose grouping, or whose order under DISTINCT, contains parameters."""
    compared = list(select._group_by_clauses)
    if select._distinct:
        compared += select._order_by_clauses
    # a label by its name may stand for anything
    telling = (elements.BindParameter, elements._textual_label_reference)
    return any(isinstance(part, telling) for clause in compared for part in visitors.iterate(clause))


def _inserts_one_row_value(insert: Any, keys: Any) -> bool:
    """True for an INSERT of one column whose type is ROW. `keys` are those of the values given at execution."""
    named = {getattr(key, "key", key) for key in (*(keys or ()), *(insert._values or ()))}
    for several in insert._multi_values or ():
        named |= {getattr(key, "key", key) for values in several for key in values}
    columns = insert.table.c
    return (
        insert.select is None
        and len(named) == 1
        and all(key in columns and isinstance(columns[key].type, ROW) for key in named)
        and all(column.default is None for column in columns if column.key not in named)
    )
