"""Tables for people: ALIGNED and MARKDOWN."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lodestar.cli.formats.printer import Rows, Write
from lodestar.cli.formats.values import Column, shown_text
from lodestar.cli.formats.width import cells, line_cells

_MARKDOWN_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>()#+!|])")


class AlignedPrinter:
    """Columns as wide as their widest line. A value of several lines takes several, marked `+` where it goes on."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._columns = columns
        self._write = write
        self._texts = [shown_text(column) for column in columns]
        self._numeric = [column.numeric for column in columns]
        self._header_wanted = True
        self._count = 0

    def print_rows(self, rows: Rows, complete: bool) -> None:
        self._count += len(rows)
        table = [[text(value) for text, value in zip(self._texts, row, strict=True)] for row in rows]
        widths = [max(1, cells(column.name)) for column in self._columns]
        for row in table:
            for place, value in enumerate(row):
                width = line_cells(value)
                if width > widths[place]:
                    widths[place] = width
        if self._header_wanted:
            self._header_wanted = False
            names = [_centered(column.name, width) for column, width in zip(self._columns, widths, strict=True)]
            self._write("|".join(names) + "\n" + "+".join("-" * (width + 2) for width in widths) + "\n")
        marked = not complete or self._count > 1
        lines: list[str] = []
        for row in table:
            if any("\n" in value for value in row):
                lines += self._lines(row, widths, marked)
            else:
                lines.append(self._line(row, widths))
        self._write("".join(lines))

    def finish(self) -> None:
        self.print_rows((), True)
        self._write(f"({self._count} row{'' if self._count == 1 else 's'})\n")

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        return "|".join(map(_aligned, row, widths, self._numeric)) + "\n"

    def _lines(self, row: Sequence[str], widths: Sequence[int], marked: bool) -> list[str]:
        columns = [value.split("\n") for value in row]
        found = []
        for number in range(max(map(len, columns))):
            parts = []
            for lines, width, numeric in zip(columns, widths, self._numeric, strict=True):
                part = _aligned(lines[number] if number < len(lines) else "", width, numeric)
                goes_on = marked and number + 1 < len(lines)
                parts.append(part[:-1] + "+" if goes_on else part)
            found.append("|".join(parts) + "\n")
        return found


class MarkdownPrinter:
    """A table of Markdown; what Markdown would read as its own is escaped, a line break is `<br>`."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._columns = columns
        self._write = write
        self._texts = [shown_text(column) for column in columns]
        self._numeric = [column.numeric for column in columns]
        self._header_wanted = True

    def print_rows(self, rows: Rows, complete: bool) -> None:
        table = [[_escaped(text(value)) for text, value in zip(self._texts, row, strict=True)] for row in rows]
        widths = [max(1, cells(column.name)) for column in self._columns]
        for row in table:
            for place, value in enumerate(row):
                width = cells(value)
                if width > widths[place]:
                    widths[place] = width
        lines = []
        if self._header_wanted:
            self._header_wanted = False
            lines.append(self._line([column.name for column in self._columns], widths))
            rules = [
                f"| {'-' * width}{':' if right else ' '}" for width, right in zip(widths, self._numeric, strict=True)
            ]
            lines.append("".join(rules) + "|\n")
        lines += [self._line(row, widths) for row in table]
        self._write("".join(lines))

    def finish(self) -> None:
        pass

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        return "|" + "|".join(map(_aligned, row, widths, self._numeric)) + "|\n"


def _escaped(value: str) -> str:
    return _MARKDOWN_MEANS_SOMETHING.sub(r"\\\1", value).replace("\n", "<br>")


def _centered(value: str, width: int) -> str:
    missing = width - cells(value)
    left = missing // 2
    return " " * (left + 1) + value + " " * (missing - left + 1)


def _aligned(value: str, width: int, right: bool) -> str:
    spaces = " " * (width - cells(value) + 1)
    return f"{spaces}{value} " if right else f" {value}{spaces}"
