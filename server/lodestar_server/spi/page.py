"""How rows leave and enter a connector: pages pulled from a PageSource or declared as a FileScan; a PageSink.

A page is a `pyarrow.RecordBatch` with the Arrow types of `spi/types/arrow.py`, columns in the order that was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import field
from enum import Enum
from typing import Any, Protocol

import pyarrow as pa

from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class Split:
    """A piece of source work. Subclasses are frozen, picklable dataclasses.

    `size_bytes` and `row_count` are estimates for scheduling and statistics, None when unknown.
    """

    size_bytes: int | None = field(default=None, kw_only=True)
    row_count: int | None = field(default=None, kw_only=True)


class PageSource:
    """Pages of one split, pulled from one thread. `close` may come at any time, from any thread, more than once."""

    completed_bytes: int = 0
    """Bytes read from the source so far (before decompression)."""

    def pages(self) -> Iterator[pa.RecordBatch]:
        """The pages; blocking. Pages hold at most some ten thousand rows."""
        raise NotImplementedError

    def close(self) -> None:
        """Free what is held; a running `pages()` ends soon."""


class FileFormat(Enum):
    """Formats that a FileScan can declare."""

    PARQUET = "PARQUET"
    ORC = "ORC"
    AVRO = "AVRO"
    CSV = "CSV"
    JSON = "JSON"
    TEXTFILE = "TEXTFILE"


@frozen
class FileColumn:
    """Where one requested column comes from.

    In the file under `name` (nested field names in `type` are matched without case), or, with `constant`, from the
    `constants` of each slice at that index: partition values, `$path` and the like.
    `file_type` is the type in the file when it differs from `type` and the values have to be cast.
    `never_nan`: the file's maker promises that a real or double is a number; it is read faster then.
    """

    type: Type
    name: str | None = None
    constant: int | None = None
    file_type: Type | None = None
    never_nan: bool = False


@frozen
class FileSlice:
    """One file, or a byte range of it. `constants` are values as in `ir.Constant`, one per constant column.

    `path` is a location where the scan has a remote file system. `modified_nanos` changes with the content.
    """

    path: str
    start: int
    length: int
    file_size: int
    constants: tuple[Any, ...] = ()
    modified_nanos: int = 0


class RemoteFiles(Protocol):
    """A remote store as the kernel reads it. Thread-safe."""

    name: str
    """Letters, digits and hyphens; no other one in the process has it."""

    def fetch(self, file: FileSlice, start: int, length: int, count: Callable[[int], None]) -> Future[bytes]:
        """Bytes of a file from `start`, all of `length`, which lie within it.

        `count` is told how many bytes came from the store, none for what was known already; from any thread.
        Cancelling the future gives the request up. It raises LodestarError.
        """
        ...


@frozen
class FileScan:
    """Declared reading of files of one format and one physical schema; the kernel executes it.

    `root`: the directory of the local file system under which all paths lie (the kernel may read nothing else), or
    None when `file_system` is a remote one.
    """

    format: FileFormat
    columns: tuple[FileColumn, ...]
    slices: tuple[FileSlice, ...]
    root: str | None = None
    file_system: RemoteFiles | None = None


class PageSink:
    """Takes the pages of one writer; several may write to one target. Called from one thread."""

    written_bytes: int = 0

    def append(self, page: pa.RecordBatch) -> None:
        """Write a page; blocking."""
        raise NotImplementedError

    def finish(self) -> list[bytes]:
        """Close the files and say what was written: fragments for `finish_insert` or `finish_create_table`."""
        raise NotImplementedError

    def abort(self) -> None:
        """Throw away what was written; never raises."""
