"""VERTICAL, a line per field; and AUTO, which is ALIGNED as long as a line fits the screen."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar.cli.formats.printer import Printer, Rows, Write
from lodestar.cli.formats.tables import AlignedPrinter
from lodestar.cli.formats.values import Column, shown_text
from lodestar.cli.formats.width import cells, line_cells


class VerticalPrinter:
    """`-[ RECORD 1 ]---`, then `name | value` for each field."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._write = write
        self._texts = [shown_text(column) for column in columns]
        self._width = max((cells(column.name) for column in columns), default=0)
        self._names = [column.name + " " * (self._width - cells(column.name)) for column in columns]
        self._count = 0

    def print_rows(self, rows: Rows, complete: bool) -> None:
        table = [[text(value) for text, value in zip(self._texts, row, strict=True)] for row in rows]
        values_width = max((line_cells(value) for row in table for value in row), default=0)
        lines = []
        for row in table:
            self._count += 1
            head = f"-[ RECORD {self._count} ]"
            if self._width + 1 >= len(head):
                head = head.ljust(self._width + 1, "-") + "+"
            lines.append(head.ljust(self._width + values_width + 3, "-"))
            for name, value in zip(self._names, row, strict=True):
                for line in value.split("\n"):
                    lines.append(f"{name} | {line}")
                    name = " " * self._width
        if lines:
            self._write("\n".join(lines) + "\n")

    def finish(self) -> None:
        if not self._count:
            self._write("(no rows)\n")


class AutoPrinter:
    """ALIGNED until the first portion whose first line is wider than the screen, VERTICAL from then on."""

    def __init__(self, columns: Sequence[Column], write: Write, screen_width: int) -> None:
        self._columns = columns
        self._write = write
        self._screen_width = screen_width
        self._held: list[str] = []
        self._aligned = True
        self._printer: Printer = AlignedPrinter(columns, self._held.append)

    def print_rows(self, rows: Rows, complete: bool) -> None:
        self._printer.print_rows(rows, complete)
        if self._aligned and "".join(self._held).find("\n") > self._screen_width:
            self._aligned = False
            self._held.clear()
            self._printer = VerticalPrinter(self._columns, self._held.append)
            self._printer.print_rows(rows, complete)
        self._flush()

    def finish(self) -> None:
        self._printer.finish()
        self._flush()

    def _flush(self) -> None:
        if self._held:
            self._write("".join(self._held))
            self._held.clear()
