"""Files of object stores as DuckDB reads them: a file system under one scheme, whose every read is a range of a store.

An instance has one; it knows the files of the statement that runs, and nothing else can be opened. DuckDB decides
which ranges it needs (columns and row groups) and asks for many at once, from threads of its own.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lodestar_server.spi.page import FileScan, FileSlice, RemoteFiles

SCHEME = "lodestar"
REMOTE_ROOT = f"{SCHEME}://files/"
ASYNC_THREADS = 32
"""Reads under way at once in one statement; each waits for a store, so they cost no processor."""
REMOTE_THREADS = 8
"""Threads of a statement that reads remote files: DuckDB has four files in hand for each of them."""

_GLOB = (("[*]", "*"), ("[?]", "?"), ("[[]", "["))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_paths(files: FileScan) -> FileScan:
    """A scan whose slices have the paths under which DuckDB asks for them."""
    if files.file_system is None:
        return files
    name = files.file_system.name
    return replace(files, slices=tuple(replace(one, path=remote_path(name, one.path)) for one in files.slices))


def remote_path(file_system: str, location: str) -> str:
    """`s3://bucket/key` → `lodestar://files/<file system>/s3/bucket/key`."""
    return f"{REMOTE_ROOT}{file_system}/{location.replace('://', '/', 1)}"


class RemoteReads:
    """The remote files of one running statement after the other. Thread-safe."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        """What a read raised; DuckDB wraps it into an error of its own."""
        self._lock = threading.Lock()
        self._files: dict[str, tuple[RemoteFiles, FileSlice]] = {}
        self._pending: set[Future[bytes]] = set()
        self._count: Callable[[int], None] = lambda size: None
        self._stopped = False

    def begin(self, scans: Iterable[FileScan], count: Callable[[int], None]) -> None:
        """A statement starts. `count` is told the bytes of every fetch."""
        self.failure = None
        self._stopped = False
        self._count = count
        self._files = {
            remote_path(scan.file_system.name, one.path): (scan.file_system, one)
            for scan in scans
            if scan.file_system is not None
            for one in scan.slices
        }

    def stop(self) -> None:
        """The statement has ended: what is under way is given up, and nothing can be opened any more."""
        self._stopped = True
        self.failure = None
        with self._lock:
            pending, self._pending = list(self._pending), set()
        for one in pending:
            one.cancel()
        self._files = {}

    def find(self, path: str) -> tuple[RemoteFiles, FileSlice]:
        """Raises: FileNotFoundError for what the statement does not read."""
        found = self._files.get(path)
        if found is None:
            raise FileNotFoundError(path)
        return found

    def read(self, files: RemoteFiles, file: FileSlice, start: int, length: int) -> bytes:
        """A range. Raises: what the store says, kept for the statement's end."""
        if self._stopped:
            raise CancelledError
        future = files.fetch(file, start, length, self._count)
        with self._lock:
            self._pending.add(future)
        try:
            return future.result()
        except CancelledError:
            raise
        except BaseException as fault:
            self.failure = self.failure or fault
            raise
        finally:
            with self._lock:
                self._pending.discard(future)


class _Handle(io.RawIOBase):
    """An open file. DuckDB shares it between threads and seeks before each read: each thread has a place of its own."""

    def __init__(self, reads: RemoteReads, files: RemoteFiles, file: FileSlice) -> None:
        self._reads = reads
        self._files = files
        self._file = file
        self._place = threading.local()
        self.size = file.file_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        place: int = getattr(self._place, "at", 0)
        return place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self.size}[whence]
        self._place.at = base + offset
        return base + offset

    def read(self, size: int | None = -1, /) -> bytes:
        at = self.tell()
        rest = max(0, self.size - at)
        length = rest if size is None or size < 0 else min(size, rest)
        if not length:
            return b""
        found = self._reads.read(self._files, self._file, at, length)
        self._place.at = at + len(found)
        return found


def file_system(reads: RemoteReads) -> Any:
    """The file system to register with DuckDB."""
    from fsspec import AbstractFileSystem

    def at(path: str) -> tuple[RemoteFiles, FileSlice]:
        return reads.find(path if path.startswith(REMOTE_ROOT) else f"{SCHEME}://{path}")

    class RemoteFileSystem(AbstractFileSystem):  # type: ignore[misc]
        protocol = SCHEME
        cachable = False

        def _open(self, path: str, mode: str = "rb", **options: Any) -> _Handle:
            return _Handle(reads, *at(path))

        def info(self, path: str, **options: Any) -> dict[str, Any]:
            return {"name": path, "size": at(path)[1].file_size, "type": "file"}

        def modified(self, path: str) -> datetime:
            return _EPOCH + timedelta(microseconds=at(path)[1].modified_nanos // 1000)

        def exists(self, path: str, **options: Any) -> bool:
            at(path)
            return True

        def glob(self, path: str, **options: Any) -> list[str]:
            for escaped, plain in _GLOB:
                path = path.replace(escaped, plain)
            return [path]

    return RemoteFileSystem()
