"""What a chosen overload still refuses when it is built for a call: too few arguments, types it cannot keep.

Trino finds these while planning, so they name no position, and a call with a NULL among its arguments, which is NULL
before that, is not refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.ir import Constant, Expression, FunctionRef
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT, NOT_SUPPORTED, LodestarError
from lodestar_server.spi.types import (
    ArrayType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeTzType,
    Type,
)

_SHORT_DECIMAL = 18
_SHORT_TIMESTAMP = 6
_SHORT_TIMESTAMP_TZ = 3
_SHORT_TIME_TZ = 9


def check_specialization(function: FunctionRef, arguments: Sequence[Expression]) -> None:
    """Raises: LodestarError without a position for a call that its function cannot be built for."""
    if function.name == "reduce_agg" and not is_simple_state(function.arguments[1]):
        state = function.arguments[1]
        shown = state.signature_text if isinstance(state, DecimalType) else state.display
        message = f"State type not supported for reduce_agg: {shown}"
        raise LodestarError(NOT_SUPPORTED, message)
    wanted = _AT_LEAST_TWO.get(function.name)
    if wanted is None or len(arguments) >= 2:
        return
    if not any(isinstance(one, Constant) and one.value is None for one in arguments):
        if function.name == "concat" and isinstance(function.result, ArrayType):
            wanted = "There must be two or more arguments to concat"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, wanted)


_AT_LEAST_TWO = {
    "concat": "There must be two or more concatenation arguments",
    "concat_ws": "There must be two or more arguments",
    "map_concat": "There must be two or more concatenation arguments to map_concat",
}


def is_simple_state(type_: Type) -> bool:
    """A value of the type is a boolean, a number of at most 64 bits or bytes inside Trino."""
    match type_:
        case ArrayType() | MapType() | RowType():
            return False
        case DecimalType(precision):
            return precision <= _SHORT_DECIMAL
        case TimestampType(precision):
            return precision <= _SHORT_TIMESTAMP
        case TimestampTzType(precision):
            return precision <= _SHORT_TIMESTAMP_TZ
        case TimeTzType(precision):
            return precision <= _SHORT_TIME_TZ
    return True
