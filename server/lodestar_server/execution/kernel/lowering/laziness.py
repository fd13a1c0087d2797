"""What an expression may do besides giving a value: raise, or be NaN. The answers are cautious."""

from __future__ import annotations

import math
from collections.abc import Collection

from lodestar_server.execution.kernel.functions.registry import require_scalar
from lodestar_server.execution.kernel.lowering.casts import find_rule
from lodestar_server.ir import (
    FALSE,
    Between,
    Call,
    Cast,
    Comparison,
    ComparisonOperator,
    Constant,
    Expression,
    IsNull,
    Lambda,
    Not,
    RoutineCall,
    Try,
    children,
    is_deterministic,
    walk,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import DOUBLE, REAL, UNKNOWN, ArrayType, RowType


def may_fail(node: Expression, known: Collection[Expression] = ()) -> bool:
    """Evaluating it may raise for some row; not by one of `known`, which have given their values already."""
    if known and node in known:
        return False
    match node:
        case Try():
            return False
        case RoutineCall():
            return True
        case Call():
            try:
                if not require_scalar(node.function).total:
                    return True
            except LodestarError:
                return True
        case Cast():
            if not node.safe and _cast_may_fail(node):
                return True
        case Comparison():
            ordering = node.operator not in (
                ComparisonOperator.EQUAL,
                ComparisonOperator.NOT_EQUAL,
                ComparisonOperator.DISTINCT,
            )
            if ordering and isinstance(node.left.type, ArrayType | RowType):
                return True
    return any(may_fail(part, known) for part in children(node))


def evaluated_first(node: Expression) -> list[Expression]:
    """The parts of an expression of which nothing else decides whether they are evaluated, each over the next.

    Whoever evaluates one of them again for the same row has its value: it does not raise.
    """
    found: list[Expression] = []
    while isinstance(node, Call | Cast | Comparison | Between | IsNull | Not) and not is_volatile(node):
        found.append(node)
        node = children(node)[0] if children(node) else FALSE
    return found


def _cast_may_fail(node: Cast) -> bool:
    source, target = node.value.type, node.target
    if source in (target, UNKNOWN):
        return False
    try:
        return not find_rule(source, target).never_fails(source, target)
    except LodestarError:
        return True


def never_nan(node: Expression) -> bool:
    """A double or real that cannot be NaN: a number, or converted from an exact type."""
    if isinstance(node, Constant):
        return node.value is None or not math.isnan(node.value)
    return isinstance(node, Cast) and node.value.type not in (DOUBLE, REAL) and node.value.type.base not in _FROM_TEXT


_FROM_TEXT = ("varchar", "char", "json")


def is_volatile(node: Expression) -> bool:
    """Some call in it gives another value each time."""
    return not is_deterministic(node)


def has_lambda(node: Expression) -> bool:
    """Some lambda stands in it."""
    return any(isinstance(part, Lambda) for part in walk(node))
