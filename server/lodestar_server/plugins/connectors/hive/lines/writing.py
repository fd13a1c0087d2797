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
from lodestar_server.plugins.connectors.hive.lines.simple import SimpleEncoder, TextOptions
from lodestar_server.plugins.connectors.hive.lines.splitting import joined_lines
from lodestar_server.spi.types import Type


class LineEncoder(Protocol):
    """From pages to lines."""

    def encode(self, page: pa.RecordBatch) -> pa.Array:
        """One string or binary value per row."""
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


class LineFileWriter:
    """Every row ends with LF."""

    def __init__(self, stream: BinaryIO, encoder: LineEncoder, codec: CompressionCodec) -> None:
        self._encoder = encoder
        self._compressed = open_compressed(stream, codec)
        self._stream = stream if self._compressed is None else self._compressed

    def takes(self, page: pa.RecordBatch) -> bool:
        """Always."""
        return True

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order."""
        self._stream.write(joined_lines(self._encoder.encode(page)))

    def close(self) -> None:
        """Finish the compression; the file itself stays open."""
        if self._compressed is not None:
            self._compressed.close()
