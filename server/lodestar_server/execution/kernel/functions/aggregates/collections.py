"""Aggregates that give maps."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import has_own_identity, identity_key
from lodestar_server.execution.kernel.functions.lists import grouped, mapped
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import MapType, Type


def _entry(key: Sql, value: Sql) -> Sql:
    return sql.struct(key=key, value=value)


def _keys(entries: Sql, key_type: Type) -> Sql:
    """What tells the entries' keys apart."""
    return mapped(entries, lambda entry: identity_key(sql.field(entry, "key"), key_type))


def _first_of_each(entries: Sql, key_type: Type) -> Sql:
    """The entries without those whose key came before."""
    return sql.let(
        _keys(entries, key_type),
        lambda keys: grouped(keys, lambda places: sql.fragment("{0}[{1}[1]]", entries, places)),
    )


def _map_of(entries: Sql, key_type: Type) -> Sql:
    """A map of entries; of equal keys the first one counts."""
    repeated = sql.fragment("list_unique({0}) < len({1})", _keys(entries, key_type), entries)
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

    def collected(e: Sql) -> Sql:
        def entry(places: Sql) -> Sql:
            first = sql.fragment("{0}[{1}[1]]", e, places)
            values = mapped(places, lambda place: sql.field(sql.fragment("{0}[{1}]", e, place), "value"))
            return _entry(sql.field(first, "key"), values)

        made = sql.let(_keys(e, key_type), lambda keys: grouped(keys, lambda places: sql.let(places, entry)))
        return sql.case([(sql.is_not_null(e), sql.call("map_from_entries", made))])

    return sql.let(entries, collected)


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
        keys = mapped(v, lambda one: identity_key(one, type_))

        def entry(places: Sql) -> Sql:
            return _entry(sql.fragment("{0}[{1}[1]]", v, places), sql.fragment("CAST(len({0}) AS BIGINT)", places))

        made = sql.let(keys, lambda k: grouped(k, lambda places: sql.let(places, entry)))
        return sql.case([(sql.is_not_null(v), sql.call("map_from_entries", made))])

    return sql.let(values, counted_by_key)


@aggregate("approx_most_frequent")
def _approx_most_frequent(call: GroupCall) -> Sql:
    buckets, value = call.arguments[:2]
    refused = call.fail("approx_most_frequent bucket count must be greater than one")
    counted = call.apply("histogram", value, order=())

    def most(counts: Sql, number: Sql) -> Sql:
        # What is rarer than the last one of them need not be put in order.
        least = sql.fragment("coalesce(list_sort(map_values({0}), 'DESC')[{1}], 0)", counts, number)
        too_few = sql.fragment("cardinality({0}) > 0 AND {1} < 2", counts, number)
        made = sql.let(least, lambda limit: _most_frequent(counts, number, limit))
        return sql.case([(too_few, refused), (sql.fragment("cardinality({0}) > 0", counts), made)])

    number = buckets if call.over is not None else sql.call("any_value", buckets)
    return sql.let_all((counted, number), most)


def _most_frequent(counts: Sql, number: Sql, least: Sql) -> Sql:
    often = sql.function_of(lambda entry: sql.fragment("{0} >= {1}", sql.field(entry, "value"), least))
    turned = sql.function_of(
        lambda entry: sql.struct(
            n=sql.fragment("CAST({0} AS BIGINT)", sql.field(entry, "value")), k=sql.field(entry, "key")
        )
    )
    back = sql.function_of(lambda entry: _entry(sql.field(entry, "k"), sql.field(entry, "n")))
    chosen = sql.fragment("list_transform(list_filter(map_entries({0}), {1}), {2})", counts, often, turned)
    return sql.fragment(
        "map_from_entries(list_transform(list_reverse(list_sort({0}))[:{1}], {2}))", chosen, number, back
    )
