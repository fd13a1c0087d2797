"""Pages of a table: from memory, from parts on disk that are being built, or straight from the generator."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.tpch.generator import RowsRun
from lodestar_server.plugins.connectors.tpch.rows import needed_columns, select
from lodestar_server.plugins.connectors.tpch.store import SmallTables, TableStore
from lodestar_server.plugins.connectors.tpch.tables import TpchTable
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.types.arrow import arrow_type

PAGE_ROWS = 32_768
_TEXT_BLOCK_BYTES = 4 << 20


class _TpchPageSource(PageSource):
    """What all three have in common."""

    def __init__(self, table: TpchTable, scale: float, columns: Sequence[str]) -> None:
        self._table = table
        self._scale = scale
        self._columns = columns
        self._closed = threading.Event()

    def close(self) -> None:
        """No page after the one that is being made."""
        self._closed.set()


class MemoryPageSource(_TpchPageSource):
    """A small table, from memory."""

    def __init__(self, tables: SmallTables, table: TpchTable, scale: float, columns: Sequence[str]) -> None:
        super().__init__(table, scale, columns)
        self._tables = tables

    def pages(self) -> Iterator[pa.RecordBatch]:
        """Slices of the table."""
        found = self._tables.load(self._table, self._scale, self._closed.is_set)
        if found is None:
            return
        needed = found.select(needed_columns(self._table, self._columns))
        for page in needed.to_batches(max_chunksize=PAGE_ROWS):
            if self._closed.is_set():
                return
            self.completed_bytes += page.nbytes
            yield select(self._table, self._columns, page)


class BuildingPageSource(_TpchPageSource):
    """Parts of a table on disk, each as soon as it is there."""

    def __init__(
        self, store: TableStore, table: TpchTable, scale: float, parts: Sequence[int], columns: Sequence[str]
    ) -> None:
        super().__init__(table, scale, columns)
        self._store = store
        self._parts = parts

    def pages(self) -> Iterator[pa.RecordBatch]:
        """From the last part to the first: the order in which they are made."""
        needed = needed_columns(self._table, self._columns)
        with self._store.scan(self._table, self._scale) as scan:
            for part in sorted(self._parts, reverse=True):
                path = scan.wait_for(part, self._closed.is_set)
                if path is None:
                    return
                with pq.ParquetFile(path) as file:
                    for page in file.iter_batches(PAGE_ROWS, columns=needed):
                        if self._closed.is_set():
                            return
                        self.completed_bytes += page.nbytes
                        yield select(self._table, self._columns, page)


class GeneratedPageSource(_TpchPageSource):
    """Parts of a table too big to keep: read from the generator's mouth."""

    def __init__(
        self,
        store: TableStore,
        table: TpchTable,
        scale: float,
        parts: Sequence[tuple[int, int]],
        columns: Sequence[str],
    ) -> None:
        super().__init__(table, scale, columns)
        self._types = dict(zip((column.name for column in table.columns), store.types(table), strict=True))
        self._parts = parts
        self._lock = threading.Lock()
        self._run: RowsRun | None = None

    def pages(self) -> Iterator[pa.RecordBatch]:
        """One run of the generator after the other."""
        for part, parts in self._parts:
            with self._lock:
                if self._closed.is_set():
                    return
                self._run = RowsRun(self._table.name, self._scale, part, parts)
            try:
                yield from self._read(self._run)
            finally:
                self._run.close()

    def _read(self, run: RowsRun) -> Iterator[pa.RecordBatch]:
        table = self._table
        needed = needed_columns(table, self._columns)
        options = csv.ConvertOptions(
            include_columns=[table.prefix + name for name in needed],
            column_types={table.prefix + name: arrow_type(type_) for name, type_ in self._types.items()},
            strings_can_be_null=False,
        )
        try:
            with csv.open_csv(
                run.rows, read_options=csv.ReadOptions(block_size=_TEXT_BLOCK_BYTES), convert_options=options
            ) as reader:
                for made in reader:
                    if self._closed.is_set():
                        return
                    self.completed_bytes += made.nbytes
                    page = made.rename_columns(needed)
                    for start in range(0, page.num_rows, PAGE_ROWS):
                        yield select(table, self._columns, page.slice(start, PAGE_ROWS))
        except (pa.ArrowInvalid, OSError, ValueError):
            # A killed run ends in the middle of a row.
            if not self._closed.is_set():
                run.check()
                raise
        run.check()

    def close(self) -> None:
        """Kill the run; a reader that waits for it wakes up."""
        super().close()
        with self._lock:
            run = self._run
        if run is not None:
            run.kill()
