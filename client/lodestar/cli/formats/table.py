"""The names of the output formats and what each is."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar.cli.formats.json_lines import JsonPrinter
from lodestar.cli.formats.printer import Printer, Rows, Write
from lodestar.cli.formats.separated import CsvPrinter, TsvPrinter
from lodestar.cli.formats.tables import AlignedPrinter, MarkdownPrinter
from lodestar.cli.formats.values import Column
from lodestar.cli.formats.vertical import AutoPrinter, VerticalPrinter


class NullPrinter:
    """Rows are fetched and forgotten."""

    def print_rows(self, rows: Rows, complete: bool) -> None:
        pass

    def finish(self) -> None:
        pass


def make_printer(name: str, columns: Sequence[Column], write: Write, screen_width: int) -> Printer:
    """The printer of a format (`FORMATS` of the options). `screen_width` is in cells, 0 where there is no screen."""
    match name:
        case "AUTO":
            return AutoPrinter(columns, write, screen_width)
        case "ALIGNED":
            return AlignedPrinter(columns, write)
        case "VERTICAL":
            return VerticalPrinter(columns, write)
        case "TSV" | "TSV_HEADER":
            return TsvPrinter(columns, write, header=name == "TSV_HEADER")
        case "CSV" | "CSV_HEADER" | "CSV_UNQUOTED" | "CSV_HEADER_UNQUOTED":
            return CsvPrinter(columns, write, header="HEADER" in name, quoted="UNQUOTED" not in name)
        case "JSON":
            return JsonPrinter(columns, write)
        case "MARKDOWN":
            return MarkdownPrinter(columns, write)
        case _:
            return NullPrinter()
