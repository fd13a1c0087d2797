"""Pages of a table too big to keep: straight from the generator's mouth.

Every run takes about a second before its first row (the program builds its text pool), then makes a million rows a
second: few runs, then.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.csv as csv

from lodestar_server.plugins.connectors.tpch.tables import TpchTable
from lodestar_server.plugins.toolkit.generated.dataset import scale_text
from lodestar_server.plugins.toolkit.generated.page_source import PAGE_ROWS, GeneratedPageSource
from lodestar_server.plugins.toolkit.generated.runs import Run
from lodestar_server.plugins.toolkit.generated.store import TableStore
from lodestar_server.spi.types.arrow import arrow_type

_TEXT_BLOCK_BYTES = 4 << 20


class RowsRun(Run):
    """Makes one part of a table as comma separated text with a header, as fast as it is read."""

    def __init__(self, store: TableStore, table: str, scale: float, part: int, parts: int) -> None:
        arguments = ["csv", "--scale-factor", scale_text(scale), "--tables", table, "--stdout"]
        arguments += ["--parts", str(parts), "--part", str(part)]
        super().__init__(store.dataset, arguments, subprocess.PIPE)

    @property
    def rows(self) -> IO[bytes]:
        """The text."""
        assert self._process.stdout is not None
        return self._process.stdout


class TextPageSource(GeneratedPageSource):
    """Parts of a table too big to keep: read from the generator's mouth."""

    def __init__(
        self,
        store: TableStore,
        table: TpchTable,
        scale: float,
        parts: Sequence[tuple[int, int]],
        columns: Sequence[str],
    ) -> None:
        super().__init__(store, table, scale, columns)
        self._prefix = table.prefix
        self._types = store.dataset.types(table)
        self._parts = parts
        self._lock = threading.Lock()
        self._run: RowsRun | None = None

    def pages(self) -> Iterator[pa.RecordBatch]:
        """One run of the generator after the other."""
        for part, parts in self._parts:
            with self._lock:
                if self._closed.is_set():
                    return
                self._run = RowsRun(self._store, self._table.name, self._scale, part, parts)
            try:
                yield from self._read(self._run)
            finally:
                self._run.close()

    def _read(self, run: RowsRun) -> Iterator[pa.RecordBatch]:
        prefix = self._prefix
        options = csv.ConvertOptions(
            include_columns=[prefix + name for name in self._needed],
            column_types={prefix + name: arrow_type(type_) for name, type_ in self._types.items()},
            strings_can_be_null=False,
        )
        try:
            with csv.open_csv(
                run.rows, read_options=csv.ReadOptions(block_size=_TEXT_BLOCK_BYTES), convert_options=options
            ) as reader:
                for made in reader:
                    if self._closed.is_set():
                        return
                    page = made.rename_columns(self._needed)
                    for start in range(0, page.num_rows, PAGE_ROWS):
                        yield self.select(page.slice(start, PAGE_ROWS))
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
