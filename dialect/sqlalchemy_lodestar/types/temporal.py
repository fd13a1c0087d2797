"""Dates, times, timestamps with their precision, and the two intervals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import sqltypes
from sqlalchemy.sql.type_api import NativeForEmulated
from sqlalchemy.types import TypeEngine, UserDefinedType

from lodestar.types.literals import literal

Processor = Callable[[Any], Any]

MAXIMUM_PRECISION = 12


def _checked(precision: int | None) -> int | None:
    if precision is not None and not 0 <= precision <= MAXIMUM_PRECISION:
        raise ValueError(f"precision must be between 0 and {MAXIMUM_PRECISION}, not {precision}")
    return precision


class _Date(sqltypes.Date):
    def bind_processor(self, dialect: Dialect) -> Processor:
        return lambda value: value.date() if isinstance(value, dt.datetime) else value

    def literal_processor(self, dialect: Dialect) -> Processor:
        return lambda value: literal(value.date() if isinstance(value, dt.datetime) else value)


class _Time(sqltypes.Time):
    def literal_processor(self, dialect: Dialect) -> Processor:
        return literal


class _DateTime(sqltypes.DateTime):
    def literal_processor(self, dialect: Dialect) -> Processor:
        return literal


class TIME(_Time):
    """`TIME(p)`, with or without time zone. Without a precision the server takes 3."""

    __visit_name__ = "LODESTAR_TIME"

    def __init__(self, precision: int | None = None, timezone: bool = False) -> None:
        super().__init__(timezone=timezone)
        self.precision = _checked(precision)


class TIMESTAMP(_DateTime):
    """`TIMESTAMP(p)`, with or without time zone. Without a precision the server takes 3.

    Digits beyond microseconds come as the driver gives them; Python's datetime does not hold them.
    """

    __visit_name__ = "LODESTAR_TIMESTAMP"

    def __init__(self, precision: int | None = None, timezone: bool = False) -> None:
        super().__init__(timezone=timezone)
        self.precision = _checked(precision)


class INTERVAL_DAY_TO_SECOND(NativeForEmulated, sqltypes._AbstractInterval):
    """Days to milliseconds, a `timedelta`. The generic Interval becomes this."""

    __visit_name__ = "INTERVAL_DAY_TO_SECOND"

    @classmethod
    def adapt_emulated_to_native(cls, impl: Any, **kw: Any) -> INTERVAL_DAY_TO_SECOND:
        return cls()

    @property
    def python_type(self) -> type[Any]:
        return dt.timedelta

    def literal_processor(self, dialect: Dialect) -> Processor:
        return literal


class INTERVAL_YEAR_TO_MONTH(UserDefinedType[Any]):
    """Years and months; values are the driver's."""

    cache_ok = True
    __visit_name__ = "INTERVAL_YEAR_TO_MONTH"


TEMPORAL: dict[type[TypeEngine[Any]], type[TypeEngine[Any]]] = {
    sqltypes.Date: _Date,
    sqltypes.Time: _Time,
    sqltypes.DateTime: _DateTime,
    sqltypes.Interval: INTERVAL_DAY_TO_SECOND,
}
