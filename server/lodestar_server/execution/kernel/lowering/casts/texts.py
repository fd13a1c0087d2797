"""Casts to varchar and char, and between them."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.text import text_of
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_rule
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT
from lodestar_server.spi.types import DATE, DOUBLE, REAL, CharType, DecimalType, Type, VarcharType

_LONGEST = {"boolean": 5, "tinyint": 4, "smallint": 6, "integer": 11, "bigint": 20}
"""Characters of the longest text of a type."""
_UNCHECKED = (
    "boolean",
    "time",
    "time with time zone",
    "timestamp",
    "timestamp with time zone",
    "interval day to second",
    "interval year to month",
)
"""Trino looks at the length of these texts when it folds a constant, not when it runs."""


def _fits(source: Type, length: int | None) -> bool:
    if length is None:
        return True
    if isinstance(source, DecimalType):
        return source.precision + 3 <= length
    longest = _LONGEST.get(source.base)
    return longest is not None and longest <= length


@cast_rule("boolean,tinyint,smallint,integer,bigint,decimal,real,double,date", "varchar")
@cast_rule("time,time with time zone,timestamp,timestamp with time zone", "varchar")
@cast_rule("interval day to second,interval year to month,uuid,ipaddress", "varchar")
def _to_varchar(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, VarcharType)
    if _fits(source, target.length) or (source.base in _UNCHECKED and not sql.is_constant(value)):
        return _text(value, source)

    def checked(v: Sql) -> Sql:
        def bounded(text: Sql) -> Sql:
            shown = text
            if source in (REAL, DOUBLE):
                shown = sql.chain("||", [sql.call("trino_java_floating_text", v), sql.text(" ("), text, sql.text(")")])
            message = sql.chain("||", [sql.text("Value "), shown, sql.text(f" cannot be represented as {target}")])
            raised = failure(INVALID_CAST_ARGUMENT, message, "VARCHAR")
            return sql.fragment(f"CASE WHEN length({{0}}) > {target.length} THEN {{1}} ELSE {{0}} END", text, raised)

        return sql.let(_text(v, source), bounded)

    return sql.let(value, checked)


def _text(value: Sql, source: Type) -> Sql:
    if source == DATE:
        # Unlike in results, years beyond 9999 have no sign here.
        return sql.fragment("ltrim(trino_date_text({0}), '+')", value)
    text = text_of(value, source)
    assert text is not None
    return text


@cast_rule("varchar", "varchar", total=True)
def _varchar_to_varchar(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, VarcharType) and isinstance(target, VarcharType)
    if target.length is None or (source.length is not None and source.length <= target.length):
        return value
    return sql.fragment(f"left({{0}}, {target.length})", value)


@cast_rule("varchar", "char", total=True)
@cast_rule("char", "char", total=True)
def _to_char(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, VarcharType | CharType) and isinstance(target, CharType)
    if source.length is not None and source.length <= target.length:
        return value if isinstance(source, CharType) else sql.fragment("rtrim({0}, ' ')", value)
    return sql.fragment(f"rtrim(left({{0}}, {target.length}), ' ')", value)


@cast_rule("char", "varchar", total=True)
def _char_to_varchar(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, CharType) and isinstance(target, VarcharType)
    length = source.length if target.length is None else min(source.length, target.length)
    return sql.fragment(f"rpad({{0}}, {length}, ' ')", value)


@cast_rule("varchar,char", "JsonPath,JoniRegExp,CodePoints", total=True)
def _to_pattern(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    """The text itself: what it is used for finds it invalid."""
    return _text(value, source) if isinstance(source, CharType) else value


@cast_rule("varbinary", "HyperLogLog,P4HyperLogLog,SetDigest,tdigest,qdigest", total=True)
@cast_rule("HyperLogLog,P4HyperLogLog,SetDigest,tdigest,qdigest", "varbinary", total=True)
def _sketch(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    """Sketches are their serialized bytes."""
    return value


@cast_rule("varchar", "KdbTree")
def _kdb_tree(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    """A tree is held as its JSON."""
    return sql.call("trino_kdb_tree", value)


@cast_rule("P4HyperLogLog", "HyperLogLog", total=True)
def _from_dense_sketch(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return value


@cast_rule("HyperLogLog", "P4HyperLogLog")
def _to_dense_sketch(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("trino_dense_log", value)


@cast_rule("ObjectId", "varchar", total=True)
def _object_id(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.fragment("lower(hex({0}))", value)
