"""Where Arrow streams enter and leave DuckDB: the only module that touches DuckDB's unpublished Python interface.

That interface submits a statement without binding it twice and tells the optimizer how many rows a stream has; where it
is missing, the published one does the same work a little slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, Protocol

import pyarrow as pa

from lodestar_server.execution.kernel.scans import PageStreams

_seam: Any
_ScanSource: Any
try:
    from duckdb import _seam
    from duckdb._sources.arrow import ArrowScanSource as _ScanSource
except ImportError:
    _seam, _ScanSource = None, object

_names = count(1)


class Handle(Protocol):
    """A stream under a name, until closed."""

    name: str

    def close(self) -> None:
        """Forget the name."""


class _PageSourceOfDuckDB(_ScanSource):  # type: ignore[misc]
    """Page streams as DuckDB scans them: fresh at every scan, with the number of rows."""

    schema_is_stable = True

    def __init__(self, pages: PageStreams) -> None:
        super().__init__(pages)
        self._pages = pages

    def rows(self) -> int | None:
        return self._pages.row_count

    def __arrow_c_schema__(self) -> object:
        return self._pages.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._pages.reader().__arrow_c_stream__()

    def stream(self, columns: Sequence[int] | None, filters: Sequence[Any]) -> tuple[object, bool]:
        return self._pages.reader().__arrow_c_stream__(), False


class _RegisteredSource:
    def __init__(self, cursor: Any, pages: PageStreams) -> None:
        self._handle: Any = _seam.register_source(cursor, _PageSourceOfDuckDB(pages))
        self.name = f'"{self._handle.name}"'

    def close(self) -> None:
        self._handle = None


class _RegisteredReader:
    def __init__(self, cursor: Any, pages: PageStreams) -> None:
        self.name = f"pages{next(_names)}"
        self._cursor = cursor
        cursor.register(self.name, pages.reader())

    def close(self) -> None:
        self._cursor.unregister(self.name)


def register(cursor: Any, pages: PageStreams) -> Handle:
    """Make page streams readable by statements of this cursor."""
    if _seam is None or not hasattr(_seam, "register_source"):
        return _RegisteredReader(cursor, pages)
    return _RegisteredSource(cursor, pages)


def submit(cursor: Any, text: str, batch_rows: int) -> pa.RecordBatchReader:
    """Run a statement; the reader blocks for rows and frees the cursor when closed."""
    if _seam is None or not hasattr(_seam, "submit"):
        return cursor.sql(text).to_arrow_reader(batch_rows)
    return _seam.submit(cursor, text, None, "stream", batch_rows).arrow_reader()
