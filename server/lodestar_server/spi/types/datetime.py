"""Times and timestamps of 0 to 12 fraction digits, with and without zone. DATE and the intervals are in `scalars`."""

from __future__ import annotations

from lodestar_server.spi.types.base import Type
from lodestar_server.spi.values import frozen

MAX_DATETIME_PRECISION = 12
DEFAULT_DATETIME_PRECISION = 3


@frozen
class TimeType(Type):
    """Time of day with `precision` fraction digits."""

    precision: int = DEFAULT_DATETIME_PRECISION

    @property
    def base(self) -> str:
        return "time"

    @property
    def display(self) -> str:
        return f"time({self.precision})"


@frozen
class TimeTzType(Type):
    """Time of day with an offset in minutes; compares by the instant."""

    precision: int = DEFAULT_DATETIME_PRECISION

    @property
    def base(self) -> str:
        return "time with time zone"

    @property
    def display(self) -> str:
        return f"time({self.precision}) with time zone"


@frozen
class TimestampType(Type):
    """Date and time of day without zone."""

    precision: int = DEFAULT_DATETIME_PRECISION

    @property
    def base(self) -> str:
        return "timestamp"

    @property
    def display(self) -> str:
        return f"timestamp({self.precision})"


@frozen
class TimestampTzType(Type):
    """An instant and the zone it is shown in; compares by the instant."""

    precision: int = DEFAULT_DATETIME_PRECISION

    @property
    def base(self) -> str:
        return "timestamp with time zone"

    @property
    def display(self) -> str:
        return f"timestamp({self.precision}) with time zone"
