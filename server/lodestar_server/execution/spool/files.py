"""Spool files: Arrow record batches, lz4-compressed, in files of bounded size, with the place of every batch.

Files live in a directory of this process inside the node's spool directory; what an earlier process left is removed
at the start, and the directory at the end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

import pyarrow as pa

from lodestar_server.spi.values import frozen

MAX_FILE_BYTES = 64 << 20
_PROCESS_PREFIX = "spool-"
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


@frozen
class BatchPlace:
    """Where a batch lies: which file, from which byte, how many bytes on disk."""

    file: SpoolFile
    offset: int
    length: int


class SpoolDirectory:
    """The directory of one process. Created when first needed, so that a server without overflow leaves no trace."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._path: Path | None = None

    def clean(self) -> int:
        """Remove what processes that are gone have left. Returns how many directories that were."""
        removed = 0
        for left in self._root.glob(f"{_PROCESS_PREFIX}*"):
            pid = left.name.removeprefix(_PROCESS_PREFIX).partition("-")[0]
            if not pid.isdigit() or not _alive(int(pid)):
                shutil.rmtree(left, ignore_errors=True)
                removed += 1
        return removed

    def new_file(self) -> SpoolFile:
        """An empty file. Raises: OSError when the directory cannot be written."""
        with self._lock:
            if self._path is None:
                self._root.mkdir(parents=True, exist_ok=True)
                self._path = Path(tempfile.mkdtemp(prefix=f"{_PROCESS_PREFIX}{os.getpid()}-", dir=self._root))
        descriptor, name = tempfile.mkstemp(dir=self._path, suffix=".arrow")
        return SpoolFile(descriptor, Path(name))

    def remove(self) -> None:
        """Remove the directory of this process."""
        with self._lock:
            if self._path is not None:
                shutil.rmtree(self._path, ignore_errors=True)
                self._path = None


class SpoolFile:
    """One file; written by one thread, read by another. `live` counts its batches that are still wanted, with the one
    that is being written; its owner counts."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self.size_bytes = 0
        self.released_bytes = 0
        self.live = 0

    def append(self, batch: pa.RecordBatch) -> BatchPlace:
        """Write a batch at the end. Raises: OSError."""
        return self.append_bytes(memoryview(_serialize(batch)))

    def append_bytes(self, data: memoryview) -> BatchPlace:
        """Write bytes at the end. Raises: OSError."""
        place = BatchPlace(self, self.size_bytes, len(data))
        written = 0
        while written < len(data):
            written += os.pwrite(self._descriptor, data[written:], self.size_bytes + written)
        self.size_bytes += len(data)
        return place

    def read(self, place: BatchPlace) -> pa.RecordBatch:
        """The batch at a place. Raises: OSError, pa.ArrowException."""
        data = self.read_bytes(place)
        with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
            return reader.read_next_batch()

    def read_bytes(self, place: BatchPlace) -> bytes:
        """The bytes at a place. Raises: OSError."""
        return os.pread(self._descriptor, place.length, place.offset)

    def close(self) -> None:
        """Close and remove the file; more than once does no harm."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
            with contextlib.suppress(OSError):
                self._path.unlink()


def _serialize(batch: pa.RecordBatch) -> pa.Buffer:
    """A batch as a stream of its own, compressed: schema and all, so that a file explains itself."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
