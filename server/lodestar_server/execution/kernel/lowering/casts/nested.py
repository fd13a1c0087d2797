"""Casts of arrays, maps and rows: of their parts, by position."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_rule, cast_value
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT
from lodestar_server.spi.types import ArrayType, MapType, RowType, Type
from lodestar_server.spi.types.arrow import row_field_name


def _mapped(source: Type, target: Type, context: CastContext) -> Callable[[Sql], Sql] | None:
    """The cast of a part as a function, None when it changes nothing in the encoding."""
    probe = sql.name("probe")
    if cast_value(probe, source, target, context) is probe:
        return None
    return lambda value: cast_value(value, source, target, context)


@cast_rule("array", "array")
def _array(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, ArrayType) and isinstance(target, ArrayType)
    change = _mapped(source.element, target.element, context)
    return value if change is None else sql.call("list_transform", value, sql.function_of(change))


@cast_rule("map", "map")
def _map(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, MapType) and isinstance(target, MapType)
    change_key = _mapped(source.key, target.key, context)
    change_value = _mapped(source.value, target.value, context)
    if change_key is None and change_value is None:
        return value

    def entry(one: Sql) -> Sql:
        key, element = sql.field(one, "key"), sql.field(one, "value")
        return sql.struct(
            key=key if change_key is None else change_key(key),
            value=element if change_value is None else change_value(element),
        )

    entries = sql.call("list_transform", sql.call("map_entries", value), sql.function_of(entry))
    if change_key is None:
        return sql.call("map_from_entries", entries)
    held = duckdb_type(target)

    def unique(made: Sql) -> Sql:
        keys = sql.call("list_transform", made, sql.function_of(lambda one: sql.field(one, "key")))
        repeated = sql.let(keys, lambda k: sql.fragment("len(list_distinct({0})) < len({0})", k))
        raised = failure(INVALID_CAST_ARGUMENT, "duplicate keys", held)
        return sql.case([(repeated, raised)], sql.call("map_from_entries", made))

    return sql.let(entries, unique)


@cast_rule("row", "row")
def _row(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, RowType) and isinstance(target, RowType)
    pairs = list(zip(source.fields, target.fields, strict=True))
    changes = [_mapped(one.type, other.type, context) for one, other in pairs]
    if all(change is None for change in changes):
        return value

    def packed(row: Sql) -> Sql:
        parts = {}
        for index, change in enumerate(changes):
            part = sql.field(row, row_field_name(index))
            parts[row_field_name(index)] = part if change is None else change(part)
        return sql.case([(sql.is_not_null(row), sql.struct(**parts))])

    return sql.let(value, packed)
