"""Pages to the lines of a text file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO, Protocol

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.lines.compression import open_compressed
from lodestar_server.plugins.connectors.hive.lines.csv import CsvEncoder, CsvOptions
from lodestar_server.plugins.connectors.hive.lines.json_texts import JsonEncoder
from lodestar_server.plugins.connectors.hive.lines.reading import HEADER
from lodestar_server.plugins.connectors.hive.lines.simple import SimpleEncoder, TextOptions
from lodestar_server.spi.types import VARCHAR, Type


class LineEncoder(Protocol):
    """From pages to lines."""

    def encode(self, page: pa.RecordBatch) -> memoryview:
        """The lines of all rows, each with LF at its end."""
        ...


def line_encoder(
    form: StorageFormat, names: Sequence[str], types: Sequence[Type], properties: Mapping[str, str]
) -> LineEncoder:
    """For all data columns of a table."""
    match form:
        case StorageFormat.CSV:
            return CsvEncoder(CsvOptions.read(properties))
        case StorageFormat.JSON | StorageFormat.OPENX_JSON:
            return JsonEncoder(names, types, openx=form is StorageFormat.OPENX_JSON)
    assert form in (StorageFormat.TEXTFILE, StorageFormat.SEQUENCEFILE), form
    return SimpleEncoder(types, TextOptions.read(properties))


def header_line(form: StorageFormat, names: Sequence[str], properties: Mapping[str, str]) -> memoryview | None:
    """The names of the columns as a row of texts, where readers leave the first line out."""
    if properties.get(HEADER, "0") == "0":
        return None
    encoder = line_encoder(form, names, [VARCHAR] * len(names), properties)
    return encoder.encode(pa.RecordBatch.from_arrays([pa.array([name]) for name in names], list(names)))


class LineFileWriter:
    """Every row ends with LF."""

    def __init__(
        self, stream: BinaryIO, encoder: LineEncoder, codec: CompressionCodec, header: memoryview | None = None
    ) -> None:
        self._encoder = encoder
        self._compressed = open_compressed(stream, codec)
        self._stream = stream if self._compressed is None else self._compressed
        if header is not None:
            self._stream.write(header)

    held_bytes = 0

    def flush(self) -> None:
        """Nothing is collected."""

    def takes(self, page: pa.RecordBatch) -> bool:
        """Always."""
        return True

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order."""
        self._stream.write(self._encoder.encode(page))

    def close(self) -> None:
        """Finish the compression; the file itself stays open."""
        if self._compressed is not None:
            self._compressed.close()
