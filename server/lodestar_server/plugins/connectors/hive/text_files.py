"""Files of lines: TEXTFILE, CSV and JSON, compressed by what their names end in."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.text_values import Delimited, read_json, write_json_row
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_BAD_DATA
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import Type, VarcharType
from lodestar_server.spi.types.values import arrow_to_values

Column = tuple[str, Type, int]
"""Name, type, and place among the file's columns."""

_DEPTHS = "".join(map(chr, [*range(1, 9), 11, *range(14, 27), *range(28, 32)]))


@dataclass(frozen=True, slots=True)
class TextOptions:
    """What the table says of its lines."""

    delimited: Delimited = Delimited(_DEPTHS, None, "\\N")  # noqa: RUF009 - a frozen value
    separator: str = ","
    quote: str = '"'
    escape: str = '"'
    header_lines: int = 0
    footer_lines: int = 0

    @staticmethod
    def of(parameters: Mapping[str, str]) -> TextOptions:
        """From a table's parameters."""
        field = parameters.get("field.delim") or _DEPTHS[0]
        delimited = Delimited(
            field + _DEPTHS[1:],
            parameters.get("escape.delim") or None,
            parameters.get("serialization.null.format", "\\N"),
        )
        return TextOptions(
            delimited,
            parameters.get("separatorChar", ","),
            parameters.get("quoteChar", '"'),
            parameters.get("escapeChar", '"'),
            int(parameters.get("skip.header.line.count", "0")),
            int(parameters.get("skip.footer.line.count", "0")),
        )


def read_rows(
    form: StorageFormat, options: TextOptions, location: str, source: BinaryIO, columns: Sequence[Column]
) -> Iterator[tuple[Any, ...]]:
    """The rows with their wanted columns. Raises: HIVE_BAD_DATA."""
    read: Callable[[str], tuple[Any, ...]] = _READERS[form](options, columns)
    try:
        for line in _lines(location, source, options):
            yield read(line)
    except (ValueError, EOFError, gzip.BadGzipFile) as fault:
        raise LodestarError(HIVE_BAD_DATA, f"Malformed file {location}: {fault}") from fault


def _lines(location: str, source: BinaryIO, options: TextOptions) -> Iterator[str]:
    raw: Any = source
    if location.endswith(".gz"):
        raw = gzip.GzipFile(fileobj=source)
    elif location.endswith(".bz2"):
        raw = bz2.BZ2File(source)
    text = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n")
    lines = islice((line.rstrip("\r\n") if line.endswith("\n") else line for line in text), options.header_lines, None)
    if not options.footer_lines:
        yield from lines
        return
    yield from list(lines)[: -options.footer_lines]


def _delimited_reader(options: TextOptions, columns: Sequence[Column]) -> Callable[[str], tuple[Any, ...]]:
    rules = options.delimited

    def read(line: str) -> tuple[Any, ...]:
        parts = rules.split(line, 0)
        return tuple(rules.read(type_, parts[i], 1) if i < len(parts) else None for _, type_, i in columns)

    return read


def _csv_reader(options: TextOptions, columns: Sequence[Column]) -> Callable[[str], tuple[Any, ...]]:
    def read(line: str) -> tuple[Any, ...]:
        parts = split_csv(line, options)
        return tuple(parts[i] if i < len(parts) else None for _, _, i in columns)

    return read


def split_csv(line: str, options: TextOptions) -> list[str]:
    """The texts of a line; inside quotes the escape character and a doubled quote stand for the next one."""
    parts: list[str] = []
    made: list[str] = []
    quoted, position = False, 0
    while position < len(line):
        character = line[position]
        following = line[position + 1 : position + 2]
        if quoted and character == options.escape and following and following in (options.quote, options.escape):
            made.append(following)
            position += 1
        elif character == options.quote:
            if quoted and following == options.quote:
                made.append(character)
                position += 1
            else:
                quoted = not quoted
        elif character == options.separator and not quoted:
            parts.append("".join(made))
            made = []
        else:
            made.append(character)
        position += 1
    return [*parts, "".join(made)]


def _json_reader(options: TextOptions, columns: Sequence[Column]) -> Callable[[str], tuple[Any, ...]]:
    def read(line: str) -> tuple[Any, ...]:
        found = json.loads(line, parse_float=str, parse_int=str)
        if not isinstance(found, dict):
            raise ValueError("a line is not an object")
        known = {name.lower(): value for name, value in found.items()}
        return tuple(read_json(type_, known.get(name)) for name, type_, _ in columns)

    return read


_READERS = {
    StorageFormat.TEXTFILE: _delimited_reader,
    StorageFormat.CSV: _csv_reader,
    StorageFormat.JSON: _json_reader,
    StorageFormat.OPENX_JSON: _json_reader,
}


class LineFileWriter:
    """A line for each row, compressed when `compressed`."""

    def __init__(
        self,
        form: StorageFormat,
        stream: BinaryIO,
        names: Sequence[str],
        types: Sequence[Type],
        options: TextOptions,
        *,
        compressed: bool,
    ) -> None:
        self._stream: Any = gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) if compressed else stream
        self._compressed = compressed
        self._types = types
        self._line = _WRITERS[form](names, types, options)
        if options.header_lines and form in (StorageFormat.TEXTFILE, StorageFormat.CSV):
            separator = options.separator if form is StorageFormat.CSV else options.delimited.separators[0]
            self._stream.write((separator.join(names) + "\n").encode())

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order."""
        columns = [arrow_to_values(type_, page.column(i)) for i, type_ in enumerate(self._types)]
        rows = zip(*columns, strict=True)
        self._stream.write("".join(f"{self._line(row)}\n" for row in rows).encode())

    def close(self) -> None:
        """Finish the compression; the stream stays open."""
        if self._compressed:
            self._stream.close()


def _delimited_line(
    names: Sequence[str], types: Sequence[Type], options: TextOptions
) -> Callable[[Sequence[Any]], str]:
    rules = options.delimited

    def line(values: Sequence[Any]) -> str:
        parts = (rules.write(type_, value, 1) for type_, value in zip(types, values, strict=True))
        return rules.separators[0].join(parts)

    return line


def _csv_line(names: Sequence[str], types: Sequence[Type], options: TextOptions) -> Callable[[Sequence[Any]], str]:
    assert all(isinstance(type_, VarcharType) for type_ in types)

    def cell(value: str | None) -> str:
        if value is None:
            return ""
        escaped = value.replace(options.escape, options.escape * 2)
        if options.escape != options.quote:
            escaped = escaped.replace(options.quote, options.escape + options.quote)
        return f"{options.quote}{escaped}{options.quote}"

    return lambda values: options.separator.join(map(cell, values))


_WRITERS: dict[
    StorageFormat, Callable[[Sequence[str], Sequence[Type], TextOptions], Callable[[Sequence[Any]], str]]
] = {
    StorageFormat.TEXTFILE: _delimited_line,
    StorageFormat.CSV: _csv_line,
    StorageFormat.JSON: lambda names, types, options: lambda values: write_json_row(names, types, values),
    StorageFormat.OPENX_JSON: lambda names, types, options: lambda values: write_json_row(names, types, values),
}
