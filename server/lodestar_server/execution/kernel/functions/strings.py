"""Functions on text: lengths and positions count code points; char values are held without trailing blanks."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.lists import joined_text
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Call, Cast, Constant, Expression
from lodestar_server.spi.errors import EXCEEDED_FUNCTION_MEMORY_LIMIT
from lodestar_server.spi.types import VARBINARY, ArrayType, CharType, VarcharType

WHITESPACE = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007)])) + "".join(
    map(chr, [*range(0x2008, 0x200B), 0x2028, 0x2029, 0x205F, 0x3000])
)
"""What trim removes: Java's white space, which a no-break space is not."""
MAX_LENGTH = 2**31 - 1


def padded(call: ScalarCall, index: int) -> Sql:
    """A text argument with the blanks that its char type has."""
    type_ = call.types[index]
    if isinstance(type_, CharType):
        return sql.fragment(f"rpad({{0}}, {type_.length}, ' ')", call.arguments[index])
    return call.arguments[index]


def as_result(call: ScalarCall, text: Sql) -> Sql:
    """A text as a value of the result type: a char loses its trailing blanks."""
    return sql.fragment("rtrim({0}, ' ')", text) if isinstance(call.result, CharType) else text


@scalar("length", total=True)
def _length(call: ScalarCall) -> Sql:
    (type_,) = call.types
    if isinstance(type_, CharType):
        return sql.fragment(f"CASE WHEN {{0}} IS NOT NULL THEN CAST({type_.length} AS BIGINT) END", *call.arguments)
    return sql.call("octet_length" if type_ == VARBINARY else "length", *call.arguments)


@scalar("upper", total=True)
def _upper(call: ScalarCall) -> Sql:
    return sql.let(call.arguments[0], lambda v: sql.call("trino_upper", v))


scalar_template("lower", "lower({0})")


@scalar("reverse", total=True)
def _reverse(call: ScalarCall) -> Sql:
    (type_,) = call.types
    if isinstance(type_, ArrayType):
        return sql.call("list_reverse", *call.arguments)
    if type_ == VARBINARY:
        return sql.fragment(
            "unhex(array_to_string(list_reverse(regexp_extract_all(hex({0}), '..')), ''))", *call.arguments
        )
    return as_result(call, sql.let(padded(call, 0), lambda v: sql.call("trino_reverse", v)))


@scalar("concat")
def _concat(call: ScalarCall) -> Sql:
    if isinstance(call.result, ArrayType):
        parts = [
            value if type_ == call.result else sql.fragment("[{0}]", value)
            for value, type_ in zip(call.arguments, call.types, strict=True)
        ]
        return _concatenated_arrays(call, parts)
    if isinstance(call.result, CharType):
        return as_result(call, sql.chain("||", [padded(call, index) for index in range(len(call.arguments))]))
    joined = sql.chain("||", call.arguments)
    if sum(map(_most_bytes, call.expressions)) <= MAX_CONCATENATED_BYTES:
        return joined
    if all(map(sql.is_simple, call.arguments)):
        # Adding lengths is cheaper than holding the result for a second look.
        size = "octet_length({0})" if call.result == VARBINARY else "strlen({0})"
        total = sql.chain("+", [sql.fragment(size, one) for one in call.arguments])
        too_long = sql.fragment(f"{{0}} > {MAX_CONCATENATED_BYTES}", total)
        return sql.case([(too_long, call.fail("Concatenated string is too large"))], joined)
    return sql.let(
        joined,
        lambda text: sql.case(
            [(sql.fragment(_TOO_LONG[call.result == VARBINARY], text), call.fail("Concatenated string is too large"))],
            text,
        ),
    )


MAX_CONCATENATED_BYTES = 2**20
_TOO_LONG = {
    True: f"octet_length({{0}}) > {MAX_CONCATENATED_BYTES}",
    False: f"strlen({{0}}) > {MAX_CONCATENATED_BYTES}",
}


def _most_bytes(argument: Expression) -> int:
    """The longest that a text can be by its type."""
    if isinstance(argument, Constant) and argument.value is not None:
        return 4 * len(argument.value)
    while isinstance(argument, Cast) and argument.value.type.base in ("varchar", "char"):
        argument = argument.value
    if isinstance(argument.type, VarcharType | CharType) and argument.type.length is not None:
        return 4 * argument.type.length
    if isinstance(argument, Call) and argument.function.name == "concat":
        return sum(map(_most_bytes, argument.arguments))
    return MAX_CONCATENATED_BYTES


