"""A sink for rows that nobody wants to keep."""

from __future__ import annotations

import pyarrow as pa

from lodestar_server.spi.page import PageSink


class DiscardingPageSink(PageSink):
    """The engine counts the rows."""

    def append(self, page: pa.RecordBatch) -> None:
        """Forget the page."""
        self.written_bytes += page.nbytes

    def finish(self) -> list[bytes]:
        """Nothing to tell."""
        return []

    def abort(self) -> None:
        """Nothing to clean up."""
