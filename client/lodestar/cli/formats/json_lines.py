"""JSON: one object per row and line.

The official client of this version cannot print arrays, maps and rows at all in this format; here an array is an array,
a map an object, and a row an object too, unless a field has no name of its own: then it is an array.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar.cli.formats.printer import Rows, Write
from lodestar.cli.formats.values import Column, json_text, quoted


class JsonPrinter:
    """No header, nothing for no rows."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._write = write
        self._fields = [(f"{quoted(column.name)}:", json_text(column)) for column in columns]

    def print_rows(self, rows: Rows, complete: bool) -> None:
        fields = self._fields
        lines = [
            "{" + ",".join([name + text(one) for (name, text), one in zip(fields, row, strict=True)]) for row in rows
        ]
        if lines:
            self._write("}\n".join(lines) + "}\n")

    def finish(self) -> None:
        pass
