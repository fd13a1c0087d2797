"""JSON: one object per row and line.

The official client of this version cannot print arrays, maps and rows at all in this format; here an array is an array,
a map an object, and a row an object too, unless a field has no name of its own: then it is an array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lodestar.cli.formats.printer import Rows, Write
from lodestar.cli.formats.values import Column, Number, json_value

_ESCAPES = {
    **{code: f"\\u{code:04X}" for code in range(32)},
    **{8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"},
}


class JsonPrinter:
    """No header, nothing for no rows."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._write = write
        self._fields = [(f"{json_text(column.name)}:", json_value(column)) for column in columns]

    def print_rows(self, rows: Rows, complete: bool) -> None:
        fields = self._fields
        lines = [
            "{" + ",".join([name + json_text(convert(one)) for (name, convert), one in zip(fields, row, strict=True)])
            for row in rows
        ]
        if lines:
            self._write("}\n".join(lines) + "}\n")

    def finish(self) -> None:
        pass


def json_text(value: Any) -> str:
    """JSON without spaces; only what must be escaped is."""
    if isinstance(value, Number):
        return value
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(key)}:{json_text(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return str(value)
