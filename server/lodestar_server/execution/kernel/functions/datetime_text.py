"""Dates and timestamps to text and back: MySQL's codes, Joda's patterns, Teradata's, ISO 8601, durations."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.functions.datetime_parts import local_timestamp
from lodestar_server.execution.kernel.functions.datetime_patterns import (
    has_names,
    parses_alike,
    strftime_of_joda,
    strftime_of_mysql,
    strftime_of_teradata,
)
from lodestar_server.execution.kernel.functions.python.locales import is_english
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import DATE, TimestampType, TimestampTzType, Type

_MILLIS = 3
"""Digits of a second that patterns know."""


def _is_in_english(format_: str, call: ScalarCall) -> bool:
    """strftime knows English only; digits are the same everywhere."""
    return is_english(call.context.locale) or not has_names(format_)


def _years_of_four_digits(clock: Sql, fast: Sql, exact: Sql) -> Sql:
    plain = "{0} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
    return sql.case([(sql.fragment(plain, clock), fast)], exact)


def _clock(value: Sql, type_: Type) -> Sql:
    clock = local_timestamp(value, type_)
    return sql.cast(clock, "TIMESTAMP") if type_ == DATE else clock


def _clock_of_millis(value: Sql, type_: Type) -> Sql:
    """The wall clock of a value, rounded to what patterns of Joda-Time know."""
    clock = _clock(value, type_)
    if isinstance(type_, TimestampType | TimestampTzType) and type_.precision > _MILLIS:
        return sql.fragment("date_trunc('millisecond', {0} + INTERVAL 500 MICROSECOND)", clock)
    return clock


@scalar("date_format")
def _date_format(call: ScalarCall) -> Sql:
    constant = call.constant(1)
    format_ = strftime_of_mysql(constant) if isinstance(constant, str) else None

    def printed(clock: Sql) -> Sql:
        locale = sql.text(call.context.locale)
        exact = sql.fragment("trino_mysql_format(epoch_us({0}), {1}, {2})", clock, call.arguments[1], locale)
        if format_ is None or not _is_in_english(format_, call):
            return exact
        return _years_of_four_digits(clock, sql.call("strftime", clock, sql.text(format_)), exact)

    return sql.let(_clock_of_millis(call.arguments[0], call.types[0]), printed)


def _parsed(call: ScalarCall, text: Sql, format_: str | None, exact: Sql, found: Callable[[Sql], Sql]) -> Sql:
    """`found` of the clock that DuckDB reads from a text, if it writes it the same way; else `exact`."""
    if format_ is None or not parses_alike(format_) or not _is_in_english(format_, call):
        return exact
    given = sql.text(format_)
    clock = sql.call("try_strptime", text, given)
    return sql.case([(sql.fragment("strftime({0}, {1}) = {2}", clock, given, text), found(clock))], exact)


@scalar("date_parse")
def _date_parse(call: ScalarCall) -> Sql:
    constant = call.constant(1)
    format_ = strftime_of_mysql(constant) if isinstance(constant, str) else None

    def read(text: Sql, pattern: Sql) -> Sql:
        given = (text, pattern, sql.text(call.context.locale))
        exact = sql.fragment("make_timestamp(trino_mysql_parse({0}, {1}, {2}))", *given)
        return _parsed(call, text, format_, exact, lambda clock: clock)

    return sql.let_all(call.arguments, read)


@scalar("format_datetime")
def _format_datetime(call: ScalarCall) -> Sql:
    type_ = call.types[0]
    constant = call.constant(1)
    format_ = strftime_of_joda(constant) if isinstance(constant, str) else None

    def printed(value: Sql, pattern: Sql) -> Sql:
        clock = _clock_of_millis(value, type_)
        if isinstance(type_, TimestampTzType):
            zone = sql.field(value, "z")
            offset = sql.call("trino_offset_minutes", sql.field(value, "t"), zone)
        else:
            zone, offset = sql.text(""), sql.number(0)

        def chosen(at: Sql) -> Sql:
            given = (pattern, zone, offset, sql.text(call.context.locale))
            exact = sql.fragment("trino_joda_format(epoch_us({0}), {1}, {2}, {3}, {4})", at, *given)
            if format_ is None or not _is_in_english(format_, call):
                return exact
            return _years_of_four_digits(at, sql.call("strftime", at, sql.text(format_)), exact)

        return sql.let(clock, chosen)

    return sql.let_all(call.arguments, printed)


@scalar("parse_datetime")
def _parse_datetime(call: ScalarCall) -> Sql:
    def packed(text: Sql, parts: Sql) -> Sql:
        head = [
            sql.text('Cannot parse "'),
            text,
            sql.text('": Illegal instant due to time zone offset transition ('),
        ]
        zone = sql.call("coalesce", sql.field(parts, "z"), sql.text(call.context.zone))
        clock = sql.field(parts, "t")
        instant = sql.call("trino_instant", clock, zone)

        def checked(at: Sql) -> Sql:
            # A wall clock inside a gap is no instant.
            gap = sql.fragment("trino_local({0}, {1}) <> {2}", at, zone, clock)
            message = sql.chain("||", [*head, zone, sql.text(")")])
            return sql.case([(gap, call.fail(message))], sql.struct(t=at, z=zone))

        return sql.case([(sql.is_not_null(parts), sql.let(instant, checked))])

    constant = call.constant(1)
    format_ = strftime_of_joda(constant) if isinstance(constant, str) else None

    def read(text: Sql, pattern: Sql) -> Sql:
        exact = sql.call("trino_joda_parse", text, pattern, sql.text(call.context.locale))
        without_zone = _parsed(
            call, text, format_, exact, lambda clock: sql.struct(t=clock, z=sql.typed_null("VARCHAR"))
        )
        return sql.let(without_zone, lambda parts: packed(text, parts))

    return sql.let_all(call.arguments, read)


def _teradata_format(call: ScalarCall) -> str | None:
    constant = call.constant(1)
    return strftime_of_teradata(constant) if isinstance(constant, str) else None


@scalar("to_char")
def _to_char(call: ScalarCall) -> Sql:
    format_ = _teradata_format(call)

    def printed(clock: Sql) -> Sql:
        exact = sql.fragment("trino_teradata_format(epoch_us({0}), {1})", clock, call.arguments[1])
        if format_ is None:
            return exact
        return _years_of_four_digits(clock, sql.call("strftime", clock, sql.text(format_)), exact)

    return sql.let(_clock(call.arguments[0], call.types[0]), printed)


@scalar("to_timestamp", "to_date")
def _to_timestamp(call: ScalarCall) -> Sql:
    def read(text: Sql) -> Sql:
        exact = sql.fragment("make_timestamp(trino_teradata_parse({0}, {1}))", text, call.arguments[1])
        return _parsed(call, text, _teradata_format(call), exact, lambda clock: clock)

    made = sql.let(call.arguments[0], read)
    return sql.cast(made, "DATE") if call.function.name == "to_date" else made


@scalar("to_iso8601", total=True)
def _to_iso8601(call: ScalarCall) -> Sql:
    type_ = call.types[0]
    if type_ == DATE:
        # Joda prints no plus before years of more than four digits.
        return sql.fragment("ltrim(trino_date_text({0}), '+')", call.arguments[0])

    def printed(value: Sql) -> Sql:
        clock = local_timestamp(value, type_)
        text = sql.fragment("replace({0}, ' ', 'T')", _clock_text(clock, value, type_))
        if not isinstance(type_, TimestampTzType):
            return text
        zone = sql.field(value, "z")
        offset = sql.fragment("trino_offset_text(trino_offset_minutes({0}, {1}))", sql.field(value, "t"), zone)
        return sql.fragment("({0} || CASE WHEN {1} = 'UTC' THEN 'Z' ELSE {2} END)", text, zone, offset)

    return sql.let(call.arguments[0], printed)


def _clock_text(clock: Sql, value: Sql, type_: Type) -> Sql:
    assert isinstance(type_, TimestampType | TimestampTzType)
    if has_picoseconds(type_):
        whole = sql.struct(t=clock, p=sql.field(value, "p"))
        return sql.let(whole, lambda w: sql.fragment(f"trino_picosecond_timestamp_text({{0}}, {type_.precision})", w))
    return sql.let(clock, lambda at: sql.fragment(f"trino_timestamp_text({{0}}, {type_.precision})", at))


@scalar("from_iso8601_date")
def _from_iso8601_date(call: ScalarCall) -> Sql:
    return sql.let(
        call.arguments[0],
        lambda text: sql.fragment("coalesce(trino_plain_date({0}), make_date(trino_iso_date({0})))", text),
    )


@scalar("from_iso8601_timestamp", "from_iso8601_timestamp_nanos")
def _from_iso8601_timestamp(call: ScalarCall) -> Sql:
    type_ = call.result
    nanos = call.function.name.endswith("nanos")

    def packed(parts: Sql) -> Sql:
        zone = sql.call("coalesce", sql.field(parts, "z"), sql.text(call.context.zone))
        fields = {"t": sql.call("trino_instant", sql.field(parts, "t"), zone)}
        if has_picoseconds(type_):
            fields["p"] = sql.field(parts, "p")
        return sql.case([(sql.is_not_null(parts), sql.struct(**fields, z=zone))])

    def read(text: Sql) -> Sql:
        plain = sql.call("trino_plain_iso_nanos" if nanos else "trino_plain_iso_timestamp", text)
        zone = sql.fragment("CASE WHEN ends_with({0}, 'Z') THEN 'UTC' END", text)
        parts = sql.struct(t=plain, p=sql.fragment("CAST(0 AS INTEGER)"), z=zone)
        exact = sql.call("trino_iso_nanos" if nanos else "trino_iso_timestamp", text)
        return sql.let(sql.case([(sql.is_not_null(plain), parts)], exact), packed)

    return sql.let(call.arguments[0], read)


@scalar("parse_duration")
def _parse_duration(call: ScalarCall) -> Sql:
    return sql.call("trino_parse_duration", *call.arguments)


@scalar("human_readable_seconds")
def _human_readable_seconds(call: ScalarCall) -> Sql:
    return sql.call("trino_human_readable_seconds", *call.arguments)
