"""Columns of a text file, some thousand rows at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Protocol

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.handles import HiveColumnHandle
from lodestar_server.plugins.connectors.hive.lines.compression import open_decompressed
from lodestar_server.plugins.connectors.hive.lines.csv import CsvDecoder, CsvOptions
from lodestar_server.plugins.connectors.hive.lines.json_rows import JsonColumn, JsonDecoder
from lodestar_server.plugins.connectors.hive.lines.openx import OpenXDecoder
from lodestar_server.plugins.connectors.hive.lines.simple import SimpleDecoder, TextOptions
from lodestar_server.plugins.connectors.hive.lines.splitting import line_chunks
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CURSOR_ERROR, HIVE_INVALID_METADATA
from lodestar_server.spi.errors import LodestarError

HEADER = "skip.header.line.count"
FOOTER = "skip.footer.line.count"
_DECODED_ROWS = 65_536
_FAULTS = (ValueError, OverflowError, EOFError, OSError, zlib.error, pa.ArrowException)


class LineDecoder(Protocol):
    """From lines (binary) to columns."""

    def decode(self, lines: pa.Array) -> list[pa.Array]:
        """One array per wanted column, each as long as there are lines."""
        ...


def line_decoder(
    form: StorageFormat, columns: Sequence[HiveColumnHandle], width: int, properties: Mapping[str, str]
) -> LineDecoder:
    """For data columns of a table with `width` of them. Raises: NOT_SUPPORTED, HIVE_INVALID_METADATA."""
    match form:
        case StorageFormat.CSV:
            return CsvDecoder([column.index for column in columns], CsvOptions.read(properties))
        case StorageFormat.JSON | StorageFormat.OPENX_JSON:
            named = [JsonColumn(column.name, column.index, column.type) for column in columns]
            return JsonDecoder(named) if form is StorageFormat.JSON else OpenXDecoder(named, properties)
        case StorageFormat.REGEX:
            from lodestar_server.plugins.connectors.hive.lines.regex_rows import RegexDecoder

            pattern = properties.get("input.regex")
            if pattern is None:
                raise LodestarError(HIVE_INVALID_METADATA, "Regex table has no input.regex")
            insensitive = properties.get("input.regex.case.insensitive", "").lower() == "true"
            return RegexDecoder(
                [(column.index, column.type) for column in columns], pattern, case_insensitive=insensitive
            )
    assert form in (StorageFormat.TEXTFILE, StorageFormat.SEQUENCEFILE), form
    return SimpleDecoder([(column.index, column.type) for column in columns], width, TextOptions.read(properties))


def read_lines(
    source: BinaryIO,
    location: str,
    form: StorageFormat,
    columns: Sequence[HiveColumnHandle],
    width: int,
    properties: Mapping[str, str],
) -> Iterator[tuple[int, list[pa.Array]]]:
    """Row counts and the columns of these rows. Raises: HIVE_CURSOR_ERROR and what `line_decoder` does."""
    with source:
        try:
            decoder = line_decoder(form, columns, width, properties) if columns else None
            stream = open_decompressed(source, location)
            for lines in line_chunks(stream, _count(properties, HEADER), _count(properties, FOOTER)):
                if decoder is None:
                    yield len(lines), []
                    continue
                for start in range(0, len(lines), _DECODED_ROWS):
                    some = lines.slice(start, _DECODED_ROWS)
                    yield len(some), decoder.decode(some)
        except _FAULTS as fault:
            raise LodestarError(HIVE_CURSOR_ERROR, f"Failed to read file at {location}") from fault


def _count(properties: Mapping[str, str], name: str) -> int:
    text = properties.get(name, "0")
    if not text.lstrip("-").isdigit():
        raise LodestarError(HIVE_INVALID_METADATA, f"Invalid value for {name} property: {text}")
    return max(int(text), 0)
