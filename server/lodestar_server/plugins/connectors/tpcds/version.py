"""dbgen_version: what Trino's generator says of itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import pyarrow as pa

from lodestar_server.plugins.connectors.tpcds.tables import VERSION_TABLE, tables
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.types.values import rows_to_pages

_VERSION = "2.0.0"
_PICOSECONDS = 10**12


class VersionPageSource(PageSource):
    """One row: a version, the moment, and how the generator would have been called."""

    def __init__(self, scale: float, now: datetime, columns: Sequence[str]) -> None:
        named = "" if scale == 1 else f"--scale {scale} "
        seconds = now.hour * 3600 + now.minute * 60 + now.second
        self._values = {
            "dv_version": _VERSION,
            "dv_create_date": (now.date() - date(1970, 1, 1)).days,
            "dv_create_time": seconds * _PICOSECONDS,
            "dv_cmdline_args": f"{named}--table {VERSION_TABLE} --parallelism {os.cpu_count() or 1}",
        }
        self._columns = columns

    def pages(self) -> Iterator[pa.RecordBatch]:
        """See `PageSource`."""
        types = tables()[VERSION_TABLE].columns
        row = [self._values[name] for name in self._columns]
        yield from rows_to_pages([types[name] for name in self._columns], [row])
