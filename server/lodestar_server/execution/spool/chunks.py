"""Rows that wait, and how pages are cut from them without looking at rows.

As text: record batches of one string column, a page is a slice of its buffer. As Arrow: a page is slices of batches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa


class Rows(Protocol):
    """Rows of one batch, taken from the front."""

    @property
    def rows(self) -> int:
        """How many rows are left."""

    @property
    def size_bytes(self) -> int:
        """How many bytes are left."""

    def cut(self, target_bytes: int) -> tuple[Any, int, int]:
        """Take rows until they reach `target_bytes`; at least one when there is any.

        Returns what was taken (text, or a record batch), the number of rows, and its bytes.
        """


ReadRows = Callable[[pa.RecordBatch], Rows]


@dataclass(slots=True)
class TextRows:
    """Rows `first` to `end` of a text buffer; row i lies between `offsets[i]` and `offsets[i + 1]`.

    `data` keeps the Arrow buffer alive; a slice of it costs nothing.
    """

    data: memoryview
    offsets: np.ndarray
    first: int
    end: int

    @property
    def rows(self) -> int:
        """How many rows are left."""
        return self.end - self.first

    @property
    def size_bytes(self) -> int:
        """How many bytes of text are left."""
        return int(self.offsets[self.end]) - int(self.offsets[self.first])

    def cut(self, target_bytes: int) -> tuple[memoryview, int, int]:
        """Take rows from the front until their text reaches `target_bytes`; the row that does is included."""
        start = int(self.offsets[self.first])
        stop = int(np.searchsorted(self.offsets[self.first + 1 : self.end + 1], start + target_bytes)) + self.first + 1
        stop = min(stop, self.end)
        text = self.data[start : int(self.offsets[stop])]
        rows = stop - self.first
        self.first = stop
        return text, rows, len(text)


@dataclass(slots=True)
class ArrowRows:
    """Rows `first` to the end of a batch of `total_bytes`; rows count as equally long."""

    batch: pa.RecordBatch
    total_bytes: int
    first: int = 0

    @property
    def rows(self) -> int:
        """How many rows are left."""
        return int(self.batch.num_rows) - self.first

    @property
    def size_bytes(self) -> int:
        """How many bytes are left."""
        return self.total_bytes - self._bytes_before(self.first)

    def cut(self, target_bytes: int) -> tuple[pa.RecordBatch, int, int]:
        """Take a slice from the front, or all of what is at most twice as large: a small rest would keep the memory of
        the whole batch. Copies nothing."""
        count = self.rows
        if self.size_bytes > 2 * target_bytes:
            count = min(count, max(1, -(-target_bytes * self.batch.num_rows // max(1, self.total_bytes))))
        found = self.batch.slice(self.first, count)
        size = self._bytes_before(self.first + count) - self._bytes_before(self.first)
        self.first += count
        return found, count, size

    def _bytes_before(self, row: int) -> int:
        return self.total_bytes * row // max(1, int(self.batch.num_rows))


def arrow_rows(batch: pa.RecordBatch) -> ArrowRows:
    """The rows of a batch as they are."""
    return ArrowRows(batch, max(1, int(batch.nbytes)))


def text_rows(batch: pa.RecordBatch) -> TextRows:
    """The text of a batch of one string column without NULLs."""
    column = batch.column(0)
    if column.type not in (pa.string(), pa.large_string()):
        column = column.cast(pa.large_string())
    wide = column.type == pa.large_string()
    _, offsets, data = column.buffers()
    numbers = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32)
    numbers = numbers[column.offset : column.offset + len(column) + 1]
    return TextRows(memoryview(data) if data is not None else memoryview(b""), numbers, 0, len(column))
