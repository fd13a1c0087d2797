"""The tables of one statement, as the kernel reads and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lodestar_server.ir.nodes import TableScan
from lodestar_server.metadata.facade import Metadata
from lodestar_server.spi.page import FileScan, PageSource, Split
from lodestar_server.spi.values import frozen


@frozen
class StatementSources:
    """`ScanSources` of the kernel over the statement's metadata."""

    metadata: Metadata

    def splits(self, scan: TableScan) -> Iterable[Split]:
        """The pieces of a scan."""
        return self.metadata.splits(scan.table, [handle for _, handle in scan.columns])

    def read(self, scan: TableScan, splits: Sequence[Split]) -> PageSource | Sequence[FileScan]:
        """How to read some of them."""
        return self.metadata.read(scan.table, [handle for _, handle in scan.columns], splits)
