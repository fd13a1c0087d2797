"""checksum: the sum of the rows' hashes, in any order. Source: answers of Trino 476.

Values are hashed as eight bytes or as their text by xxHash; lists, rows and maps combine the hashes of their parts.
"""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.functions.lists import mapped
from lodestar_server.execution.kernel.functions.operators import unscaled
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.functions.short_decimals import Operand
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.types import (
    BING_TILE,
    BOOLEAN,
    COLOR,
    DATE,
    DOUBLE,
    INTEGRAL_TYPES,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    IPADDRESS,
    JSON,
    REAL,
    UNKNOWN,
    UUID,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import row_field_name

_SHORT_DECIMAL = 18
_MILLISECOND_PRECISION = 3
_WHOLE_TYPES = (BOOLEAN, *INTEGRAL_TYPES, INTERVAL_YEAR_MONTH, INTERVAL_DAY_SECOND, BING_TILE, COLOR)


@aggregate("checksum")
def _checksum(call: GroupCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    hashed = sql.call("coalesce", hash_of(value, type_), sql.fragment("CAST(1 AS UBIGINT)"))
    total = call.apply("sum", sql.call("trino_checksum_part", hashed), order=())
    return sql.call("trino_checksum_bytes", total)


def hash_of(value: Sql, type_: Type, *, plain: bool = False) -> Sql:
    """A UBIGINT, NULL of NULL. Inside a row, longs are hashed plainly."""
    long = _long_behind(value, type_)
    if long is not None:
        return _long(long, plain=plain and type_ != BOOLEAN)
    if type_ == JSON or isinstance(type_, VarcharType | CharType):
        return sql.fragment("trino_hash_bytes(encode({0}))", value)
    if type_ == VARBINARY:
        return sql.call("trino_hash_bytes", value)
    if type_ in (UUID, IPADDRESS):
        return sql.call("trino_hash_words", value)
    if type_ == UNKNOWN:
        return sql.typed_null("UBIGINT")
    return _hash_of_structure(value, type_, plain=plain)


def unhashed(value: Sql, type_: Type) -> tuple[Sql, str]:
    """What is hashed, and its kind: a `long`, a `double`, or for other types the `hash` itself."""
    if type_ == DOUBLE:
        return value, "double"
    long = _long_behind(value, type_)
    return (hash_of(value, type_), "hash") if long is None else (long, "long")


def _long_behind(value: Sql, type_: Type) -> Sql | None:
    """The BIGINT that stands for a value of a type that is hashed as one."""
    if type_ in _WHOLE_TYPES:
        return sql.cast(value, "BIGINT")
    if type_ == DATE:
        return sql.fragment("CAST({0} - DATE '1970-01-01' AS BIGINT)", value)
    if type_ == DOUBLE:
        return sql.call("trino_double_bits", value)
    if type_ == REAL:
        return sql.call("trino_real_bits", value)
    match type_:
        case DecimalType(precision) if precision <= _SHORT_DECIMAL:
            return sql.let(value, lambda digits: _digits(digits, type_))
        case TimeType():
            return value
        case TimeTzType():
            return sql.fragment("(trino_time_instant({0}) // 1000)", value)
        case TimestampType() if not has_picoseconds(type_):
            return _micros(value)
        case TimestampTzType(precision) if precision <= _MILLISECOND_PRECISION:
            return _millis(_micros(sql.field(value, "t")))
    return None


def _digits(value: Sql, type_: DecimalType) -> Sql:
    """The unscaled number of a short decimal, by 64 bits where they hold what is computed."""
    digits = sql.cast(unscaled(value, type_, 0), "BIGINT")
    short = Operand(value, type_)
    if short.certain or not short.possible:
        return short.digits() if short.certain else digits
    return sql.case([(short.fits(), short.digits())], digits)


def has_hash(type_: Type) -> bool:
    """Values of the type can be hashed."""
    try:
        hash_of(sql.NULL, type_)
    except LodestarError:
        return False
    return True


def _hash_of_structure(value: Sql, type_: Type, *, plain: bool) -> Sql:
    match type_:
        case DecimalType():
            return sql.call("trino_hash_int128", unscaled(value, type_, 0))
        case TimestampType():
            return _pair(_micros(sql.field(value, "t")), sql.field(value, "p"), plain=plain)
        case TimestampTzType():
            return sql.let(value, lambda v: _zoned_pair(v, type_, plain=plain))
        case ArrayType(element):
            return _combined(mapped(value, lambda one: hash_of(one, element, plain=plain)))
        case RowType(fields):

            def row_hash(row: Sql) -> Sql:
                parts = [
                    hash_of(sql.field(row, row_field_name(i)), one.type, plain=True) for i, one in enumerate(fields)
                ]
                return sql.case([(sql.is_not_null(row), _combined(sql.fragment("[{*}]", *parts), start=1))])

            return sql.let(value, row_hash)
        case MapType(key, element):

            def entry_hash(entry: Sql) -> Sql:
                hashes = [
                    _or_zero(hash_of(sql.field(entry, "key"), key, plain=plain)),
                    _or_zero(hash_of(sql.field(entry, "value"), element, plain=plain)),
                ]
                return sql.call("xor", *hashes)

            return sql.call("trino_hash_sum", mapped(sql.call("map_entries", value), entry_hash))
    raise LodestarError(NOT_SUPPORTED, f"checksum of {type_.display} is not supported")


def _micros(instant: Sql) -> Sql:
    # DuckDB forgets the types inside of a constant NULL.
    return sql.call("epoch_us", sql.cast(instant, "TIMESTAMP"))


def _millis(micros: Sql) -> Sql:
    return sql.fragment("CAST(floor({0} / 1000) AS BIGINT)", micros)


def _long(value: Sql, *, plain: bool) -> Sql:
    return sql.call("trino_mix_long" if plain else "trino_hash_long", value)


def _pair(first: Sql, second: Sql, *, plain: bool) -> Sql:
    return sql.call("xor", _long(first, plain=plain), _long(sql.cast(second, "BIGINT"), plain=plain))


def _zoned_pair(value: Sql, type_: TimestampTzType, *, plain: bool) -> Sql:
    micros = _micros(sql.field(value, "t"))
    rest = sql.fragment("((({0} % 1000) + 1000) % 1000 * 1000000)", micros)
    if has_picoseconds(type_):
        rest = sql.fragment("({0} + {1})", rest, sql.field(value, "p"))
    return _pair(_millis(micros), rest, plain=plain)


def _or_zero(value: Sql) -> Sql:
    return sql.call("coalesce", value, sql.fragment("CAST(0 AS UBIGINT)"))


def _combined(hashes: Sql, *, start: int = 0) -> Sql:
    return sql.fragment(f"trino_combined_hash({{0}}, {start})", hashes)
