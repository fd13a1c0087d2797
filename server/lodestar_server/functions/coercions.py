"""Which types become which without a cast, and the common type of two. Source: Trino TypeCoercion, as 476 behaves."""

from __future__ import annotations

from functools import lru_cache

from lodestar_server.spi.types import (
    BIGINT,
    CODE_POINTS,
    DOUBLE,
    HYPER_LOG_LOG,
    INTEGER,
    INTEGRAL_DECIMALS,
    INTEGRAL_TYPES,
    JONI_REGEXP,
    JSON_PATH,
    MAX_CHAR_LENGTH,
    MAX_DECIMAL_PRECISION,
    P4_HYPER_LOG_LOG,
    REAL,
    SMALLINT,
    TINYINT,
    UNKNOWN,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.text import SIMPLE_TYPES

_TEXT_PATTERNS: dict[str, Type] = {type_.base: type_ for type_ in (JONI_REGEXP, JSON_PATH, CODE_POINTS)}
_NARROWEST: dict[str, Type] = {
    "varchar": VarcharType(0),
    "char": CharType(0),
    "decimal": DecimalType(1, 0),
    "time": TimeType(0),
    "time with time zone": TimeTzType(0),
    "timestamp": TimestampType(0),
    "timestamp with time zone": TimestampTzType(0),
}
"""What NULL becomes for a base that needs parameters."""


# What NULL becomes where a function takes any precision: Trino's default, not the least.
_DEFAULTS: dict[str, Type] = {
    one.base: one for one in (TimestampType(3), TimestampTzType(3), TimeType(3), TimeTzType(3))
}


def coerce_base(source: Type, base: str) -> Type | None:
    """The type with this base into which `source` coerces, with as few parameters as hold its values; None if none."""
    if source.base == base:
        return source
    if source == UNKNOWN:
        return _DEFAULTS.get(base) or _NARROWEST.get(base) or SIMPLE_TYPES.get(base.lower())
    match source:
        case VarcharType(length):
            if base == "char":
                return CharType(MAX_CHAR_LENGTH if length is None else min(length, MAX_CHAR_LENGTH))
            return _TEXT_PATTERNS.get(base)
        case CharType():
            return _TEXT_PATTERNS.get(base)
        case DecimalType():
            return {"real": REAL, "double": DOUBLE}.get(base)
        case TimeType(precision):
            return TimeTzType(precision) if base == "time with time zone" else None
        case TimestampType(precision):
            return TimestampTzType(precision) if base == "timestamp with time zone" else None
    if source in INTEGRAL_TYPES:
        if base == "decimal":
            return INTEGRAL_DECIMALS[source]
        wider = {TINYINT: (SMALLINT, INTEGER, BIGINT), SMALLINT: (INTEGER, BIGINT), INTEGER: (BIGINT,), BIGINT: ()}
        return next((type_ for type_ in (*wider[source], REAL, DOUBLE) if type_.base == base), None)
    if source == REAL:
        return DOUBLE if base == "double" else None
    if source.base == "date":
        return _NARROWEST[base] if base in ("timestamp", "timestamp with time zone") else None
    if source == P4_HYPER_LOG_LOG and base == HYPER_LOG_LOG.base:
        return HYPER_LOG_LOG
    return None


@lru_cache(maxsize=8192)
def common_super_type(a: Type, b: Type) -> Type | None:
    """The type to which both coerce, None when there is none."""
    return _compare(a, b)[0]


@lru_cache(maxsize=8192)
def can_coerce(source: Type, target: Type) -> bool:
    """A value of `source` may stand where `target` is expected."""
    common, coercible = _compare(source, target)
    return common is not None and coercible


def common_type(types: list[Type]) -> Type | None:
    """The common super type of one or more types."""

    found: Type | None = types[0]
    for type_ in types[1:]:
        if found is None:
            return None
        found = common_super_type(found, type_)
    return found


def _compare(a: Type, b: Type) -> tuple[Type | None, bool]:
    """The common super type of a and b, and whether it is b (a coerces to b)."""
    if a == b:
        return b, True
    if a == UNKNOWN:
        return b, True
    if b == UNKNOWN:
        return a, False
    if a.base == b.base:
        common = _same_base(a, b)
        return common, common is not None and _same_shape(common, b)
    coerced = coerce_base(a, b.base)
    if coerced is not None:
        return _compare(coerced, b)
    coerced = coerce_base(b, a.base)
    if coerced is not None:
        common, _ = _compare(a, coerced)
        return common, False
    return None, False


def _same_base(a: Type, b: Type) -> Type | None:
    match a, b:
        case DecimalType(), DecimalType():
            scale = max(a.scale, b.scale)
            integral = max(a.precision - a.scale, b.precision - b.scale)
            return DecimalType(min(MAX_DECIMAL_PRECISION, integral + scale), scale)
        case VarcharType(), VarcharType():
            if a.length is None or b.length is None:
                return VarcharType()
            return VarcharType(max(a.length, b.length))
        case CharType(), CharType():
            return CharType(max(a.length, b.length))
        case TimeType(), TimeType():
            return TimeType(max(a.precision, b.precision))
        case TimeTzType(), TimeTzType():
            return TimeTzType(max(a.precision, b.precision))
        case TimestampType(), TimestampType():
            return TimestampType(max(a.precision, b.precision))
        case TimestampTzType(), TimestampTzType():
            return TimestampTzType(max(a.precision, b.precision))
        case ArrayType(), ArrayType():
            element = common_super_type(a.element, b.element)
            return None if element is None else ArrayType(element)
        case MapType(), MapType():
            key, value = common_super_type(a.key, b.key), common_super_type(a.value, b.value)
            return None if key is None or value is None else MapType(key, value)
        case RowType(), RowType():
            return _common_row(a, b)
    return None


def _common_row(a: RowType, b: RowType) -> RowType | None:
    if len(a.fields) != len(b.fields):
        return None
    fields: list[RowField] = []
    for left, right in zip(a.fields, b.fields, strict=True):
        type_ = common_super_type(left.type, right.type)
        if type_ is None:
            return None
        # A name survives only when both sides agree on it.
        fields.append(RowField(left.name if left.name == right.name else None, type_))
    return RowType(tuple(fields))


def _same_shape(a: Type, b: Type) -> bool:
    """Equal apart from the names of row fields."""
    if a == b:
        return True
    if a.base != b.base or not a.children or len(a.children) != len(b.children):
        return False
    return all(_same_shape(x, y) for x, y in zip(a.children, b.children, strict=True))
