"""Rows as text in one buffer: how a record batch of one string column is cut into pages without looking at rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


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

    def cut(self, target_bytes: int) -> tuple[memoryview, int]:
        """Take rows from the front until their text reaches `target_bytes`; the row that does is included.

        Returns the text and the number of rows; at least one row when there is any.
        """
        start = int(self.offsets[self.first])
        stop = int(np.searchsorted(self.offsets[self.first + 1 : self.end + 1], start + target_bytes)) + self.first + 1
        stop = min(stop, self.end)
        text = self.data[start : int(self.offsets[stop])]
        rows = stop - self.first
        self.first = stop
        return text, rows


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
