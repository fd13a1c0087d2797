"""CSV and TSV."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lodestar.cli.formats.printer import Rows, Write
from lodestar.cli.formats.values import Column, plain_text

_TSV_ESCAPES = {0: "\\0", 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 92: "\\\\"}

_TSV_ESCAPED = re.compile(r"[\0\x08\n\f\r\\]")


class CsvPrinter:
    """Every field between double quotes, which are doubled inside; without quotes nothing is escaped at all."""

    def __init__(self, columns: Sequence[Column], write: Write, *, header: bool, quoted: bool) -> None:
        self._columns = columns
        self._write = write
        self._texts = [plain_text(column) for column in columns]
        self._quoted = quoted
        self._header_wanted = header

    def print_rows(self, rows: Rows, complete: bool) -> None:
        lines = []
        if self._header_wanted:
            self._header_wanted = False
            lines.append(self._line([column.name for column in self._columns]))
        texts = self._texts
        lines += [self._line([text(value) for text, value in zip(texts, row, strict=True)]) for row in rows]
        if lines:
            self._write("".join(lines))

    def finish(self) -> None:
        self.print_rows((), True)

    def _line(self, fields: list[str]) -> str:
        if not self._quoted:
            return ",".join(fields) + "\n"
        joined = '","'.join(fields)
        if joined.count('"') > 2 * (len(fields) - 1):
            joined = '","'.join([field.replace('"', '""') for field in fields])
        return f'"{joined}"\n'


class TsvPrinter:
    """Fields between tabs; control characters and backslashes are escaped."""

    def __init__(self, columns: Sequence[Column], write: Write, *, header: bool) -> None:
        self._columns = columns
        self._write = write
        self._texts = [plain_text(column) for column in columns]
        self._header_wanted = header

    def print_rows(self, rows: Rows, complete: bool) -> None:
        lines = []
        if self._header_wanted:
            self._header_wanted = False
            lines.append(_tsv_line([column.name for column in self._columns]))
        texts = self._texts
        lines += [_tsv_line([text(value) for text, value in zip(texts, row, strict=True)]) for row in rows]
        if lines:
            self._write("".join(lines))

    def finish(self) -> None:
        self.print_rows((), True)


def _tsv_line(fields: list[str]) -> str:
    line = "\t".join(fields)
    if _TSV_ESCAPED.search(line) is None and line.count("\t") == len(fields) - 1:
        return line + "\n"
    return "\t".join([field.translate(_TSV_ESCAPES) for field in fields]) + "\n"
