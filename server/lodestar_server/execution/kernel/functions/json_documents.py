"""JSON documents: json_parse, json_extract and the functions of arrays and sizes.

DuckDB extracts from well-formed documents by JSON pointer, whose steps name members and elements alike as Trino's do.
Where its answer could be spelled otherwise, or the document is not well formed, Python reads the text again.
"""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.python.json_paths import index_of, tokenize
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import BOOLEAN, DOUBLE, JSON, VarcharType


@scalar("json_parse")
def _json_parse(call: ScalarCall) -> Sql:
    def parsed(text: Sql) -> Sql:
        message = sql.chain("||", [sql.text("Cannot convert value to JSON: '"), text, sql.text("'")])
        made = sql.fragment("coalesce(trino_canonical_json({0}), {1})", text, call.fail(message))
        return sql.case([(sql.is_not_null(text), made)])

    return sql.let(call.arguments[0], parsed)


scalar_template("json_format", "{0}")


@scalar("json_array_length", total=True)
def _json_array_length(call: ScalarCall) -> Sql:
    def counted(text: Sql) -> Sql:
        native = sql.cast(sql.attempt(sql.call("json_array_length", text)), "BIGINT")
        in_python = sql.call("trino_json_array_length", text)
        plain = [sql.fragment("starts_with({0}, '[')", text)]
        if call.types[0] != JSON:
            plain.append(sql.fragment("NOT trino_is_lenient_json({0})", text))
        return sql.case([(sql.chain("AND", plain), sql.call("coalesce", native, in_python))], in_python)

    return sql.let(call.arguments[0], counted)


scalar_template("json_array_get", "trino_json_array_get({0}, CAST({1} AS BIGINT))")
scalar_template("is_json_scalar", "trino_is_json_scalar({0})", total=False)


@scalar("json_array_contains", total=True)
def _json_array_contains(call: ScalarCall) -> Sql:
    kind = call.types[1]
    suffix = "varchar" if isinstance(kind, VarcharType) else kind.base
    assert isinstance(kind, VarcharType) or kind in (BOOLEAN, DOUBLE) or kind.base == "bigint"
    return sql.call(f"trino_json_array_contains_{suffix}", *call.arguments)


@scalar("json_extract", "json_extract_scalar", "json_size")
def _extract(call: ScalarCall) -> Sql:
    document, given = call.arguments
    function = call.function.name
    path = call.constant(1)
    if not isinstance(path, str):
        return sql.call(f"trino_{function}", document, given)
    tokens = tokenize(path)
    if tokens is None:
        return call.strict(lambda *_: call.fail(f"Invalid JSON path: '{path}'"))
    if any(not _same_index(token) for token in tokens):
        return sql.call(f"trino_{function}", document, given)
    pointer = sql.text("$" if not tokens else "".join("/" + _escaped(token) for token in tokens))

    def found(text: Sql) -> Sql:
        in_python = sql.call(f"trino_{function}", text, sql.text(path))
        if text.args.get("fixed"):
            return in_python  # DuckDB cannot try a subquery
        if function == "json_size":
            kind = sql.call("json_type", text, pointer)
            native = sql.let(kind, lambda k: sql.call("trino_json_size_of_kind", k, text, pointer))
            if call.types[0] == JSON:
                return native
            return sql.case([(sql.call("trino_is_json", text), native), (sql.is_not_null(text), in_python)])
        if function == "json_extract":
            extracted = sql.fragment("trino_sure_json(TRY(CAST(json_extract({0}, {1}) AS VARCHAR)))", text, pointer)
        else:
            extracted = sql.fragment("trino_sure_scalar(TRY(json_extract_string({0}, {1})))", text, pointer)
        native = sql.call("coalesce", extracted, sql.call(f"trino_other_{function}", text, pointer, sql.text(path)))
        if call.types[0] == JSON:
            return native
        return sql.case([(sql.fragment("NOT trino_is_lenient_json({0})", text), native)], in_python)

    return sql.let(document, found)


def _same_index(token: str) -> bool:
    """A JSON pointer takes the token for the same place in an array."""
    index = index_of(token)
    return token != "-" and (index < 0 or str(index) == token)


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
