"""Which explicit casts exist in Trino 476, and casts of constants that can be done at once without loss."""

from __future__ import annotations

from functools import lru_cache

from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Cast, Constant, Expression
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT, LodestarError
from lodestar_server.spi.types import (
    DOUBLE,
    INTEGRAL_BITS,
    JSON,
    REAL,
    UNKNOWN,
    VARCHAR,
    ArrayType,
    DecimalType,
    MapType,
    RowType,
    Type,
    VarcharType,
)

_NUMBERS = "tinyint smallint integer bigint real double decimal"
_TEXT_TARGETS = f"boolean {_NUMBERS} varchar json"
_MOMENTS = "time|time with time zone|timestamp|timestamp with time zone"


def _bases(text: str) -> frozenset[str]:
    return frozenset(text.replace(" ", "|").split("|"))


def _with_moments(text: str) -> frozenset[str]:
    return _bases(text) | frozenset(_MOMENTS.split("|"))


_TARGETS: dict[str, frozenset[str]] = {
    **{base: _bases(_TEXT_TARGETS) for base in ("boolean", *_NUMBERS.split())},
    "varchar": _with_moments(
        f"{_TEXT_TARGETS} char varbinary date uuid ipaddress KdbTree JsonPath JoniRegExp CodePoints"
    ),
    "char": _bases("varchar char JsonPath JoniRegExp CodePoints"),
    "varbinary": _bases("varbinary uuid ipaddress HyperLogLog SetDigest tdigest qdigest"),
    "json": _bases(_TEXT_TARGETS),
    "date": frozenset({"varchar", "json", "date", "timestamp", "timestamp with time zone"}),
    "time": _with_moments("varchar"),
    "time with time zone": _with_moments("varchar"),
    "timestamp": _with_moments("varchar|json|date"),
    "timestamp with time zone": _with_moments("varchar|date"),
    "interval year to month": frozenset({"varchar", "interval year to month"}),
    "interval day to second": frozenset({"varchar", "interval day to second"}),
    "uuid": _bases("varchar varbinary uuid"),
    "ipaddress": _bases("varchar varbinary ipaddress"),
    "HyperLogLog": _bases("varbinary HyperLogLog P4HyperLogLog"),
    "P4HyperLogLog": _bases("HyperLogLog P4HyperLogLog"),
    "SetDigest": _bases("varbinary HyperLogLog SetDigest"),
    "tdigest": _bases("varbinary tdigest"),
    "qdigest": _bases("varbinary qdigest"),
    "ObjectId": _bases("varchar ObjectId"),
}
"""Scalar source base → target bases. A type that is not listed casts to itself only."""

_UNBOUNDED_TEXT_ONLY = ("uuid", "ipaddress")
_JSON_SCALARS = _bases(f"boolean {_NUMBERS} varchar json unknown")
_JSON_KEYS = _bases(f"boolean {_NUMBERS} varchar unknown")


@lru_cache(maxsize=8192)
def can_cast(source: Type, target: Type) -> bool:
    """CAST(source AS target) exists."""
    if source in (target, UNKNOWN):
        return True
    match source, target:
        case ArrayType(), ArrayType():
            return can_cast(source.element, target.element)
        case MapType(), MapType():
            return can_cast(source.key, target.key) and can_cast(source.value, target.value)
        case RowType(), RowType():
            return len(source.fields) == len(target.fields) and all(
                can_cast(a.type, b.type) for a, b in zip(source.fields, target.fields, strict=True)
            )
    if target == JSON:
        return _to_json(source)
    if source == JSON:
        return _from_json(target)
    if source.base in _UNBOUNDED_TEXT_ONLY and isinstance(target, VarcharType):
        return target.length is None
    if target.children or source.children:
        return target.base in _TARGETS.get(source.base, ()) and (source.base == "varbinary" or not target.children)
    return target.base in _TARGETS.get(source.base, (source.base,)) or can_coerce(source, target)


def check_json_structure(source: Type, target: Type) -> None:
    """The casts between maps and JSON exist for keys that are texts in some way; which they take is found later.

    Raises: LodestarError(INVALID_CAST_ARGUMENT) without a position.
    """
    if target == JSON and _to_json(source, any_keys=True):
        raise LodestarError(INVALID_CAST_ARGUMENT, f"Cannot cast {source.display} to JSON")
    if source == JSON and _from_json(target, any_keys=True):
        raise LodestarError(INVALID_CAST_ARGUMENT, f"Cannot cast JSON to {target.display}")


def _to_json(source: Type, *, any_keys: bool = False) -> bool:
    match source:
        case ArrayType(element):
            return _to_json(element, any_keys=any_keys)
        case MapType(key, value):
            known = key.base in _JSON_KEYS or (any_keys and can_cast(key, VARCHAR))
            return known and _to_json(value, any_keys=any_keys)
        case RowType(fields):
            return all(_to_json(field.type, any_keys=any_keys) for field in fields)
    return source.base in _JSON_SCALARS or source.base in ("date", "timestamp")


def _from_json(target: Type, *, any_keys: bool = False) -> bool:
    match target:
        case ArrayType(element):
            return _from_json(element, any_keys=any_keys)
        case MapType(key, value):
            known = key.base in _JSON_KEYS or (any_keys and can_cast(VARCHAR, key))
            return known and _from_json(value, any_keys=any_keys)
        case RowType(fields):
            return all(_from_json(field.type, any_keys=any_keys) for field in fields)
    return target.base in _JSON_SCALARS


_SHORT_DECIMAL = 18


def coerce(expression: Expression, target: Type) -> Expression:
    """The expression as a value of `target`, to which its type coerces; constants change at once."""
    source = expression.type
    if source == target:
        return expression
    if isinstance(expression, Constant):
        folded = _fold(expression, target)
        if folded is not None:
            return folded
    return Cast(expression, target)


def _fold(constant: Constant, target: Type) -> Constant | None:
    value, source = constant.value, constant.type
    if value is None:
        return Constant(target, None)
    if source in INTEGRAL_BITS:
        if target in INTEGRAL_BITS:
            limit = 1 << (INTEGRAL_BITS[target] - 1)
            return Constant(target, value) if -limit <= value < limit else None
        if isinstance(target, DecimalType):
            unscaled = value * 10**target.scale
            return Constant(target, unscaled) if abs(unscaled) < 10**target.precision else None
        if target == DOUBLE or (target == REAL and abs(value) <= 1 << 24):
            return Constant(target, float(value))
        return None
    if isinstance(source, DecimalType):
        if isinstance(target, DecimalType) and target.scale >= source.scale:
            unscaled = value * 10 ** (target.scale - source.scale)
            return Constant(target, unscaled) if abs(unscaled) < 10**target.precision else None
        if target == DOUBLE:
            # The digits of a short decimal are rounded, then the quotient is.
            short = source.precision <= _SHORT_DECIMAL
            return Constant(target, float(value) / 10.0**source.scale if short else float(f"{value}e{-source.scale}"))
        return None
    if isinstance(source, VarcharType) and isinstance(target, VarcharType):
        fits = target.length is None or len(value) <= target.length
        return Constant(target, value) if fits else None
    return None
