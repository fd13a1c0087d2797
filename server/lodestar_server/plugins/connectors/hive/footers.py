"""Footers of Parquet files: read in parallel, kept as long as the file is the same."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.hive.int96 import int96_columns
from lodestar_server.plugins.toolkit.files import FileSystem, Version
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_BAD_DATA, HIVE_CANNOT_OPEN_SPLIT
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen


@frozen
class Footer:
    """The part of a footer that a scan needs, and what every scan would compute from it."""

    schema: pa.Schema
    rows: int
    int96: frozenset[str]
    """Names of columns that hold timestamps in the old form."""
    names: tuple[str, ...]
    ambiguous: frozenset[str]
    """Names in lower case that several columns have."""
    shape: tuple[object, ...]
    """Files of one shape are read in the same way."""


def footer_of(schema: pa.Schema, rows: int, int96: frozenset[str]) -> Footer:
    """A footer by its schema, which has no metadata."""
    names = tuple(schema.names)
    times = Counter(name.lower() for name in names)
    ambiguous = frozenset(name for name, count in times.items() if count > 1)
    # A type's hash is that of its text, made anew each time; those of texts are kept.
    shape = (names, tuple(map(str, schema.types)), int96)
    return Footer(schema, rows, int96, names, ambiguous, shape)


def source_of(files: FileSystem, location: str, version: Version) -> str | BinaryIO:
    """What pyarrow opens: a path where there is one."""
    path = files.local_path(location)
    return files.open_input(location, version) if path is None else path


def open_parquet(source: str | BinaryIO, *, nanoseconds: bool = False) -> pq.ParquetFile:
    """A Parquet file; pages with a checksum are checked. Old timestamps have microseconds unless told otherwise."""
    unit = "ns" if nanoseconds else "us"
    return pq.ParquetFile(source, coerce_int96_timestamp_unit=unit, page_checksum_verification=True)


class FooterCache:
    """Thread-safe, bounded by a number of entries; the least recently used go."""

    def __init__(self, files: FileSystem, max_entries: int, readers: int) -> None:
        self._files = files
        self._max_entries = max_entries
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="hive-footer")
        self._lock = threading.Lock()
        self._footers: OrderedDict[tuple[str, int, int], Footer] = OrderedDict()

    def load(self, keys: Sequence[tuple[str, int, int]]) -> list[Footer]:
        """Footers of files given as (location, modified, size), in order. Raises: HIVE_BAD_DATA."""
        found: dict[tuple[str, int, int], Footer] = {}
        with self._lock:
            for key in keys:
                footer = self._footers.get(key)
                if footer is not None:
                    self._footers.move_to_end(key)
                    found[key] = footer
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        self._files.fetch_ends([(location, Version(size, modified)) for location, modified, size in missing])
        if len(missing) == 1:
            found[missing[0]] = self._read(missing[0])
        elif missing:
            found.update(zip(missing, self._pool.map(self._read, missing), strict=True))
        if missing and self._max_entries:
            with self._lock:
                for key in missing:
                    self._footers[key] = found[key]
                while len(self._footers) > self._max_entries:
                    self._footers.popitem(last=False)
        return [found[key] for key in keys]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._footers.clear()

    def _read(self, key: tuple[str, int, int]) -> Footer:
        location, modified, size = key
        try:
            with open_parquet(source_of(self._files, location, Version(size, modified))) as file:
                return footer_of(file.schema_arrow.remove_metadata(), file.metadata.num_rows, int96_columns(file))
        except pa.ArrowInvalid as fault:
            raise LodestarError(HIVE_BAD_DATA, f"Invalid Parquet file {location} ({size} bytes): {fault}") from fault
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_CANNOT_OPEN_SPLIT, f"Error opening Hive split {location}: {fault}") from fault

    def close(self) -> None:
        """Stop the readers."""
        self._pool.shutdown(wait=False, cancel_futures=True)
