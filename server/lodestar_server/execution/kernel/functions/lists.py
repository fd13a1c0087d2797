"""Expressions over DuckDB lists that several families of functions need."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import has_own_identity, identity_key
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import ArrayType, Type


def mapped(values: Sql, body: Callable[[Sql], Sql]) -> Sql:
    """body of each element."""
    return sql.call("list_transform", values, sql.function_of(body))


def filtered(values: Sql, body: Callable[[Sql], Sql]) -> Sql:
    """The elements for which body is true."""
    return sql.call("list_filter", values, sql.function_of(body))


def filtered_with_index(values: Sql, body: Callable[[Sql, Sql], Sql]) -> Sql:
    """The elements for which body of element and index, from 1, is true."""
    return sql.call("list_filter", values, sql.function_of(body, 2))


def has_null(values: Sql) -> Sql:
    """An element is NULL."""
    return sql.fragment("list_count({0}) < len({0})", values)


def joined(*lists: Sql) -> Sql:
    """The lists one after the other; none of them may be NULL."""
    return sql.call("list_concat", *lists)


def empty(element: str) -> Sql:
    """A list without elements, of a DuckDB type."""
    return sql.fragment(f"CAST([] AS {element}[])")


def keys_of(values: Sql, element: Type) -> Sql:
    """The list to look elements up in by identity."""
    return identity_key(values, ArrayType(element))


def first_of_each(values: Sql, element: Type) -> Sql:
    """The elements without those that are identical to one before, in order. `values` is simple."""
    if has_own_identity(element):
        return filtered_with_index(values, lambda one, i: sql.fragment("list_position({0}, {1}) = {2}", values, one, i))
    return sql.let(
        keys_of(values, element),
        lambda keys: filtered_with_index(
            values, lambda one, i: sql.fragment("list_position({0}, {0}[{1}]) = {1}", keys, i)
        ),
    )


def grouped(keys: Sql, body: Callable[[Sql], Sql]) -> Sql:
    """body of each group of places with the same key, in the order of the first ones; `keys` is simple.

    A group is the list of its places, from 1, in order. Sorting keeps the work in proportion to n log n.
    """
    placed = sql.call(
        "list_sort",
        sql.call("list_transform", keys, sql.function_of(lambda key, place: sql.struct(k=key, i=place), 2)),
    )

    def starts(entries: Sql) -> Sql:
        places = sql.fragment("range(1, len({0}) + 1)", entries)
        begins = sql.function_of(
            lambda at: sql.fragment("({1} = 1 OR {0}[{1}].k IS DISTINCT FROM {0}[{1} - 1].k)", entries, at)
        )
        return sql.call("list_filter", places, begins)

    def groups(entries: Sql, begins: Sql) -> Sql:
        def bounds(begin: Sql, number: Sql) -> Sql:
            end = sql.fragment("coalesce({0}[{1} + 1] - 1, len({2}))", begins, number, entries)
            return sql.struct(i=sql.fragment("{0}[{1}].i", entries, begin), b=begin, e=end)

        in_order = sql.call("list_sort", sql.call("list_transform", begins, sql.function_of(bounds, 2)))

        def places(group: Sql) -> Sql:
            run = sql.fragment("{0}[{1}:{2}]", entries, sql.field(group, "b"), sql.field(group, "e"))
            return mapped(run, lambda entry: sql.field(entry, "i"))

        return mapped(in_order, lambda group: body(places(group)))

    return sql.let(placed, lambda entries: sql.let(starts(entries), lambda begins: groups(entries, begins)))


def among(values: Sql, others: Sql, element: Type, *, present: bool) -> Sql:
    """The elements of one list that another has, or has not; NULL is identical to NULL."""
    test = "IS NOT NULL" if present else "IS NULL"
    return sql.let(
        keys_of(others, element),
        lambda keys: filtered(
            values,
            lambda one: sql.fragment(f"list_position({{0}}, {{1}}) {test}", keys, identity_key(one, element)),
        ),
    )


def any_true(answers: Sql) -> Sql:
    """OR over a list of BOOLEAN: FALSE for none."""
    return sql.let(
        answers,
        lambda a: sql.fragment(
            "CASE WHEN list_contains({0}, TRUE) THEN TRUE WHEN list_count({0}) < len({0}) THEN NULL "
            "WHEN {0} IS NULL THEN NULL ELSE FALSE END",
            a,
        ),
    )


def joined_text(parts: Sql, separator: Sql, constant: object) -> Sql:
    """The elements of a list that are not NULL, with a separator between them; `constant` is its value if it has one.

    DuckDB's own function wants a constant.
    """
    return sql.call("trino_joined" if constant is None else "array_to_string", parts, separator)
