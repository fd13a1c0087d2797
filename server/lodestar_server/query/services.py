"""What the statements of one server share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from lodestar_server import ir
from lodestar_server.ir.nodes import PlanNode
from lodestar_server.metadata.base import MetadataServices
from lodestar_server.query.results import RowEncoding
from lodestar_server.session import QueryContext
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.spi.handles import CatalogTable, ColumnHandle, WriteTarget
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split


class ScanSources(Protocol):
    """How the kernel reads tables: the metadata facade of the statement."""

    def splits(self, table: CatalogTable, columns: Sequence[ColumnHandle]) -> Any:
        """The table's pieces, lazily."""
        ...

    def read(
        self, table: CatalogTable, columns: Sequence[ColumnHandle], splits: Sequence[Split]
    ) -> PageSource | Sequence[FileScan]:
        """How to read some of them."""
        ...

    def page_sink(self, target: WriteTarget) -> PageSink:
        """A writer."""
        ...


class Kernel(Protocol):
    """Runs plans."""

    def execute(
        self, plan: PlanNode, context: QueryContext, sources: ScanSources, encoding: RowEncoding
    ) -> Iterator[pa.RecordBatch]:
        """The result's batches, pulled; closing the iterator stops the work."""
        ...

    def evaluate(self, expression: ir.Expression, context: QueryContext) -> ir.Constant:
        """The value of an expression without columns."""
        ...


@dataclass(frozen=True, slots=True)
class EngineServices:
    """See the module."""

    metadata: MetadataServices
    kernel: Any
    system_properties: SystemProperties
    node_version: str