def _concatenated_arrays(call: ScalarCall, parts: list[Sql]) -> Sql:
    # DuckDB takes a NULL list as empty; a NULL array makes the result NULL, and so does a NULL element beside an array.
    nulls = [sql.is_null(value) for value in call.arguments]
    return sql.case([(sql.disjunction(nulls), sql.typed_null(call.held))], sql.call("list_concat", *parts))


@scalar("substr", "substring")
def _substr(call: ScalarCall) -> Sql:
    value = padded(call, 0)
    if call.types[0] == VARBINARY:
        start, length = call.arguments[1], call.arguments[2] if len(call.arguments) == 3 else sql.number(MAX_LENGTH)
        return sql.let_all((value, start, length), lambda v, s, n: _unless_null(call, s, n, "trino_binary_substr", v))
    if len(call.arguments) == 2:
        if _positive(call, 1):
            return sql.call("substr", value, call.arguments[1])
        return sql.let_all((value, call.arguments[1]), lambda v, s: sql.call("trino_substr", v, s))
    if _positive(call, 1) and _positive(call, 2):
        return sql.call("substr", value, *call.arguments[1:])
    return sql.let_all((value, *call.arguments[1:]), lambda v, s, n: _unless_null(call, s, n, "trino_substr_length", v))


def _unless_null(call: ScalarCall, start: Sql, length: Sql, macro: str, value: Sql) -> Sql:
    return sql.case(
        [(sql.fragment("{0} IS NOT NULL AND {1} IS NOT NULL", start, length), sql.call(macro, value, start, length))]
    )


def _positive(call: ScalarCall, index: int) -> bool:
    value = call.constant(index)
    return isinstance(value, int) and 0 < value <= MAX_LENGTH


for _name in ("trim", "ltrim", "rtrim"):

    @scalar(_name, total=True)
    def _trim(call: ScalarCall, name: str = _name) -> Sql:
        if len(call.arguments) == 2:
            return as_result(call, sql.call(name, *call.arguments))
        blanks = sql.text(WHITESPACE)
        return as_result(call, sql.let(call.arguments[0], lambda value: sql.call(f"trino_{name}", value, blanks)))


@scalar("lpad", "rpad")
def _pad(call: ScalarCall) -> Sql:
    name = call.function.name
    value = padded(call, 0)
    size, fill = call.arguments[1:]
    if call.types[0] == VARBINARY:
        empty, macro, length = "Padding bytes must not be empty", f"trino_binary_{name}", "octet_length"
    else:
        empty, macro, length = "Padding string must not be empty", name, "length"
    made = sql.call(macro, value, sql.cast(size, "INTEGER"), fill)
    constant_size, constant_fill = call.constant(1), call.constant(2)
    if isinstance(constant_size, int) and 0 <= constant_size <= _MAX_PADDED and constant_fill:
        return made

    def checked(_: Sql, n: Sql, f: Sql) -> Sql:
        out_of_range = call.fail("Target length must be in the range [0..2147483647]")
        too_long = call.fail(f"Padded value is longer than {_MAX_PADDED}", EXCEEDED_FUNCTION_MEMORY_LIMIT)
        return sql.case(
            [
                (sql.fragment(f"{{0}} NOT BETWEEN 0 AND {MAX_LENGTH}", n), out_of_range),
                (sql.fragment(f"{length}({{0}}) = 0", f), call.fail(empty)),
                (sql.fragment(f"{{0}} > {_MAX_PADDED}", n), too_long),
            ],
            # DuckDB computes constants of branches that are not taken, and its `least` passes over NULL: two gigabytes.
            sql.call(
                macro,
                value,
                sql.fragment(f"CASE WHEN {{0}} BETWEEN 0 AND {_MAX_PADDED} THEN CAST({{0}} AS INTEGER) END", n),
                f,
            ),
        )

    return call.strict(checked)


_MAX_PADDED = 2**29
"""A call cannot be stopped while it makes one value; Trino runs out of memory where it has a few gigabytes."""


@scalar("replace", total=True)
def _replace(call: ScalarCall) -> Sql:
    value, search = call.arguments[:2]
    replacement = call.arguments[2] if len(call.arguments) == 3 else sql.text("")
    if call.constant(1):
        return sql.call("replace", value, search, replacement)
    return sql.let_all((value, search, replacement), lambda v, s, r: sql.call("trino_replace", v, s, r))


scalar_template("translate", "translate({0}, {1}, {2})")
scalar_template("starts_with", "starts_with({0}, {1})")
scalar_template("ends_with", "ends_with({0}, {1})")


