"""The functions of DuckDB over `joda`: a wall clock is its microseconds, as DuckDB's epoch_us gives them."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.datetimes import days_of
from lodestar_server.execution.kernel.functions.python.iso8601 import invalid_date, out_of_range_date
from lodestar_server.execution.kernel.functions.python.joda import (
    Moment,
    Part,
    compile_joda,
    compile_mysql,
    parse_moment,
    print_moment,
)
from lodestar_server.execution.kernel.functions.python.locales import locale_texts
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused

_MICROS_PER_DAY = 86_400_000_000
_ISO_DATE = re.compile(r"([+-]?\d+)-(\d{1,2})-(\d{1,2})", re.ASCII)
_PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
"""What Trino reads with java.time, all else with Joda-Time: they refuse with other words."""


def _moment(micros: int, zone: str = "", offset: int = 0) -> Moment:
    days, rest = divmod(micros, _MICROS_PER_DAY)
    return Moment(days, rest // 1000, zone or None, offset)


def _micros(moment: Moment) -> int:
    return moment.days * _MICROS_PER_DAY + moment.millis * 1000


@value_function("trino_mysql_format", ["BIGINT", "VARCHAR", "VARCHAR"], "VARCHAR", pa.string())
def mysql_format(micros: int, pattern: str, locale: str) -> str:
    """date_format of a wall clock."""
    return print_moment(compile_mysql(pattern), _moment(micros), locale_texts(locale))


@value_function("trino_mysql_parse", ["VARCHAR", "VARCHAR", "VARCHAR"], "BIGINT", pa.int64())
def mysql_parse(text: str, pattern: str, locale: str) -> int:
    """date_parse: microseconds of a wall clock."""
    if pattern == "%Y-%m-%d":
        match = _ISO_DATE.fullmatch(text)
        if match is not None:
            year, month, day = (int(one) for one in match.groups())
            days = days_of(year, month, day)
            if days is None and _PLAIN_DATE.fullmatch(text):
                raise refused(invalid_date(year, month, day))
            if days is None:
                raise out_of_range_date(text, year, month, day)
            return days * _MICROS_PER_DAY
    return _micros(parse_moment(compile_mysql(pattern), text, locale_texts(locale)))


_ZONE_KINDS = ("offset", "zone_id", "zone_name")


@value_function("trino_joda_format", ["BIGINT", "VARCHAR", "VARCHAR", "BIGINT", "VARCHAR"], "VARCHAR", pa.string())
def joda_format(micros: int, pattern: str, zone: str, offset: int, locale: str) -> str:
    """format_datetime of a wall clock; `zone` is empty for a value without one."""
    if not zone and any(character in "zZ" for character in pattern):
        raise refused(
            "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not contain "
            "TZ information"
        )
    return print_moment(compile_joda(pattern), _moment(micros, zone, offset), locale_texts(locale))


_PARSED = pa.struct([("t", pa.timestamp("us")), ("z", pa.string())])


@value_function("trino_joda_parse", ["VARCHAR", "VARCHAR", "VARCHAR"], "STRUCT(t TIMESTAMP, z VARCHAR)", _PARSED)
def joda_parse(text: str, pattern: str, locale: str) -> dict[str, Any]:
    """parse_datetime: a wall clock and its zone, NULL when the pattern has none."""
    moment = parse_moment(compile_joda(pattern), text, locale_texts(locale))
    return {"t": _micros(moment), "z": moment.zone}


_TERADATA = ("yyyy", "yy", "mm", "dd", "hh24", "hh", "mi", "ss")
_TERADATA_FIELDS = {
    "yyyy": Part("number", "year", 4, 4),
    "yy": Part("two_digit_year", "year", maximum=2, pivot=2050),
    "mm": Part("number", "monthOfYear", 2, 2),
    "dd": Part("number", "dayOfMonth", 2, 2),
    "hh24": Part("number", "hourOfDay", 2, 2),
    "hh": Part("number", "hourOfHalfday", 2, 2),
    "mi": Part("number", "minuteOfHour", 2, 2),
    "ss": Part("number", "secondOfMinute", 2, 2),
}


def _compile_teradata(pattern: str) -> tuple[Part, ...]:
    if not pattern:
        raise refused("Both printing and parsing not supported")
    parts: list[Part] = []
    position = 0
    while position < len(pattern):
        name = next((one for one in _TERADATA if pattern.startswith(one, position)), None)
        if name is not None:
            parts.append(_TERADATA_FIELDS[name])
            position += len(name)
        elif pattern[position] in "-/,.;: ":
            parts.append(Part("literal", pattern[position]))
            position += 1
        else:
            raise refused(f"Failed to tokenize string [{pattern[position]}] at offset [{position}]")
    return tuple(parts)


@value_function("trino_teradata_format", ["BIGINT", "VARCHAR"], "VARCHAR", pa.string())
def teradata_format(micros: int, pattern: str) -> str:
    """to_char of a wall clock."""
    return print_moment(_compile_teradata(pattern), _moment(micros))


@value_function("trino_teradata_parse", ["VARCHAR", "VARCHAR"], "BIGINT", pa.int64())
def teradata_parse(text: str, pattern: str) -> int:
    """to_timestamp and to_date: microseconds of a wall clock."""
    return _micros(parse_moment(_compile_teradata(pattern), text))
