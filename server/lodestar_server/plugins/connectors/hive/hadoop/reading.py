"""Columns of files in Hadoop's containers."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.hadoop.rcfile import read_rcfile
from lodestar_server.plugins.connectors.hive.hadoop.sequence import sequence_chunks
from lodestar_server.plugins.connectors.hive.handles import HiveColumnHandle
from lodestar_server.plugins.connectors.hive.lines.simple import SimpleDecoder, TextOptions
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_BAD_DATA
from lodestar_server.spi.errors import LodestarError

_FAULTS = (ValueError, IndexError, EOFError, OSError, OverflowError, zlib.error, pa.ArrowException)


def read_hadoop(
    source: BinaryIO,
    location: str,
    form: StorageFormat,
    columns: Sequence[HiveColumnHandle],
    width: int,
    properties: Mapping[str, str],
) -> Iterator[tuple[int, list[pa.Array]]]:
    """Row counts and the columns of these rows. Raises: HIVE_BAD_DATA, NOT_SUPPORTED."""
    wanted = [(column.index, column.type) for column in columns]
    options = None if form is StorageFormat.RCBINARY else TextOptions.read(properties)
    with source:
        try:
            if form is not StorageFormat.SEQUENCEFILE:
                yield from read_rcfile(source, wanted, options)
                return
            assert options is not None
            decoder = SimpleDecoder(wanted, width, options)
            for lines in sequence_chunks(source):
                yield len(lines), decoder.decode(lines) if columns else []
        except LodestarError:
            raise
        except _FAULTS as fault:
            raise LodestarError(HIVE_BAD_DATA, f"Failed to read {form.name} file: {location}: {fault}") from fault