@scalar("to_utf8", total=True)
def _to_utf8(call: ScalarCall) -> Sql:
    return sql.call("encode", padded(call, 0))


scalar_template("levenshtein_distance", "trino_levenshtein_distance({0}, {1})")


@scalar("position", total=True)
def _position(call: ScalarCall) -> Sql:
    return sql.call("strpos", *reversed(call.arguments))


@scalar("strpos")
def _strpos(call: ScalarCall) -> Sql:
    if len(call.arguments) == 2:
        return sql.call("strpos", *call.arguments)
    raised = call.fail("'instance' must be a positive or negative number.")

    def nth(value: Sql, search: Sql, instance: Sql) -> Sql:
        return sql.case(
            [(sql.fragment("{0} = 0", instance), raised)], sql.call("trino_strpos_nth", value, search, instance)
        )

    return call.strict(nth)


@scalar("split")
def _split(call: ScalarCall) -> Sql:
    raised = call.fail("The delimiter may not be the empty string")
    if len(call.arguments) == 2:
        if call.constant(1):
            return sql.call("string_split", *call.arguments)
        return call.strict(
            lambda v, d: sql.case([(sql.fragment("{0} = ''", d), raised)], sql.call("string_split", v, d))
        )
    bad_limit, huge_limit = call.fail("Limit must be positive"), call.fail("Limit is too large")

    def limited(value: Sql, delimiter: Sql, limit: Sql) -> Sql:
        return sql.case(
            [
                (sql.fragment("{0} <= 0", limit), bad_limit),
                (sql.fragment("{0} > 2147483647", limit), huge_limit),
                (sql.fragment("{0} = ''", delimiter), raised),
            ],
            sql.let(
                sql.call("string_split", value, delimiter),
                lambda parts: sql.call("trino_split_limited", parts, delimiter, limit),
            ),
        )

    return call.strict(limited)


@scalar("split_part")
def _split_part(call: ScalarCall) -> Sql:
    def part(value: Sql, delimiter: Sql, index: Sql) -> Sql:
        place = sql.fragment(f"greatest(1, least({{0}}, {MAX_LENGTH}))", index)
        return sql.case(
            [
                (sql.fragment("{0} <= 0", index), call.fail("Index must be greater than zero")),
                (sql.fragment(f"{{0}} > {MAX_LENGTH}", index), sql.typed_null(call.held)),
                (sql.fragment("{0} = ''", delimiter), sql.fragment("nullif(substr({0}, {1}, 1), '')", value, place)),
            ],
            sql.fragment("string_split({0}, {1})[{2}]", value, delimiter, place),
        )

    return call.strict(part)


@scalar("split_to_map", "split_to_multimap")
def _split_to_map(call: ScalarCall) -> Sql:
    function = "trino_" + call.function.name
    if call.function.name == "split_to_map" and len(call.arguments) == 4:
        return _split_to_map_resolving(call)
    return sql.call("map_from_entries", sql.call(function, *call.arguments[:3]))


def _split_to_map_resolving(call: ScalarCall) -> Sql:
    """Repeated keys go through a lambda of key, first and second value."""
    entries = sql.call("trino_split_to_pairs", *call.arguments[:3])

    def merged(pairs: Sql) -> Sql:
        def entry(key: Sql) -> Sql:
            values = sql.fragment(
                "list_transform(list_filter({0}, {1}), {2})",
                pairs,
                sql.function_of(lambda pair: sql.binary("=", sql.field(pair, "key"), key)),
                sql.function_of(lambda pair: sql.field(pair, "value")),
            )
            folded = sql.function_of(lambda first, second: call.apply(3, key, first, second), 2)
            return sql.struct(key=key, value=sql.call("list_reduce", values, folded))

        keys = sql.fragment(
            "list_sort(list_distinct(list_transform({0}, {1})))",
            pairs,
            sql.function_of(lambda pair: sql.field(pair, "key")),
        )
        return sql.fragment("map_from_entries(list_transform({0}, {1}))", keys, sql.function_of(entry))

    return sql.let(entries, merged)


@scalar("concat_ws", total=True)
def _concat_ws(call: ScalarCall) -> Sql:
    separator, *values = call.arguments
    if not values:
        return separator  # analysis lets only a NULL stand alone
    # Nothing to join is the empty string; DuckDB drops NULLs as Trino does.
    if not isinstance(call.types[1], ArrayType):
        return sql.call("concat_ws", separator, *values)
    joined = sql.let_all((separator, values[0]), lambda one, rest: joined_text(rest, one, call.constant(0)))
    present = sql.conjunction([sql.is_not_null(one) for one in (separator, values[0])])
    return sql.case([(present, sql.call("coalesce", joined, sql.text("")))])


