"""The results of one query between its worker, which appends, and its client, which takes page after page.

Batches stay in memory up to a budget. Beyond it the worker first waits for a client that is reading, but only for a
while in all (`patience`): a slow client must not hold the engine's resources. Then batches go to disk, lz4-compressed,
and when the disk's budget is used up the worker waits for the client after all.

A page is cut when it is asked for; text is never copied or looked at on its way. What a page refers to lives as long
as the page.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lodestar_server.execution.spool.budget import SpoolBudget
from lodestar_server.execution.spool.chunks import ReadRows, Rows, text_rows
from lodestar_server.execution.spool.files import MAX_FILE_BYTES, BatchPlace, SpoolDirectory, SpoolFile
from lodestar_server.spi.errors import OUT_OF_SPILL_SPACE, LodestarError
from lodestar_server.spi.values import frozen

DISK_CHUNK_BYTES = 2 << 20
"""A batch on disk holds about so much text, so that reading one back takes a few milliseconds."""

_ACTIVE_SECONDS = 0.5
"""A client that took a page no longer ago than this is reading."""
_WAIT_SECONDS = 0.05


@frozen
class Page:
    """Rows of one document: pieces of text whose rows end in a comma, or record batches; how many rows and bytes."""

    parts: tuple[Any, ...]
    rows: int
    size_bytes: int


@dataclass(slots=True)
class _Chunk:
    """A batch in memory (`rows`) or on disk (`place`)."""

    size_bytes: int
    row_count: int
    rows: Rows | None = None
    place: BatchPlace | None = None


class ResultSpool:
    """The rows of one query. One thread appends, one takes; every method is thread-safe.

    `read_rows` says what the batches are: text, or Arrow.

    `check` is called while the worker waits and raises when the query was cancelled; `clock` is monotonic seconds.
    """

    def __init__(
        self,
        budget: SpoolBudget,
        directory: SpoolDirectory,
        *,
        memory_limit: int,
        patience: float,
        check: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        read_rows: ReadRows = text_rows,
    ) -> None:
        self._read_rows = read_rows
        self._budget, self._directory = budget, directory
        self._memory_limit, self._patience = memory_limit, patience
        self._check, self._clock = check, clock
        self._changed = threading.Condition(threading.Lock())
        self._chunks: deque[_Chunk] = deque()
        self._file: SpoolFile | None = None
        self._memory = 0
        self._last_taken = -1e9
        self._closed = False
        self.ready_bytes = 0
        """Bytes that wait."""
        self.total_rows = 0
        """Rows appended so far."""
        self.total_bytes = 0
        """Bytes appended so far."""
        self.spilled_bytes = 0
        """Bytes written to disk so far."""

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._chunks

    @property
    def next_on_disk(self) -> bool:
        """Taking a page would read a file."""
        try:
            return self._chunks[0].rows is None
        except IndexError:
            return False

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch; blocks while there is no room.

        Raises: LodestarError when the query was cancelled (from `check`) or the disk fails.
        """
        if not batch.num_rows:
            return
        rows = self._read_rows(batch)
        size = rows.size_bytes
        if self._reserve_memory(size):
            self._add(_Chunk(size, rows.rows, rows=rows), in_memory=True)
            return
        for piece in _pieces(batch, size):
            self._spill(piece)

    def take(self, target_bytes: int) -> Page | None:
        """The next page of about `target_bytes`, None when nothing waits. May read a file.

        Raises: LodestarError when a file cannot be read back.
        """
        parts: list[Any] = []
        row_count = taken = 0
        while taken < target_bytes:
            chunk = self._front()
            if chunk is None:
                break
            assert chunk.rows is not None
            part, rows, size = chunk.rows.cut(target_bytes - taken)
            parts.append(part)
            row_count += rows
            taken += size
            self._took(chunk, size)
        self._last_taken = self._clock()
        return Page(tuple(parts), row_count, taken) if parts else None

    def close(self) -> None:
        """Forget everything and free memory and files; a blocked worker goes on and its rows are dropped."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            chunks, self._chunks = self._chunks, deque()
            files = {chunk.place.file for chunk in chunks if chunk.place is not None}
            if self._file is not None:
                files.add(self._file)
                self._file = None
            self._budget.release_memory(self._memory)
            self._memory = self.ready_bytes = 0
            self._changed.notify_all()
        for file in files:
            self._drop(file)

    def _reserve_memory(self, size: int) -> bool:
        """Room in memory, after some waiting for a client that reads; false: to disk."""
        while not self._closed:
            # A query that holds nothing may always hold one batch: it is in memory already.
            if self._memory == 0:
                self._budget.force_memory(size)
                return True
            if self._memory + size <= self._memory_limit and self._budget.reserve_memory(size):
                return True
            started = self._clock()
            if self._patience <= 0 or started - self._last_taken > _ACTIVE_SECONDS:
                return False
            self._wait()
            self._patience -= self._clock() - started
        self._budget.force_memory(size)
        return True

    def _wait(self) -> None:
        self._check()
        with self._changed:
            self._changed.wait(_WAIT_SECONDS)

    def _add(self, chunk: _Chunk, *, in_memory: bool) -> None:
        with self._changed:
            late = self._closed
            if not late:
                self._queue(chunk, in_memory)
        if late:
            # Closed while this was on its way.
            if in_memory:
                self._budget.release_memory(chunk.size_bytes)
            elif chunk.place is not None:
                self._drop(chunk.place.file)

    def _queue(self, chunk: _Chunk, in_memory: bool) -> None:
        """With the lock."""
        if in_memory:
            self._memory += chunk.size_bytes
        self._chunks.append(chunk)
        self.ready_bytes += chunk.size_bytes
        self.total_bytes += chunk.size_bytes
        self.total_rows += chunk.row_count

    def _spill(self, batch: pa.RecordBatch) -> None:
        """Write one piece; waits for the client while the node's disk budget is used up."""
        rows = self._read_rows(batch)
        size = rows.size_bytes
        while not self._closed and not self._budget.reserve_disk(size):
            if self.empty:
                # Nobody could make room by reading this query: keep what is in memory already.
                self._budget.force_memory(size)
                self._add(_Chunk(size, batch.num_rows, rows=rows), in_memory=True)
                return
            self._wait()
        if self._closed:
            self._budget.release_disk(size)
            return
        try:
            file = self._file_to_write()
            place = file.append(batch)
        except OSError as fault:
            self._budget.release_disk(size)
            raise LodestarError(OUT_OF_SPILL_SPACE, "Results cannot be written to disk") from fault
        # What was reserved is the text's size; on disk it is what compression left of it.
        self._budget.release_disk(size - place.length)
        self.spilled_bytes += place.length
        self._add(_Chunk(size, batch.num_rows, place=place), in_memory=False)

    def _file_to_write(self) -> SpoolFile:
        """The current file, with a claim on it: a file that nobody wants any more is removed. Raises: OSError."""
        with self._changed:
            file = self._file
            if file is not None and file.size_bytes <= MAX_FILE_BYTES:
                file.live += 1
                return file
        file = self._directory.new_file()
        file.live = 1
        with self._changed:
            self._file = file
        return file

    def _front(self) -> _Chunk | None:
        """The first chunk, its rows in memory."""
        with self._changed:
            if not self._chunks:
                return None
            chunk = self._chunks[0]
        if chunk.rows is None:
            assert chunk.place is not None
            try:
                chunk.rows = self._read_rows(chunk.place.file.read(chunk.place))
            except (OSError, pa.ArrowException) as fault:
                if self._closed:
                    return None
                raise LodestarError(OUT_OF_SPILL_SPACE, "Results cannot be read back from disk") from fault
            # One chunk of a few megabytes: counted, but not refused.
            with self._changed:
                if not self._closed:
                    self._memory += chunk.size_bytes
                    self._budget.force_memory(chunk.size_bytes)
        return chunk

    def _took(self, chunk: _Chunk, size: int) -> None:
        finished: SpoolFile | None = None
        with self._changed:
            if self._closed:
                return
            self.ready_bytes -= size
            assert chunk.rows is not None
            if chunk.rows.rows == 0:
                self._chunks.popleft()
                self._memory -= chunk.size_bytes
                self._budget.release_memory(chunk.size_bytes)
                if chunk.place is not None:
                    file = chunk.place.file
                    file.live -= 1
                    if file.live == 0:
                        finished = file
                        if file is self._file:
                            self._file = None
            self._changed.notify_all()
        if finished is not None:
            self._drop(finished)

    def _drop(self, file: SpoolFile) -> None:
        self._budget.release_disk(file.size_bytes - file.released_bytes)
        file.released_bytes = file.size_bytes
        file.close()


def _pieces(batch: pa.RecordBatch, size: int) -> list[pa.RecordBatch]:
    """A batch cut into pieces of about `DISK_CHUNK_BYTES`."""
    count = max(1, -(-size // DISK_CHUNK_BYTES))
    length = -(-batch.num_rows // count)
    return [batch.slice(start, length) for start in range(0, batch.num_rows, length)]
