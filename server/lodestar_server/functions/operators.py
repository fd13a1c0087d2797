"""Overloads of `+ - * / %`, unary minus and subscript, resolved like functions under the names `$add`, `$negate`, ….

Decimal results follow the rules of Trino 476 (before 477 changed division). Comparisons need no table: both sides
become their common super type.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from lodestar_server.functions.resolution import choose
from lodestar_server.functions.signatures import Signature, TypeVariable, parse_template
from lodestar_server.ir.functions import FunctionKind, FunctionRef
from lodestar_server.spi.types import Type

ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO = "$add", "$subtract", "$multiply", "$divide", "$modulo"
NEGATE, SUBSCRIPT = "$negate", "$subscript"

OPERATOR_TEXTS = {ADD: "+", SUBTRACT: "-", MULTIPLY: "*", DIVIDE: "/", MODULO: "%"}

_NUMBERS = ("bigint", "integer", "smallint", "tinyint", "double", "real")
_DAY, _MONTH = "interval day to second", "interval year to month"
_ZONED, _TIME_ZONED = "timestamp(p) with time zone", "time(p) with time zone"
_DECIMALS = ("decimal(a_precision,a_scale)", "decimal(b_precision,b_scale)")
_DECIMAL = "decimal(r_precision,r_scale)"

Overload = tuple[str, str, str, str | None]
"""left type, right type, result type, derivation"""


def _same(*types: str) -> list[Overload]:
    return [(type_, type_, type_, None) for type_ in types]


# The order within an operator is the order in which Trino lists candidates.
_MOMENTS = (
    ("timestamp(p)", "timestamp(u)"),
    (_ZONED, "timestamp(u) with time zone"),
)
_TIMES = (("time(p)", "time(u)"), (_TIME_ZONED, "time(u) with time zone"))


def _add() -> list[Overload]:
    rows = _same(*_NUMBERS, _DAY, _MONTH)
    rows += [("date", _MONTH, "date", None), ("date", _DAY, "date", None)]
    rows += [(_DAY, "date", "date", None), (_MONTH, "date", "date", None)]
    rows.append((*_DECIMALS, _DECIMAL, "add"))
    for moment, moved in _MOMENTS:
        rows += [(moment, _DAY, moved, "at_least_millis"), (_DAY, moment, moved, "at_least_millis")]
        rows += [(moment, _MONTH, moment, None), (_MONTH, moment, moment, None)]
    for moment, moved in _TIMES:
        rows += [(moment, _DAY, moved, "at_least_millis"), (_DAY, moment, moved, "at_least_millis")]
    return rows


def _subtract() -> list[Overload]:
    rows = _same(*_NUMBERS, _DAY, _MONTH)
    rows += [("date", _DAY, "date", None), ("date", _MONTH, "date", None)]
    rows.append((*_DECIMALS, _DECIMAL, "add"))
    for moment, moved in _MOMENTS:
        rows += [(moment, _DAY, moved, "at_least_millis"), (moment, _MONTH, moment, None), (moment, moment, _DAY, None)]
    for moment, moved in _TIMES:
        both = [(moment, _DAY, moved, "at_least_millis"), (moment, moment, _DAY, None)]
        rows += both if moment == _TIME_ZONED else reversed(both)
    return rows


def _multiply() -> list[Overload]:
    rows = _same(*_NUMBERS)
    for interval in (_DAY, _MONTH):
        rows += [(interval, factor, interval, None) for factor in ("bigint", "double")]
        rows += [(factor, interval, interval, None) for factor in ("bigint", "double")]
    rows.append((*_DECIMALS, _DECIMAL, "multiply"))
    return rows


def _divide() -> list[Overload]:
    return [
        *_same(*_NUMBERS),
        (_DAY, "double", _DAY, None),
        (_MONTH, "double", _MONTH, None),
        (*_DECIMALS, _DECIMAL, "divide"),
    ]


@cache
def _signatures(name: str) -> tuple[Signature, ...]:
    none: frozenset[str] = frozenset()
    if name == NEGATE:
        return tuple(
            Signature(name, FunctionKind.SCALAR, (parse_template(t, none),), parse_template(t, none), t, {})
            for t in (*_NUMBERS, _DAY, _MONTH, "decimal(p,s)")
        )
    if name == SUBSCRIPT:
        array, map_ = frozenset("E"), frozenset("KV")
        return (
            Signature(
                name,
                FunctionKind.SCALAR,
                (parse_template("array(E)", array), parse_template("bigint", none)),
                parse_template("E", array),
                "array(E), bigint",
                {"E": TypeVariable("E")},
            ),
            Signature(
                name,
                FunctionKind.SCALAR,
                (parse_template("map(K,V)", map_), parse_template("K", map_)),
                parse_template("V", map_),
                "map(K,V), K",
                {"K": TypeVariable("K"), "V": TypeVariable("V")},
            ),
        )
    makers: dict[str, Callable[[], list[Overload]]] = {
        ADD: _add,
        SUBTRACT: _subtract,
        MULTIPLY: _multiply,
        DIVIDE: _divide,
        MODULO: lambda: [*_same(*_NUMBERS), (*_DECIMALS, _DECIMAL, "mod")],
    }
    return tuple(
        Signature(
            name,
            FunctionKind.SCALAR,
            (parse_template(left, none), parse_template(right, none)),
            parse_template(result, none),
            f"{left}, {right}",
            {},
            derive=derive,
        )
        for left, right, result, derive in makers[name]()
    )


@lru_cache(maxsize=8192)
def find_operator(name: str, arguments: tuple[Type, ...]) -> FunctionRef | None:
    """The overload of an operator, None when it cannot be applied.

    Raises: LodestarError(INVALID_FUNCTION_ARGUMENT) for a decimal product with too many fraction digits,
    LodestarError(AMBIGUOUS_FUNCTION_CALL) when NULLs leave it open.
    """
    chosen = choose(_signatures(name), arguments)
    if chosen is None:
        return None
    return FunctionRef(name, chosen.arguments, chosen.result)