@scalar("chr")
def _chr(call: ScalarCall) -> Sql:
    def checked(code: Sql) -> Sql:
        message = sql.chain("||", [sql.text("Not a valid Unicode code point: "), sql.cast(code, "VARCHAR")])
        made = sql.fragment("chr(CAST({0} AS INTEGER))", code)
        return sql.case([(sql.fragment(_CODE_POINT, code), made), (sql.is_not_null(code), call.fail(message))])

    return sql.let(call.arguments[0], checked)


_CODE_POINT = "{0} BETWEEN 0 AND 1114111 AND {0} NOT BETWEEN 55296 AND 57343"


@scalar("codepoint")
def _codepoint(call: ScalarCall) -> Sql:
    raised = call.fail("Input string must be a single character string")
    return sql.let(
        call.arguments[0],
        lambda v: sql.case([(sql.fragment("length({0}) <> 1", v), raised)], sql.call("unicode", v)),
    )


@scalar("hamming_distance")
def _hamming_distance(call: ScalarCall) -> Sql:
    raised = call.fail("The input strings to hamming_distance function must have the same length")

    def distance(a: Sql, b: Sql) -> Sql:
        # No text has more characters than bytes, so all four are equal: neither has one of several bytes.
        plain = "length({0}) = strlen({1}) AND length({1}) = strlen({0}) AND strlen({0}) > 0"
        return sql.case(
            [
                (sql.fragment(plain, a, b), sql.fragment("CAST(hamming({0}, {1}) AS BIGINT)", a, b)),
                (sql.fragment("length({0}) <> length({1})", a, b), raised),
                (sql.fragment("{0} = {1}", a, b), sql.fragment("CAST(0 AS BIGINT)")),
            ],
            # NULL for a NULL, as all before.
            sql.call("trino_code_point_hamming", a, b),
        )

    return sql.let_all(call.arguments, distance)


scalar_template("soundex", "trino_soundex({0})", total=False)
scalar_template("luhn_check", "trino_luhn_check({0})", total=False)


@scalar("normalize", total=True)
def _normalize(call: ScalarCall) -> Sql:
    form = call.arguments[1] if len(call.arguments) == 2 else sql.text("NFC")
    return sql.let(
        call.arguments[0],
        lambda value: sql.case([(sql.call("trino_is_ascii", value), value)], sql.call("trino_normalize", value, form)),
    )


@scalar("from_utf8")
def _from_utf8(call: ScalarCall) -> Sql:
    if len(call.arguments) == 1:
        return sql.let(
            call.arguments[0],
            lambda value: sql.call(
                "coalesce",
                sql.attempt(sql.call("decode", value)),
                sql.call("trino_from_utf8", value, sql.text("\ufffd")),
            ),
        )
    value, replacement = call.arguments
    absent = (sql.is_null(value), sql.NULL)
    if not isinstance(call.types[1], VarcharType):

        def checked(code: Sql) -> Sql:
            raised = call.fail("Invalid replacement character")
            return sql.case(
                [
                    absent,
                    (sql.fragment("{0} > 1114111 OR {0} BETWEEN 55296 AND 57343", code), raised),
                    (sql.fragment("{0} < 0 AND {1}", code, _is_no_text(value)), raised),
                ],
                sql.fragment("chr(CAST(CASE WHEN {0} < 0 THEN 0 ELSE {0} END AS INTEGER))", code),
            )

        return sql.call("trino_from_utf8", value, sql.let(replacement, checked))
    raised = call.fail("Replacement character string must empty or a single character")
    return sql.let(
        replacement,
        lambda r: sql.case(
            [absent, (sql.fragment("length({0}) > 1", r), raised)], sql.call("trino_from_utf8", value, r)
        ),
    )


def _is_no_text(value: Sql) -> Sql:
    """Bytes that are no UTF-8."""
    decoded = sql.call("trino_from_utf8", value, sql.text(""))
    # Leaving out what is invalid makes it shorter.
    return sql.fragment("strlen({0}) < octet_length({1})", decoded, value)


@scalar("word_stem")
def _word_stem(call: ScalarCall) -> Sql:
    language = call.arguments[1] if len(call.arguments) == 2 else sql.text("en")
    return sql.call("trino_word_stem", call.arguments[0], language)
