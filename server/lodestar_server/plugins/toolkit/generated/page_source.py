"""Pages of a generated table: from memory, or from parts on disk that are being built or made for this scan alone."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.toolkit.generated.dataset import GeneratedTable
from lodestar_server.plugins.toolkit.generated.runs import PartsRun
from lodestar_server.plugins.toolkit.generated.store import SmallTables, TableStore
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.page import PageSource

PAGE_ROWS = 32_768


class GeneratedPageSource(PageSource):
    """What all have in common: a table at a scale, and some of its columns."""

    def __init__(self, store: TableStore, table: GeneratedTable, scale: float, columns: Sequence[str]) -> None:
        self._store = store
        self._dataset = store.dataset
        self._table = table
        self._scale = scale
        self._columns = columns
        self._needed = store.dataset.needed(table, columns)
        self._closed = threading.Event()

    def select(self, page: pa.RecordBatch) -> pa.RecordBatch:
        """The page that was asked for, of one with the needed columns; its bytes are counted."""
        self.completed_bytes += page.nbytes
        return self._dataset.select(self._table, self._columns, page)

    def close(self) -> None:
        """No page after the one that is being made."""
        self._closed.set()


class MemoryPageSource(GeneratedPageSource):
    """A small table, from memory."""

    def __init__(
        self, tables: SmallTables, store: TableStore, table: GeneratedTable, scale: float, columns: Sequence[str]
    ) -> None:
        super().__init__(store, table, scale, columns)
        self._tables = tables

    def pages(self) -> Iterator[pa.RecordBatch]:
        """Slices of the table."""
        found = self._tables.load(self._table, self._scale, self._closed.is_set)
        if found is None:
            return
        for page in found.select(self._needed).to_batches(max_chunksize=PAGE_ROWS):
            if self._closed.is_set():
                return
            yield self.select(page)


class BuildingPageSource(GeneratedPageSource):
    """Parts of a table on disk, each as soon as it is there."""

    def __init__(
        self, store: TableStore, table: GeneratedTable, scale: float, parts: Sequence[int], columns: Sequence[str]
    ) -> None:
        super().__init__(store, table, scale, columns)
        self._parts = parts

    def pages(self) -> Iterator[pa.RecordBatch]:
        """From the last part to the first: the order in which they are made."""
        with self._store.scan(self._table, self._scale) as scan:
            for part in sorted(self._parts, reverse=True):
                path = scan.wait_for(part, self._closed.is_set)
                if path is None:
                    return
                with pq.ParquetFile(path) as file:
                    for page in file.iter_batches(PAGE_ROWS, columns=self._needed):
                        if self._closed.is_set():
                            return
                        yield self.select(page)


class PassingPageSource(GeneratedPageSource):
    """Parts of a table too big to keep: one after the other is made as a file, read, and removed."""

    def __init__(
        self, store: TableStore, table: GeneratedTable, scale: float, parts: Sequence[int], columns: Sequence[str]
    ) -> None:
        super().__init__(store, table, scale, columns)
        self._parts = parts
        self._lock = threading.Lock()
        self._run: PartsRun | None = None

    def pages(self) -> Iterator[pa.RecordBatch]:
        """One run of the generator after the other."""
        whole = self._dataset.parts(self._table, self._scale)
        for part in self._parts:
            scratch = self._store.root / "running" / f"{os.getpid()}-{uuid.uuid4().hex}"
            with self._lock:
                if self._closed.is_set():
                    return
                run = self._run = PartsRun(self._dataset, scratch, [self._table.name], self._scale, whole, part)
            try:
                for _, _, file in run.finished():
                    made = self._dataset.convert(self._table, pq.ParquetFile(file).read())
                    for page in made.select(self._needed).to_batches(max_chunksize=PAGE_ROWS):
                        if self._closed.is_set():
                            return
                        yield self.select(page)
            except LodestarError:
                if not self._closed.is_set():  # a killed run leaves its file unfinished
                    raise
            finally:
                run.close()

    def close(self) -> None:
        """Kill the run; a reader that waits for it wakes up."""
        super().close()
        with self._lock:
            run = self._run
        if run is not None:
            run.kill()
