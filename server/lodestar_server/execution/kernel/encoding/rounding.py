"""Changing the number of fraction digits of times and timestamps: more digits re-encode, fewer round half up."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import TimestampType, TimestampTzType, TimeType, TimeTzType, Type
from lodestar_server.spi.types.arrow import MICROSECOND_PRECISION

PICOSECONDS_PER_DAY = 86_400_000_000_000_000


def rounded_timestamp(value: Sql, type_: Type, precision: int) -> tuple[Sql, Type]:
    """A time or timestamp, with or without zone, in the encoding of the same kind of type with `precision` digits."""
    match type_:
        case TimeType(old):
            return _time(value, old, precision), TimeType(precision)
        case TimeTzType(old):
            changed = value
            if precision < old:
                changed = sql.let(
                    value,
                    lambda v: sql.case(
                        [
                            (
                                sql.is_not_null(v),
                                sql.struct(t=_time(sql.field(v, "t"), old, precision), o=sql.field(v, "o")),
                            )
                        ]
                    ),
                )
            return changed, TimeTzType(precision)
        case TimestampType():
            return _timestamp(value, type_, TimestampType(precision)), TimestampType(precision)
        case TimestampTzType(old):
            target = TimestampTzType(precision)
            if precision >= old and has_picoseconds(type_) == has_picoseconds(target):
                return value, target
            return sql.let(value, lambda v: _zoned(v, type_, target)), target
        case _:
            raise TypeError(f"{type_} has no fraction digits")


def _time(value: Sql, old: int, new: int) -> Sql:
    if new >= old:
        return value
    unit = 10 ** (12 - new)
    return sql.fragment(f"((({{0}} + {unit // 2}) // {unit} * {unit}) % {PICOSECONDS_PER_DAY})", value)


def _rounded_micros(value: Sql, new: int) -> Sql:
    return sql.fragment(f"make_timestamp(trino_round_micros(epoch_us({{0}}), {10 ** (6 - new)}))", value)


def _timestamp(value: Sql, old: TimestampType, new: TimestampType) -> Sql:
    if not has_picoseconds(old):
        if has_picoseconds(new):
            return sql.let(value, lambda v: _with_zero_picoseconds(v))
        if new.precision >= old.precision:
            return value
        return sql.let(value, lambda v: _rounded_micros(v, new.precision))
    if new.precision >= old.precision:
        return value
    return sql.let(value, lambda v: _fewer(v, new.precision))


def _with_zero_picoseconds(value: Sql) -> Sql:
    return sql.case([(sql.is_not_null(value), sql.struct(t=value, p=sql.fragment("CAST(0 AS INTEGER)")))])


def _fewer(value: Sql, precision: int) -> Sql:
    """Fewer digits of a STRUCT(t, p)."""
    instant, rest = sql.field(value, "t"), sql.field(value, "p")
    if precision < MICROSECOND_PRECISION:
        # Half of the unit is a whole number of microseconds, so the picoseconds cannot decide.
        return _rounded_micros(instant, precision)
    if precision == MICROSECOND_PRECISION:
        return sql.fragment("make_timestamp(epoch_us({0}) + CASE WHEN {1} >= 500000 THEN 1 ELSE 0 END)", instant, rest)
    unit = 10 ** (12 - precision)
    rounded = sql.fragment(f"(({{0}} + {unit // 2}) // {unit} * {unit})", rest)
    carried = sql.fragment("make_timestamp(epoch_us({0}) + {1} // 1000000)", instant, rounded)
    kept = sql.fragment("CAST({0} % 1000000 AS INTEGER)", rounded)
    return sql.case([(sql.is_not_null(value), sql.struct(t=carried, p=kept))])


def _zoned(value: Sql, old: TimestampTzType, new: TimestampTzType) -> Sql:
    zone = sql.field(value, "z")
    plain = value if has_picoseconds(old) else sql.field(value, "t")
    if has_picoseconds(old):
        plain = sql.struct(t=sql.field(value, "t"), p=sql.field(value, "p"))
    changed = _timestamp(plain, TimestampType(old.precision), TimestampType(new.precision))
    if has_picoseconds(new):
        made = sql.let(changed, lambda c: sql.struct(t=sql.field(c, "t"), p=sql.field(c, "p"), z=zone))
    else:
        made = sql.struct(t=changed, z=zone)
    return sql.case([(sql.is_not_null(value), made)])
