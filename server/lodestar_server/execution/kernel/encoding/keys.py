"""The comparing columns of the encoding table: how values of a type group, hash, compare and order.

`identity_key` is an expression under which DuckDB's GROUP BY, DISTINCT, hash joins and IS NOT DISTINCT FROM agree with
Trino's IDENTICAL; most types are their own key. `equals` and `less` are SQL's three-valued comparisons, in which a NULL
inside an array or a row makes the answer unknown and NaN equals nothing. `order_terms` sorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import NOT_SUPPORTED
from lodestar_server.spi.types import (
    DOUBLE,
    REAL,
    ArrayType,
    CharType,
    MapType,
    RowType,
    TimestampTzType,
    TimeTzType,
    Type,
)
from lodestar_server.spi.types.arrow import MICROSECOND_PRECISION, row_field_name


@lru_cache(maxsize=4096)
def has_own_identity(type_: Type) -> bool:
    """Encoded values are identical exactly when the values are."""
    if isinstance(type_, TimestampTzType | TimeTzType | MapType):
        return False
    return all(has_own_identity(child) for child in type_.children)


@lru_cache(maxsize=4096)
def has_own_order(type_: Type) -> bool:
    """Encoded values sort as the values do, but for the place of NaN."""
    if isinstance(type_, TimestampTzType | TimeTzType | CharType):
        return False
    return all(has_own_order(child) for child in type_.children)


@lru_cache(maxsize=4096)
def may_be_unknown(type_: Type) -> bool:
    """Comparing two values that are not NULL may still give NULL, or involves NaN: native `=` is not enough."""
    return isinstance(type_, ArrayType | RowType | MapType) or type_ in (DOUBLE, REAL)


def identity_key(value: Sql, type_: Type) -> Sql:
    """What to group, hash and match by instead of the value."""
    return value if has_own_identity(type_) else _key(value, type_, ordering=False)


def order_key(value: Sql, type_: Type, *, nan_least: bool = False) -> Sql:
    """What to sort by instead of the value. NaN is the greatest, or the least: as `max` and NULLS FIRST have it."""
    if has_own_order(type_) and not (nan_least and has_floating(type_)):
        return value
    return _key(value, type_, ordering=True, nan_least=nan_least)


@lru_cache(maxsize=4096)
def has_floating(type_: Type) -> bool:
    """NaN may be among the values or inside of them."""
    return type_ in (DOUBLE, REAL) or any(map(has_floating, type_.children))


def _key(value: Sql, type_: Type, *, ordering: bool, nan_least: bool = False) -> Sql:
    inner = partial(order_key, nan_least=nan_least) if ordering else identity_key
    match type_:
        case TimestampTzType(precision):
            if precision <= MICROSECOND_PRECISION:
                return sql.field(value, "t")
            return sql.let(
                value,
                lambda v: sql.case([(sql.is_not_null(v), sql.struct(t=sql.field(v, "t"), p=sql.field(v, "p")))]),
            )
        case TimeTzType():
            return sql.call("trino_time_instant", value)
        case CharType(length) if ordering:
            return sql.fragment(f"rpad({{0}}, {length}, ' ')", value)
        case ArrayType(element):
            return sql.call("list_transform", value, sql.function_of(lambda one: inner(one, element)))
        case MapType(key, element):

            def entry_key(entry: Sql) -> Sql:
                return sql.struct(
                    k=identity_key(sql.field(entry, "key"), key), v=identity_key(sql.field(entry, "value"), element)
                )

            entries = sql.call("map_entries", value)
            return sql.call("list_sort", sql.call("list_transform", entries, sql.function_of(entry_key)))
        case RowType(fields):

            def row_key(row: Sql) -> Sql:
                parts = {
                    row_field_name(i): inner(sql.field(row, row_field_name(i)), one.type)
                    for i, one in enumerate(fields)
                }
                return sql.case([(sql.is_not_null(row), sql.struct(**parts))])

            return sql.let(value, row_key)
        case _ if nan_least and type_ in (DOUBLE, REAL):
            return sql.let(
                value,
                lambda v: sql.case([(sql.is_not_null(v), sql.struct(n=sql.fragment("NOT isnan({0})", v), v=v))]),
            )
        case _:
            return value


def identical(left: Sql, right: Sql, type_: Type) -> Sql:
    """left IS NOT DISTINCT FROM right."""
    return sql.binary("IS NOT DISTINCT FROM", identity_key(left, type_), identity_key(right, type_))


def distinct(left: Sql, right: Sql, type_: Type) -> Sql:
    """left IS DISTINCT FROM right."""
    return sql.binary("IS DISTINCT FROM", identity_key(left, type_), identity_key(right, type_))


def equals(left: Sql, right: Sql, type_: Type) -> Sql:
    """left = right: NULL when a side is NULL or a NULL inside decides."""
    match type_:
        case ArrayType(element):
            return sql.let_all((left, right), lambda a, b: _equal_arrays(a, b, element))
        case RowType(fields):

            def equal_rows(a: Sql, b: Sql) -> Sql:
                return sql.conjunction(
                    [
                        equals(sql.field(a, row_field_name(i)), sql.field(b, row_field_name(i)), one.type)
                        for i, one in enumerate(fields)
                    ]
                )

            return sql.let_all((left, right), equal_rows)
        case MapType(key, element):
            return sql.let_all((left, right), lambda a, b: _equal_maps(a, b, key, element))
    if type_ in (DOUBLE, REAL):
        return sql.let_all(
            (left, right),
            lambda a, b: sql.fragment("CASE WHEN isnan({0}) AND isnan({1}) THEN FALSE ELSE {0} = {1} END", a, b),
        )
    return sql.binary("=", identity_key(left, type_), identity_key(right, type_))


def all_true(answers: Sql) -> Sql:
    """AND over a list of BOOLEAN: TRUE for none."""
    return sql.let(
        answers,
        lambda a: sql.fragment(
            "CASE WHEN list_contains({0}, FALSE) THEN FALSE WHEN len({0}) > list_count({0}) THEN NULL "
            "WHEN {0} IS NULL THEN NULL ELSE TRUE END",
            a,
        ),
    )


def _equal_arrays(left: Sql, right: Sql, element: Type) -> Sql:
    pairs = sql.call(
        "list_transform",
        sql.call("list_zip", left, right),
        sql.function_of(lambda pair: equals(_first(pair), _second(pair), element)),
    )
    branches = [(sql.fragment("len({0}) <> len({1})", left, right), sql.FALSE)]
    if not may_be_unknown(element):
        whole = sql.fragment("list_count({0}) = len({0}) AND list_count({1}) = len({1})", left, right)
        branches.append((whole, sql.binary("=", *(identity_key(one, ArrayType(element)) for one in (left, right)))))
    return sql.case(branches, sql.case([(sql.is_not_null(sql.binary("=", left, right)), all_true(pairs))]))


def _equal_maps(left: Sql, right: Sql, key: Type, element: Type) -> Sql:
    def value_equals(entry: Sql) -> Sql:
        # Keys are never NULL, so matching by identity finds the one entry with an equal key.
        wanted = sql.field(entry, "key")
        found = sql.call(
            "list_filter",
            sql.call("map_entries", right),
            sql.function_of(lambda other: identical(sql.field(other, "key"), wanted, key)),
        )
        return sql.let(
            found,
            lambda f: sql.case(
                [(sql.fragment("len({0}) = 0", f), sql.FALSE)],
                equals(sql.field(entry, "value"), sql.field(sql.fragment("{0}[1]", f), "value"), element),
            ),
        )

    answers = sql.call("list_transform", sql.call("map_entries", left), sql.function_of(value_equals))
    return sql.case(
        [
            (sql.fragment("{0} IS NULL OR {1} IS NULL", left, right), sql.typed_null("BOOLEAN")),
            (sql.fragment("cardinality({0}) <> cardinality({1})", left, right), sql.FALSE),
        ],
        all_true(answers),
    )


def _first(pair: Sql) -> Sql:
    return sql.fragment("{0}[1]", pair)


def _second(pair: Sql) -> Sql:
    return sql.fragment("{0}[2]", pair)


def compare(operator: str, left: Sql, right: Sql, type_: Type, *, nan_least: bool = False) -> Sql:
    """left < right and its kin (`<`, `<=`, `>`, `>=`).

    NaN is neither less nor greater than a number; inside of an array or a row it is the greatest, or the least.
    """
    if isinstance(type_, ArrayType | RowType):
        return _compare_inside(operator, left, right, type_, nan_least)
    if type_ in (DOUBLE, REAL):
        # NaN is the greatest value of DuckDB, so it can be wrongly true on the greater side only.
        def compare_floating(a: Sql, b: Sql) -> Sql:
            greater, other = (a, b) if operator in (">", ">=") else (b, a)
            native = sql.binary(operator, a, b)
            return sql.fragment("CASE WHEN isnan({0}) THEN {1} <> {1} ELSE {2} END", greater, other, native)

        return sql.let_all((left, right), compare_floating)
    return sql.binary(operator, order_key(left, type_), order_key(right, type_))


def _compare_inside(operator: str, left: Sql, right: Sql, type_: Type, nan_least: bool) -> Sql:
    """`compare` of arrays, rows and what they hold: a total order but for NULL."""
    match type_:
        case RowType(fields):
            kinds = [field.type for field in fields]
            return sql.let_all((left, right), lambda a, b: _compare_rows(operator, a, b, kinds, nan_least))
        case ArrayType(element):
            return sql.let_all((left, right), lambda a, b: _compare_arrays(operator, a, b, element, nan_least))
    return sql.binary(operator, *(order_key(one, type_, nan_least=nan_least) for one in (left, right)))


def _null_inside(kind: str) -> Sql:
    message = f"{kind} comparison not supported for {_NULL_PARTS[kind]} with null elements"
    # The form that may stand inside TRY: whether it does is not known here.
    return failure(NOT_SUPPORTED, message, "BOOLEAN", inside_try=True)


_NULL_PARTS = {"ROW": "fields", "ARRAY": "arrays"}


def _compare_rows(operator: str, left: Sql, right: Sql, kinds: Sequence[Type], nan_least: bool) -> Sql:
    branches = [(sql.fragment("{0} IS NULL OR {1} IS NULL", left, right), sql.typed_null("BOOLEAN"))]
    strict = operator[0]
    for index, kind in enumerate(kinds):
        a, b = sql.field(left, row_field_name(index)), sql.field(right, row_field_name(index))
        branches.append((sql.fragment("{0} IS NULL OR {1} IS NULL", a, b), _null_inside("ROW")))
        branches.append((distinct(a, b, kind), _compare_inside(strict, a, b, kind, nan_least)))
    return sql.case(branches, sql.boolean(operator.endswith("=")))


def _compare_arrays(operator: str, left: Sql, right: Sql, element: Type, nan_least: bool) -> Sql:
    strict = operator[0]

    def by_first_difference(position: Sql) -> Sql:
        a, b = sql.fragment("{0}[{1}]", left, position), sql.fragment("{0}[{1}]", right, position)
        return sql.case(
            [
                (sql.is_null(position), sql.fragment(f"len({{0}}) {operator} len({{1}})", left, right)),
                (sql.fragment("{0} IS NULL OR {1} IS NULL", a, b), _null_inside("ARRAY")),
            ],
            _compare_inside(strict, a, b, element, nan_least),
        )

    shared = sql.fragment("list_zip({0}, {1}, TRUE)", left, right)
    differs = sql.function_of(
        lambda pair: sql.fragment("({0} OR {1} IS NULL)", distinct(_first(pair), _second(pair), element), _first(pair))
    )
    position = sql.fragment("list_position(list_transform({0}, {1}), TRUE)", shared, differs)
    return sql.case(
        [(sql.fragment("{0} IS NULL OR {1} IS NULL", left, right), sql.typed_null("BOOLEAN"))],
        sql.let(position, by_first_difference),
    )


def may_refuse_order(type_: Type) -> bool:
    """Two values may have no order: a NULL inside stands where they would be told apart."""
    return isinstance(type_, ArrayType | RowType)


def least_of(values: Sql, type_: Type) -> Sql:
    """The least of a list of values that are not NULL, compared one by one. Raises for a pair that has no order."""
    better = sql.function_of(
        lambda best, one: sql.case([(compare("<", one, best, type_), one)], best),
        2,
    )
    return sql.let(
        values,
        lambda v: sql.case([(sql.fragment("len({0}) > 0", v), sql.call("list_reduce", v, better))]),
    )


def compared_in_order(value: Sql, type_: Type, before: Sequence[Sql], terms: Sequence[Sql]) -> Sql:
    """A value to sort by, which raises where it has no order with its neighbour.

    Values that have no order are alike up to the NULL, so neighbours after sorting are among them. `before`: keys of
    the terms that come first, `terms` those of the value.
    """
    parts = sql.fragment("PARTITION BY {*} ", *before) if before else sql.fragment("")
    previous = sql.fragment("lag({0}) OVER ({1}ORDER BY {2})", value, parts, sql.fragment("{*}", *terms))
    less = compare("<", previous, value, type_)
    return sql.case([(less, value)], value)


def order_terms(value: Sql, type_: Type, *, ascending: bool, nulls_first: bool) -> list[Sql]:
    """The ORDER BY terms: NaN stands beside the NULLs' end, least with NULLS FIRST and greatest with NULLS LAST."""
    direction = "ASC" if ascending else "DESC"
    nulls = "NULLS FIRST" if nulls_first else "NULLS LAST"
    floating = type_ in (DOUBLE, REAL)
    key = order_key(value, type_, nan_least=nulls_first and not floating)
    terms = [sql.fragment(f"{{0}} {direction} {nulls}", key)]
    if nulls_first and floating:
        opposite = "DESC" if ascending else "ASC"
        terms.insert(0, sql.fragment(f"isnan({{0}}) {opposite} {nulls}", value))
    return terms


def null_of(type_: Type) -> Sql:
    """A typed NULL."""
    return sql.typed_null(duckdb_type(type_))
