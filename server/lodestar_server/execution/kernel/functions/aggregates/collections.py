"""Aggregates that give maps."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import has_own_identity, identical, identity_key
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import MapType, Type


def _entry(key: Sql, value: Sql) -> Sql:
    return sql.struct(key=key, value=value)


def _keys(entries: Sql) -> Sql:
    return sql.call("list_transform", entries, sql.function_of(lambda entry: sql.field(entry, "key")))


def _first_of_each(entries: Sql, key_type: Type) -> Sql:
    """The entries without those whose key came before."""

    def is_first(entry: Sql, index: Sql) -> Sql:
        earlier = sql.fragment("{0}[:{1} - 1]", entries, index)
        same = sql.function_of(lambda other: identical(sql.field(other, "key"), sql.field(entry, "key"), key_type))
        return sql.fragment("len(list_filter({0}, {1})) = 0", earlier, same)

    return sql.call("list_filter", entries, sql.function_of(is_first, 2))


def _map_of(entries: Sql, key_type: Type) -> Sql:
    """A map of entries; of equal keys the first one counts."""
    if not has_own_identity(key_type):
        return sql.case([(sql.is_not_null(entries), sql.call("map_from_entries", _first_of_each(entries, key_type)))])
    repeated = sql.fragment("len(list_distinct({0})) < len({1})", _keys(entries), entries)
    return sql.case(
        [
            (repeated, sql.call("map_from_entries", _first_of_each(entries, key_type))),
            (sql.is_not_null(entries), sql.call("map_from_entries", entries)),
        ]
    )


@aggregate("map_agg")
def _map_agg(call: GroupCall) -> Sql:
    key, value = call.arguments
    entries = call.apply("list", _entry(key, value), where=sql.is_not_null(key))
    return sql.let(entries, lambda e: _map_of(e, call.types[0]))


@aggregate("multimap_agg")
def _multimap_agg(call: GroupCall) -> Sql:
    key, value = call.arguments
    key_type = call.types[0]
    entries = call.apply("list", _entry(key, value), where=sql.is_not_null(key))

    def grouped(e: Sql) -> Sql:
        def values_of(first: Sql) -> Sql:
            same = sql.function_of(lambda other: identical(sql.field(other, "key"), sql.field(first, "key"), key_type))
            values = sql.fragment(
                "list_transform(list_filter({0}, {1}), {2})",
                e,
                same,
                sql.function_of(lambda entry: sql.field(entry, "value")),
            )
            return _entry(sql.field(first, "key"), values)

        made = sql.call("list_transform", _first_of_each(e, key_type), sql.function_of(values_of))
        return sql.case([(sql.is_not_null(e), sql.call("map_from_entries", made))])

    return sql.let(entries, grouped)


@aggregate("map_union")
def _map_union(call: GroupCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    assert isinstance(type_, MapType)
    entries = sql.fragment(
        "flatten({0})", call.apply("list", sql.call("map_entries", value), where=sql.is_not_null(value))
    )
    return sql.let(entries, lambda e: _map_of(e, type_.key))


@aggregate("histogram")
def _histogram(call: GroupCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    if has_own_identity(type_):
        counted = call.apply("histogram", value, order=())
        return sql.case([(sql.fragment("cardinality({0}) > 0", counted), sql.cast(counted, call.held))])
    values = call.apply("list", value, where=sql.is_not_null(value))

    def counted_by_key(v: Sql) -> Sql:
        keys = sql.let(
            sql.call("list_transform", v, sql.function_of(lambda one: identity_key(one, type_))), lambda k: k
        )

        def with_keys(k: Sql) -> Sql:
            def is_first(one: Sql, index: Sql) -> Sql:
                return sql.fragment("list_position({0}, {0}[{1}]) = {1}", k, index)

            firsts = sql.call("list_filter", v, sql.function_of(is_first, 2))

            def entry(one: Sql) -> Sql:
                key = identity_key(one, type_)
                same = sql.function_of(lambda other: sql.binary("IS NOT DISTINCT FROM", other, key))
                return _entry(one, sql.fragment("CAST(len(list_filter({0}, {1})) AS BIGINT)", k, same))

            return sql.fragment("map_from_entries(list_transform({0}, {1}))", firsts, sql.function_of(entry))

        return sql.case([(sql.is_not_null(v), sql.let(keys, with_keys))])

    return sql.let(values, counted_by_key)


@aggregate("approx_most_frequent")
def _approx_most_frequent(call: GroupCall) -> Sql:
    buckets, value = call.arguments[:2]
    refused = call.fail("approx_most_frequent bucket count must be greater than one")
    counted = call.apply("histogram", value, order=())

    def most(counts: Sql) -> Sql:
        ordered = sql.fragment(
            "list_reverse(list_sort(list_transform(map_entries({0}), {1})))",
            counts,
            sql.function_of(
                lambda entry: sql.struct(
                    n=sql.fragment("CAST({0} AS BIGINT)", sql.field(entry, "value")), k=sql.field(entry, "key")
                )
            ),
        )
        back = sql.function_of(lambda entry: _entry(sql.field(entry, "k"), sql.field(entry, "n")))
        number = buckets if call.over is not None else sql.call("any_value", buckets)
        made = sql.fragment("map_from_entries(list_transform({0}[:{1}], {2}))", ordered, number, back)
        too_few = sql.fragment("cardinality({0}) > 0 AND {1} < 2", counts, number)
        return sql.case([(too_few, refused), (sql.fragment("cardinality({0}) > 0", counts), made)])

    return most(counted)
