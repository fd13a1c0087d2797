"""What Trino says of dates and timestamps that a sum does not reach.

Counts become Java's int, dates are days in an int, timestamps microseconds and zoned ones milliseconds in a long. The
messages are those of Java and of Joda-Time's fields.
"""

from __future__ import annotations

from typing import Any

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.functions.registry import ScalarCall
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, INVALID_FUNCTION_ARGUMENT, ErrorCode
from lodestar_server.spi.types import DATE, TimestampTzType, Type
from lodestar_server.spi.values import frozen

SMALL_COUNT = 10_000
"""So many of any unit do not lead out of the range from a date near our times."""
_MAX_INT = 2**31 - 1
_MILLIS_PER_DAY = 86_400_000
_FIRST_YEAR, _LAST_YEAR = -292_275_054, 292_278_993
_TIMESTAMP_MONTHS = (-290_307 * 12, 294_247 * 12)
_TIMESTAMP_MICROS = (-9_223_372_022_400_000_000, 2**63 - 2)

Branch = tuple[Sql, Sql]
"""A condition and what raises under it."""


def is_small_count(constant: Any) -> bool:
    """A known count that is added without a look at the value."""
    return isinstance(constant, int) and abs(constant) <= SMALL_COUNT


@frozen
class Refusal:
    """Branches of a CASE that refuse to move `value`, which is simple. None of them is taken for a NULL.

    `by_operator`: + and - let Java's exceptions through; date_add does so for dates and for zoned timestamps with more
    digits than milliseconds.
    """

    call: ScalarCall
    value: Sql
    type: Type
    by_operator: bool = False

    @property
    def _code(self) -> ErrorCode:
        internal = self.by_operator or self.type == DATE or (self._is_zoned() and has_picoseconds(self.type))
        return GENERIC_INTERNAL_ERROR if internal else INVALID_FUNCTION_ARGUMENT

    def _is_zoned(self) -> bool:
        return isinstance(self.type, TimestampTzType)

    def _raise(self, message: str | Sql) -> Sql:
        # As inside of TRY: what error() makes volatile may not stand in the ORDER BY of a window.
        return failure(self._code, message, self.call.held, inside_try=True)

    def _raise_with(self, before: str, number: Sql, after: str = "") -> Sql:
        parts = [sql.text(before), sql.cast(number, "VARCHAR")]
        return self._raise(sql.chain("||", [*parts, sql.text(after)] if after else parts))

    def _day(self) -> Sql:
        """The date of the value, on the clock of UTC."""
        if self.type == DATE:
            return self.value
        return sql.cast(self._instant(), "DATE")

    def _instant(self) -> Sql:
        if self._is_zoned() or has_picoseconds(self.type):
            return sql.field(self.value, "t")
        return self.value

    def is_near(self, count: Sql) -> Sql:
        """The value is of our times, and the count small: nothing more need be looked at."""
        text = (
            f"{{1}} BETWEEN -{SMALL_COUNT} AND {SMALL_COUNT} AND {{0}} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
        )
        return sql.fragment(text, self._day(), count)

    def count_beyond(self, count: Sql, limit: int, message: str) -> Branch:
        """A count that is no int."""
        present = sql.is_not_null(self.value)
        beyond = sql.fragment(f"{{0}} NOT BETWEEN {-limit} AND {limit - 1}", count)
        return sql.conjunction([present, beyond]), self._raise(message)

    def months_beyond(self, months: Sql, *, by_years: bool) -> list[Branch]:
        """Months that are no int, years of which the field does not know, and what is too far for the type."""
        refused: list[Branch] = []
        day = self._day()
        if by_years:
            year = sql.fragment("(CAST(year({0}) AS BIGINT) + {1} // 12)", day, months)
            sum_text = sql.fragment("CAST(year({0}) AS VARCHAR) || ' + ' || CAST({1} // 12 AS VARCHAR)", day, months)
            beyond = sql.fragment(f"{{0}} NOT BETWEEN {-_MAX_INT - 1} AND {_MAX_INT}", year)
            refused.append((beyond, self._raise_with("The calculation caused an overflow: ", sum_text)))
            beyond = sql.fragment(f"{{0}} NOT BETWEEN {_FIRST_YEAR} AND {_LAST_YEAR}", year)
            range_text = f" for year must be in the range [{_FIRST_YEAR},{_LAST_YEAR}]"
            refused.append((beyond, self._raise_with("Value ", year, range_text)))
        else:
            beyond = sql.fragment(f"abs({{0}}) > {_MAX_INT} AND {{1}} IS NOT NULL", months, self.value)
            refused.append((beyond, self._raise_with("Magnitude of add amount is too large: ", months)))
        if self.type == DATE:
            return refused + self._date_beyond(sql.call("trino_days_after_months", day, months))
        return refused + self.timestamp_months_beyond(months)

    def timestamp_months_beyond(self, months: Sql) -> list[Branch]:
        """Months after which no timestamp comes."""
        if self._is_zoned():
            # The offset is taken to stay: so far away a change of an hour decides nothing.
            instant = self._instant()
            local = sql.cast(sql.call("trino_local", instant, sql.field(self.value, "z")), "DATE")
            text = (
                "(epoch_ms({0}) + (trino_days_after_months({1}, {2}) - CAST({1} - DATE '1970-01-01' AS BIGINT))"
                f" * {_MILLIS_PER_DAY})"
            )
            return [self._instant_beyond(sql.fragment(text, instant, local, months))]
        first, last = _TIMESTAMP_MONTHS
        text = f"trino_months_of_date({{0}}) + {{1}} NOT BETWEEN {first} AND {last}"
        return [(sql.fragment(text, self._day(), months), self._raise("long overflow"))]

    def days_beyond(self, days: Sql) -> list[Branch]:
        """Days after which no date comes."""
        return self._date_beyond(sql.fragment("(CAST({0} - DATE '1970-01-01' AS BIGINT) + {1})", self.value, days))

    def _date_beyond(self, day: Sql) -> list[Branch]:
        above = sql.fragment(f"{{0}} > {_MAX_INT}", day)
        below = sql.fragment(f"{{0}} < {-_MAX_INT - 1}", day)
        return [
            (above, self._raise_with("Value ", day, " exceeds MAX_INT for type date")),
            (below, self._raise_with("Value ", day, " is less than MIN_INT for type date")),
        ]

    def millis_beyond(self, millis: Sql) -> list[Branch]:
        """Milliseconds after which no timestamp comes."""
        instant = self._instant()
        if self._is_zoned():
            return [self._instant_beyond(sql.fragment("(epoch_ms({0}) + {1})", instant, millis))]
        first, last = _TIMESTAMP_MICROS
        text = f"CAST(epoch_us({{0}}) AS HUGEINT) + CAST({{1}} AS HUGEINT) * 1000 NOT BETWEEN {first} AND {last}"
        return [(sql.fragment(text, instant, millis), self._raise("long overflow"))]

    def _instant_beyond(self, moved: Sql) -> Branch:
        """Milliseconds since 1970 that do not fit beside the number of a zone."""
        beyond = sql.fragment(f"{{0}} NOT BETWEEN {-(2**51)} AND {2**51 - 1}", moved)
        return beyond, self._raise_with("Millis overflow: ", moved)
