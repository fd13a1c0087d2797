"""Comparisons of a decimal with a constant of more digits after the point.

The type in which both compare may have too few digits before the point for the decimal's values. A constant is known
before, so the value is compared as it is with the constant cut to its scale. Source: Trino's UnwrapCastInComparison.
"""

from __future__ import annotations

from lodestar_server import ir
from lodestar_server.ir import ComparisonOperator, Constant, Expression
from lodestar_server.spi.types import BOOLEAN, DecimalType

_MIRRORED = {
    ComparisonOperator.LESS: ComparisonOperator.GREATER,
    ComparisonOperator.LESS_OR_EQUAL: ComparisonOperator.GREATER_OR_EQUAL,
    ComparisonOperator.GREATER: ComparisonOperator.LESS,
    ComparisonOperator.GREATER_OR_EQUAL: ComparisonOperator.LESS_OR_EQUAL,
}


def against_constant(operator: ComparisonOperator, left: Expression, right: Expression) -> Expression | None:
    """The comparison of sides of the same type without a cast that may fail; None where there is no such cast."""
    if isinstance(left, Constant) and not isinstance(right, Constant):
        operator, left, right = _MIRRORED.get(operator, operator), right, left
    if not isinstance(left, ir.Cast) or left.safe or not isinstance(right, Constant) or right.value is None:
        return None
    value, source, common = left.value, left.value.type, right.type
    if not isinstance(source, DecimalType) or not isinstance(common, DecimalType):
        return None
    if source.precision - source.scale <= common.precision - common.scale:
        return None
    whole, rest = divmod(right.value, 10 ** (common.scale - source.scale))
    if rest == 0:
        return ir.Comparison(operator, value, Constant(source, whole))
    greatest = Constant(source, 10**source.precision - 1)
    match operator:
        case ComparisonOperator.EQUAL:
            # False, or NULL of NULL.
            return ir.Comparison(ComparisonOperator.GREATER, value, greatest)
        case ComparisonOperator.NOT_EQUAL:
            return ir.Comparison(ComparisonOperator.LESS_OR_EQUAL, value, greatest)
        case ComparisonOperator.DISTINCT:
            return Constant(BOOLEAN, True)
        case ComparisonOperator.LESS | ComparisonOperator.LESS_OR_EQUAL:
            return ir.Comparison(ComparisonOperator.LESS_OR_EQUAL, value, Constant(source, whole))
    return ir.Comparison(ComparisonOperator.GREATER, value, Constant(source, whole))
