"""SELECT, INSERT, UPDATE, DELETE and the expressions in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exc
from sqlalchemy.sql import elements, operators, sqltypes, visitors
from sqlalchemy.sql.compiler import SQLCompiler

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

    # Depth-first: true while the innermost SELECT is one whose parameters must be literals.
    _literals_wanted: tuple[bool, ...] = ()

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
        self._literals_wanted = (*self._literals_wanted, _compares_expressions(select_stmt))
        try:
            return str(self._plain.visit_select(select_stmt, *arguments, **keywords))
        finally:
            self._literals_wanted = self._literals_wanted[:-1]

    def visit_bindparam(self, bindparam: Any, *arguments: Any, **keywords: Any) -> str:
        """A parameter; rendered with its value at execution inside a SELECT that compares expressions."""
        if self._literals_wanted and self._literals_wanted[-1] and self._has_literal(bindparam):
            keywords["literal_execute"] = True
        return str(self._plain.visit_bindparam(bindparam, *arguments, **keywords))

    def _has_literal(self, bindparam: Any) -> bool:
        return bindparam.type.dialect_impl(self.dialect).literal_processor(self.dialect) is not None

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

    def visit_empty_set_expr(self, element_types: Any, **keywords: Any) -> str:
        """A query without rows, of as many columns."""
        nulls = (f"CAST(NULL AS {self._type_text(type_)})" for type_ in element_types or [sqltypes.Integer()])
        return f"SELECT {', '.join(nulls)} WHERE 1 != 1"

    def _type_text(self, type_: Any) -> str:
        return "INTEGER" if type_._isnull else self.dialect.type_compiler_instance.process(type_)

    # ---- INSERT, UPDATE, DELETE

    def update_from_clause(self, *arguments: Any, **keywords: Any) -> str:
        """Raises CompileError: use a correlated subquery or MERGE."""
        raise exc.CompileError("Trino has no UPDATE … FROM")

    def delete_extra_from_clause(self, *arguments: Any, **keywords: Any) -> str:
        """Raises CompileError: use a subquery or MERGE."""
        raise exc.CompileError("Trino has no DELETE … USING")

    # ---- operators

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

    def visit_try_cast(self, element: Any, **keywords: Any) -> str:
        """`TRY_CAST(x AS type)`"""
        clause, type_ = self.process(element.clause, **keywords), self.process(element.typeclause, **keywords)
        return f"TRY_CAST({clause} AS {type_})"

    def visit_char_length_func(self, function: Any, **keywords: Any) -> str:
        """`length`"""
        return f"length{self.function_argspec(function, **keywords)}"

    def visit_aggregate_strings_func(self, fn: Any, *, use_function_name: Any = None, **keywords: Any) -> str:
        """`listagg`, which always says its order; without one, that of the values."""
        value, separator, *_ = fn.clauses
        order_by = getattr(fn.clauses, "aggregate_order_by", None)
        text = self.process(value, **keywords)
        order = text if order_by is None else self.process(order_by, **keywords)
        return f"listagg({text}, {self.process(separator, **keywords)}) WITHIN GROUP (ORDER BY {order})"


def _compares_expressions(select: Any) -> bool:
    """True for a SELECT whose grouping, or whose order under DISTINCT, contains parameters."""
    compared = list(select._group_by_clauses)
    if select._distinct:
        compared += select._order_by_clauses
    return any(isinstance(part, elements.BindParameter) for clause in compared for part in visitors.iterate(clause))
