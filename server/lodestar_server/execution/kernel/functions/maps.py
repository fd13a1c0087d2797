"""Maps. Keys are unique by identity and never NULL, nor hold NULL; entries keep the order in which they came."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import (
    has_own_identity,
    identical,
    identity_key,
    may_be_unknown,
)
from lodestar_server.execution.kernel.encoding.text import key_text
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.lists import (
    filtered,
    filtered_with_index,
    first_of_each,
    has_null,
    joined,
    keys_of,
    mapped,
)
from lodestar_server.execution.kernel.functions.operators import map_value
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT
from lodestar_server.spi.types import ArrayType, MapType, RowType, Type
from lodestar_server.spi.types.arrow import row_field_name

scalar_template("map_keys", "map_keys({0})")
scalar_template("map_values", "map_values({0})")


def map_type(call: ScalarCall) -> MapType:
    """The result as a map type."""
    assert isinstance(call.result, MapType)
    return call.result


def entry(key: Sql, value: Sql) -> Sql:
    """An entry for `map_from_entries`."""
    return sql.struct(key=key, value=value)


def key(one: Sql) -> Sql:
    """The key of an entry."""
    return sql.field(one, "key")


def value(one: Sql) -> Sql:
    """The value of an entry."""
    return sql.field(one, "value")


def entries(mapping: Sql) -> Sql:
    """The entries of a map, in order."""
    return sql.call("map_entries", mapping)


def checked_map(call: ScalarCall, made: Sql) -> Sql:
    """The map of a list of entries. Raises for keys that are NULL, indeterminate or repeated."""
    key_type = map_type(call).key

    def guarded(parts: Sql, keys: Sql) -> Sql:
        return sql.case(
            [*_bad_keys(call, keys, key_type), (sql.is_not_null(parts), sql.call("map_from_entries", parts))]
        )

    return sql.let(made, lambda parts: sql.let(mapped(parts, key), lambda keys: guarded(parts, keys)))


def _bad_keys(call: ScalarCall, keys: Sql, key_type: Type) -> list[tuple[Sql, Sql]]:
    """Condition and failure for each thing that may be wrong with keys."""
    branches = [(has_null(keys), call.fail("map key cannot be null"))]
    if may_be_unknown(key_type) and key_type.children:
        vague = sql.fragment("{0}[1]", filtered(keys, lambda one: holds_null(one, key_type)))
        message = sql.chain("||", [sql.text("map key cannot be indeterminate: "), key_text(vague, key_type)])
        branches.append((sql.is_not_null(vague), call.fail(message)))
    native = keys if has_own_identity(key_type) else keys_of(keys, key_type)
    repeated = sql.fragment("list_unique({0}) < len({0})", native)
    if not sql.is_simple(native):
        repeated = sql.let(native, lambda n: sql.fragment("list_unique({0}) < len({0})", n))
    second = filtered_with_index(
        keys, lambda one, i: sql.fragment("list_position({0}, {1}) < {2}", native, identity_key(one, key_type), i)
    )
    shown = key_text(sql.fragment("{0}[1]", second), key_type)
    message = sql.chain("||", [sql.text("Duplicate map keys ("), shown, sql.text(") are not allowed")])
    branches.append((repeated, call.fail(message)))
    return branches


def holds_null(one: Sql, type_: Type) -> Sql:
    """A NULL is somewhere inside the value, which is not NULL itself."""
    match type_:
        case ArrayType(element):
            inside = sql.fragment(
                "len({0}) > 0",
                filtered(one, lambda part: sql.disjunction([sql.is_null(part), holds_null(part, element)])),
            )
            return inside if element.children else has_null(one)
        case RowType(fields):
            parts: list[Sql] = []
            for index, field in enumerate(fields):
                part = sql.field(one, row_field_name(index))
                parts.append(sql.is_null(part))
                if field.type.children:
                    parts.append(holds_null(part, field.type))
            return sql.disjunction(parts)
        case MapType(_, element):
            return holds_null(sql.call("map_values", one), ArrayType(element))
        case _:
            return sql.FALSE


@scalar("map")
def _map(call: ScalarCall) -> Sql:
    if not call.arguments:
        return sql.cast(sql.fragment("MAP {}"), call.held)
    key_type = map_type(call).key
    uneven = call.fail("Key and value arrays must be the same length")

    def made(keys: Sql, values: Sql) -> Sql:
        return sql.case(
            [(sql.fragment("len({0}) <> len({1})", keys, values), uneven), *_bad_keys(call, keys, key_type)],
            sql.call("map", keys, values),
        )

    return call.strict(made)


@scalar("map_entries", total=True)
def _map_entries(call: ScalarCall) -> Sql:
    # By name nothing would match; a tuple has no names, so what goes through one is taken by position.
    key_type, value_type = (duckdb_type(one) for one in call.types[0].children)
    by_position = sql.cast(entries(call.arguments[0]), f"TUPLE({key_type}, {value_type})[]")
    return sql.cast(by_position, call.held)


def _from_rows(call: ScalarCall, rows: Sql) -> Sql:
    """Rows of key and value as entries. Raises for a row that is NULL."""
    made = mapped(rows, lambda row: entry(sql.field(row, row_field_name(0)), sql.field(row, row_field_name(1))))
    element = call.types[0].children[0]
    held = f'STRUCT("key" {duckdb_type(element.children[0])}, "value" {duckdb_type(element.children[1])})[]'
    raised = call.context.fail(INVALID_FUNCTION_ARGUMENT, "map entry cannot be null", held)
    return sql.case([(has_null(rows), raised)], made)


@scalar("map_from_entries")
def _map_from_entries(call: ScalarCall) -> Sql:
    return sql.let(call.arguments[0], lambda rows: checked_map(call, _from_rows(call, rows)))


@scalar("multimap_from_entries")
def _multimap_from_entries(call: ScalarCall) -> Sql:
    key_type = map_type(call).key
    null_key = call.fail("map key cannot be null")

    def grouped(parts: Sql) -> Sql:
        keys = mapped(parts, key)
        firsts = first_entries(parts, key_type)

        def group(first: Sql) -> Sql:
            same = filtered(parts, lambda other: identical(key(other), key(first), key_type))
            return entry(key(first), mapped(same, value))

        return sql.case([(has_null(keys), null_key)], sql.call("map_from_entries", mapped(firsts, group)))

    return call.strict(lambda rows: sql.let(_from_rows(call, rows), grouped))


def first_entries(parts: Sql, key_type: Type) -> Sql:
    """The entries whose key did not come before, in order. `parts` is simple."""
    keys = sql.call("list_transform", parts, sql.function_of(lambda one: identity_key(key(one), key_type)))
    return sql.let(
        keys,
        lambda k: filtered_with_index(parts, lambda one, i: sql.fragment("list_position({0}, {0}[{1}]) = {1}", k, i)),
    )


@scalar("map_concat", total=True)
def _map_concat(call: ScalarCall) -> Sql:
    """Of equal keys the last map's counts; the last map's entries come first."""
    key_type = map_type(call).key

    def merged(*maps: Sql) -> Sql:
        parts = joined(*(entries(one) for one in reversed(maps)))
        return sql.let(parts, lambda p: sql.call("map_from_entries", first_entries(p, key_type)))

    return call.strict(merged)


# Lambdas


@scalar("map_filter")
def _map_filter(call: ScalarCall) -> Sql:
    kept = filtered(entries(call.arguments[0]), lambda one: call.apply(1, key(one), value(one)))
    return sql.let(kept, _of_entries)


def _of_entries(parts: Sql) -> Sql:
    return sql.case([(sql.is_not_null(parts), sql.call("map_from_entries", parts))])


@scalar("transform_values")
def _transform_values(call: ScalarCall) -> Sql:
    held = duckdb_type(map_type(call).value)

    def changed(one: Sql) -> Sql:
        return entry(key(one), sql.cast(call.apply(1, key(one), value(one)), held))

    return sql.let(mapped(entries(call.arguments[0]), changed), _of_entries)


@scalar("transform_keys")
def _transform_keys(call: ScalarCall) -> Sql:
    held = duckdb_type(map_type(call).key)

    def changed(one: Sql) -> Sql:
        return entry(sql.cast(call.apply(1, key(one), value(one)), held), value(one))

    return checked_map(call, mapped(entries(call.arguments[0]), changed))


@scalar("map_zip_with")
def _map_zip_with(call: ScalarCall) -> Sql:
    """The keys of the first map, then those that only the second has."""
    key_type = map_type(call).key

    def zipped(left: Sql, right: Sql) -> Sql:
        keys = sql.call("list_concat", mapped(entries(left), key), mapped(entries(right), key))

        def combined(k: Sql) -> Sql:
            made = sql.let_all(
                (map_value(left, k, key_type), map_value(right, k, key_type)), lambda a, b: call.apply(2, k, a, b)
            )
            return entry(k, sql.cast(made, duckdb_type(map_type(call).value)))

        unique = sql.let(keys, lambda all_: first_of_each(all_, key_type))
        nulls = sql.fragment("{0} IS NULL OR {1} IS NULL", left, right)
        return sql.case([(nulls, sql.typed_null(call.held))], sql.call("map_from_entries", mapped(unique, combined)))

    return sql.let_all(call.arguments[:2], zipped)
