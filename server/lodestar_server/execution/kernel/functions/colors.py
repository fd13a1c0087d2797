"""Colours of a terminal."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.text import floating_text
from lodestar_server.execution.kernel.functions.python.colors import NAMES
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import BOOLEAN, DOUBLE, VarcharType

_RED, _GREEN = 0xFF0000, 0x00FF00

scalar_template("rgb", "trino_rgb({0}, {1}, {2})", total=False)


@scalar("color")
def _color(call: ScalarCall) -> Sql:
    if len(call.arguments) == 1:
        return sql.call("trino_color", *call.arguments)
    if len(call.arguments) == 3:
        return sql.call("trino_mixed_color", *call.arguments)
    return call.strict(
        lambda value, low, high, first, second: sql.call(
            "trino_mixed_color",
            sql.fragment("((least(greatest({0}, {1}), {2}) - {1}) / ({2} - {1}))", value, low, high),
            first,
            second,
        )
    )


@scalar("render")
def _render(call: ScalarCall) -> Sql:
    value = call.arguments[0]
    if call.types[0] == BOOLEAN:
        good, bad = (sql.number(-NAMES.index(name) - 1) for name in ("green", "red"))
        return sql.fragment(
            "CASE {0} WHEN TRUE THEN {1} WHEN FALSE THEN {2} END",
            value,
            sql.call("trino_render", sql.text("\u2713"), good),
            sql.call("trino_render", sql.text("\u2717"), bad),
        )
    if call.types[0] == DOUBLE:
        value = floating_text(value)
    elif not isinstance(call.types[0], VarcharType):
        value = sql.cast(value, "VARCHAR")
    return sql.call("trino_render", value, call.arguments[1])


@scalar("bar")
def _bar(call: ScalarCall) -> Sql:
    colors = call.arguments[2:] or (sql.number(_RED), sql.number(_GREEN))
    return sql.call("trino_bar", *call.arguments[:2], *colors)
