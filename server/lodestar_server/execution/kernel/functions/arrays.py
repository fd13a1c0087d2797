"""Arrays: size, elements, parts, joining into text and into other arrays."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.lists import empty, joined_text, mapped
from lodestar_server.execution.kernel.functions.operators import map_value
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.lowering.casts import cast_value
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import SET_DIGEST, VARCHAR, ArrayType, MapType, Type
from lodestar_server.spi.types.arrow import row_field_name

INDEX_FROM_ONE = "SQL array indices start at 1"
_MAX_RESULT = 10_000
_MAX_COMBINATION = 5


@scalar("cardinality", total=True)
def _cardinality(call: ScalarCall) -> Sql:
    if not isinstance(call.types[0], ArrayType | MapType):
        name = "trino_set_cardinality" if call.types[0] == SET_DIGEST else "trino_log_cardinality"
        return sql.call(name, *call.arguments)
    function = "cardinality" if isinstance(call.types[0], MapType) else "len"
    return sql.cast(sql.call(function, *call.arguments), "BIGINT")


@scalar("element_at")
def _element_at(call: ScalarCall) -> Sql:
    collection, index = call.arguments
    type_ = call.types[0]
    if isinstance(type_, MapType):
        return sql.let_all((collection, index), lambda m, k: map_value(m, k, type_.key, call.held))
    if call.constant(1):
        return sql.fragment("{0}[{1}]", collection, index)
    raised = call.fail(INDEX_FROM_ONE)
    return sql.let_all(
        (collection, index),
        lambda a, i: sql.case(
            [(sql.fragment("{0} = 0 AND {1} IS NOT NULL", i, a), raised)], sql.fragment("{0}[{1}]", a, i)
        ),
    )


@scalar("slice")
def _slice(call: ScalarCall) -> Sql:
    def part(array: Sql, start: Sql, length: Sql) -> Sql:
        first = sql.fragment("CASE WHEN {1} > 0 THEN {1} ELSE len({0}) + {1} + 1 END", array, start)
        bad_start = call.fail(INDEX_FROM_ONE)
        bad_length = call.fail("length must be greater than or equal to 0")

        def taken(f: Sql) -> Sql:
            return sql.case(
                [(sql.fragment("{1} BETWEEN 1 AND len({0})", array, f), sql.fragment("{0}[{1}:]", array, f))],
                empty(duckdb_type(_element(call))),
            )

        return sql.case(
            [(sql.fragment("{0} < 0", length), bad_length), (sql.fragment("{0} = 0", start), bad_start)],
            sql.fragment("{0}[1:{1}]", sql.let(first, taken), length),
        )

    return call.strict(part)


def _element(call: ScalarCall) -> Type:
    """The element of the first argument."""
    type_ = call.types[0]
    assert isinstance(type_, ArrayType)
    return type_.element


@scalar("trim_array")
def _trim_array(call: ScalarCall) -> Sql:
    def trimmed(array: Sql, size: Sql) -> Sql:
        shown = sql.cast(size, "VARCHAR")
        cardinality = sql.fragment("CAST(len({0}) AS VARCHAR)", array)
        too_many = [sql.text("size must not exceed array cardinality "), cardinality, sql.text(": "), shown]
        return sql.case(
            [
                (
                    sql.fragment("{0} < 0", size),
                    call.fail(sql.chain("||", [sql.text("size must not be negative: "), shown])),
                ),
                (sql.fragment("{1} > len({0})", array, size), call.fail(sql.chain("||", too_many))),
            ],
            sql.fragment("{0}[1:len({0}) - {1}]", array, size),
        )

    return call.strict(trimmed)


@scalar("array_join")
def _array_join(call: ScalarCall) -> Sql:
    element = _element(call)

    def text(value: Sql) -> Sql:
        return cast_value(value, element, VARCHAR, call.context)

    def join(array: Sql, separator: Sql, *replacement: Sql) -> Sql:
        shown = mapped(array, lambda one: sql.call("coalesce", text(one), *replacement))
        probe = sql.name("probe")
        if not replacement:
            shown = array if text(probe) is probe else mapped(array, text)
        joined = sql.let(separator, lambda one: joined_text(shown, one, call.constant(1)))
        return sql.call("coalesce", joined, sql.text(""))

    return call.strict(join)


scalar_template("flatten", "flatten({0})")


@scalar("zip", total=True)
def _zip(call: ScalarCall) -> Sql:
    def zipped(*arrays: Sql) -> Sql:
        def row(index: Sql) -> Sql:
            parts = {row_field_name(n): sql.fragment("{0}[{1}]", one, index) for n, one in enumerate(arrays)}
            return sql.struct(**parts)

        return mapped(positions(*arrays), row)

    return call.strict(zipped)


def positions(*arrays: Sql) -> Sql:
    """1 … length of the longest array."""
    lengths = [sql.call("len", one) for one in arrays]
    longest = lengths[0] if len(lengths) == 1 else sql.call("greatest", *lengths)
    return sql.fragment("range(1, {0} + 1)", longest)


@scalar("repeat")
def _repeat(call: ScalarCall) -> Sql:
    value, count = call.arguments
    element = duckdb_type(call.types[0])
    low = call.fail("count argument of repeat function must be greater than or equal to 0")
    high = call.fail(f"count argument of repeat function must be less than or equal to {_MAX_RESULT}")

    def repeated(v: Sql, n: Sql) -> Sql:
        return sql.case(
            [
                (sql.is_null(n), sql.typed_null(call.held)),
                (sql.fragment("{0} < 0", n), low),
                (sql.fragment(f"{{0}} > {_MAX_RESULT}", n), high),
            ],
            # Constants are computed before the branch is chosen, so the count is bounded here, too.
            sql.call("list_resize", empty(element), sql.fragment(f"least({{0}}, {_MAX_RESULT})", n), v),
        )

    return sql.let_all((value, count), repeated)


@scalar("shuffle", total=True)
def _shuffle(call: ScalarCall) -> Sql:
    tossed = mapped(call.arguments[0], lambda one: sql.struct(r=sql.fragment("random()"), v=one))
    return mapped(sql.call("list_sort", tossed), lambda one: sql.field(one, "v"))


@scalar("ngrams")
def _ngrams(call: ScalarCall) -> Sql:
    raised = call.fail("N must be positive")

    def grams(array: Sql, size: Sql) -> Sql:
        windows = mapped(
            sql.fragment("range(1, len({0}) - {1} + 2)", array, size),
            lambda start: sql.fragment("{0}[{1}:{1} + {2} - 1]", array, start, size),
        )
        return sql.case(
            [
                (sql.fragment("{0} <= 0", size), raised),
                (sql.fragment("{1} >= len({0})", array, size), sql.fragment("[{0}]", array)),
            ],
            windows,
        )

    return call.strict(grams)


@scalar("combinations")
def _combinations(call: ScalarCall) -> Sql:
    def combined(array: Sql, size: Sql) -> Sql:
        shown = sql.cast(size, "VARCHAR")
        negative = sql.chain("||", [sql.text("combination size must not be negative: "), shown])
        too_large = sql.chain("||", [sql.text(f"combination size must not exceed {_MAX_COMBINATION}: "), shown])
        indices = sql.fragment("trino_combination_indices(CAST(len({0}) AS BIGINT), CAST({1} AS BIGINT))", array, size)
        return sql.case(
            [
                (sql.fragment("{0} < 0", size), call.fail(negative)),
                (sql.fragment(f"{{0}} > {_MAX_COMBINATION}", size), call.fail(too_large)),
            ],
            mapped(indices, lambda chosen: mapped(chosen, lambda index: sql.fragment("{0}[{1}]", array, index))),
        )

    return call.strict(combined)
