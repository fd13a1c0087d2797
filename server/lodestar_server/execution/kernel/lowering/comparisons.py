"""Comparisons: =, <, BETWEEN, IN, IS DISTINCT FROM.

DuckDB's own comparisons are used where they agree with Trino's for the type; NaN, NULLs inside arrays and rows and
encoded types take the forms of `encoding/keys.py`. As a filter, unknown and false are the same, which lets a comparison
of doubles keep a shape that DuckDB can push into scans and joins.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding import keys
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.lowering.context import EXPRESSIONS, Lowering
from lodestar_server.execution.kernel.lowering.laziness import may_fail, never_nan
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Between, Comparison, ComparisonOperator, Constant, Expression, In
from lodestar_server.spi.types import DOUBLE, REAL, ArrayType, RowType, Type

_FLOATING = (DOUBLE, REAL)
_EQUALITY = (ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL)


def _lower_comparison(context: Lowering, node: Comparison) -> Sql:
    left, right = context.expression(node.left), context.expression(node.right)
    type_ = node.left.type
    if node.operator is ComparisonOperator.DISTINCT:
        return keys.distinct(left, right, type_)
    if type_ in _FLOATING and _native_is_exact(node):
        return sql.binary(node.operator.value, left, right)
    if type_ in _FLOATING and isinstance(node.left if _greater_is_left(node) else node.right, Constant) is False:
        guarded = _guarded_by_constant(node, left, right)
        if guarded is not None:
            return guarded
    if node.operator is ComparisonOperator.EQUAL:
        return keys.equals(left, right, type_)
    if node.operator is ComparisonOperator.NOT_EQUAL:
        if not keys.may_be_unknown(type_):
            return sql.binary("<>", keys.identity_key(left, type_), keys.identity_key(right, type_))
        return sql.negation(keys.equals(left, right, type_))
    return keys.compare(node.operator.value, left, right, type_)


def _greater_is_left(node: Comparison) -> bool:
    return node.operator in (ComparisonOperator.GREATER, ComparisonOperator.GREATER_OR_EQUAL)


def _native_is_exact(node: Comparison) -> bool:
    """DuckDB, for which NaN is the greatest value and equal to itself, gives Trino's answer."""
    if node.operator in _EQUALITY:
        return never_nan(node.left) or never_nan(node.right)
    return never_nan(node.left if _greater_is_left(node) else node.right)


def _guarded_by_constant(node: Comparison, left: Sql, right: Sql) -> Sql | None:
    """x > 5 as a range up to infinity, which DuckDB can push down; None when the other side may be NULL or NaN."""
    value, other = (left, node.right) if _greater_is_left(node) else (right, node.left)
    if node.operator in _EQUALITY or not isinstance(other, Constant) or other.value is None or not sql.is_simple(value):
        return None
    infinity = f"CAST('inf' AS {'DOUBLE' if node.left.type == DOUBLE else 'FLOAT'})"
    return sql.fragment(f"({{0}} {node.operator.value} {{1}} AND {{2}} <= {infinity})", left, right, value)


def filter_comparison(context: Lowering, node: Comparison) -> Sql | None:
    """A comparison of doubles as a filter, None when the ordinary form is as good."""
    if node.left.type not in _FLOATING or node.operator is ComparisonOperator.DISTINCT or _native_is_exact(node):
        return None
    if node.operator is ComparisonOperator.NOT_EQUAL:
        return None
    left, right = context.expression(node.left), context.expression(node.right)
    if node.operator is not ComparisonOperator.EQUAL:
        guarded = _guarded_by_constant(node, left, right)
        if guarded is not None:
            return guarded
    suspect = left if node.operator is ComparisonOperator.EQUAL or _greater_is_left(node) else right
    return sql.fragment(f"({{0}} {node.operator.value} {{1}} AND NOT isnan({{2}}))", left, right, suspect)


def _lower_between(context: Lowering, node: Between) -> Sql:
    type_ = node.value.type
    exact = type_ in _FLOATING and never_nan(node.maximum)
    # DuckDB's BETWEEN does not take structs, which instants of more than microseconds are.
    if (not exact and keys.may_be_unknown(type_)) or has_picoseconds(type_):

        def both(value: Sql) -> Sql:
            low, high = context.expression(node.minimum), context.expression(node.maximum)
            return sql.conjunction([keys.compare(">=", value, low, type_), keys.compare("<=", value, high, type_)])

        return sql.let(context.expression(node.value), both)
    parts = (context.expression(part) for part in (node.value, node.minimum, node.maximum))
    return sql.fragment("({0} BETWEEN {1} AND {2})", *(keys.order_key(part, type_) for part in parts))


def _lower_in(context: Lowering, node: In) -> Sql:
    if len(node.items) == 1:
        return _lower_comparison(context, Comparison(ComparisonOperator.EQUAL, node.value, node.items[0]))
    if any(map(may_fail, node.items)):
        # All are computed, also those behind one that is equal.
        return sql.let_all(context.expressions(node.items), lambda *items: _among(context, node, items))
    return _among(context, node, context.expressions(node.items))


def _among(context: Lowering, node: In, given: Sequence[Sql]) -> Sql:
    type_ = node.value.type
    if not _needs_equals(type_, node.items):
        value = keys.identity_key(context.expression(node.value), type_)
        items = [keys.identity_key(item, type_) for item in given]
        holes = ", ".join(f"{{{i + 1}}}" for i in range(len(items)))
        return sql.fragment(f"({{0}} IN ({holes}))", value, *items)

    def any_equal(value: Sql) -> Sql:
        return sql.disjunction([keys.equals(value, item, type_) for item in given])

    return sql.let(context.expression(node.value), any_equal)


def _needs_equals(type_: Type, items: tuple[Expression, ...]) -> bool:
    if type_ in _FLOATING:
        return not all(never_nan(item) for item in items)
    return isinstance(type_, ArrayType | RowType) or keys.may_be_unknown(type_)


EXPRESSIONS[Comparison] = _lower_comparison
EXPRESSIONS[Between] = _lower_between
EXPRESSIONS[In] = _lower_in
