"""ANALYZE: distinct values of columns, counted over all rows of the current snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from lodestar_server.plugins.connectors.iceberg.definitions import data_columns
from lodestar_server.plugins.connectors.iceberg.format.types import Primitive
from lodestar_server.plugins.connectors.iceberg.fragments import read_fragments, write_fragment
from lodestar_server.plugins.connectors.iceberg.handles import (
    IcebergAnalyzeHandle,
    IcebergColumnHandle,
    IcebergTableHandle,
)
from lodestar_server.plugins.connectors.iceberg.procedures import IcebergTableProcedures
from lodestar_server.plugins.connectors.iceberg.session import flag
from lodestar_server.plugins.connectors.iceberg.sketches import DistinctCounters
from lodestar_server.plugins.connectors.iceberg.statistics_files import with_statistics
from lodestar_server.spi.connector import AnalyzeTarget, not_supported
from lodestar_server.spi.errors import INVALID_ANALYZE_PROPERTY, LodestarError
from lodestar_server.spi.handles import TableHandle, WriteHandle
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.session import ConnectorSession


class IcebergAnalyzing(IcebergTableProcedures):
    """One commit, of a statistics file."""

    def begin_analyze(
        self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, Any]
    ) -> AnalyzeTarget | None:
        """Raises: NOT_SUPPORTED, INVALID_ANALYZE_PROPERTY."""
        assert isinstance(table, IcebergTableHandle)
        if not flag(session, "extended_statistics_enabled"):
            not_supported(
                "Analyze is not enabled. You can enable analyze using iceberg.extended-statistics.enabled config or "
                "extended_statistics_enabled catalog session property"
            )
        metadata, schema = self._seen(table)
        analyzable = [
            column
            for column, field in zip(data_columns(schema), schema.columns, strict=True)
            if isinstance(field.type, Primitive)
        ]
        wanted = properties.get("columns")
        if wanted is not None:
            if not wanted:
                raise LodestarError(INVALID_ANALYZE_PROPERTY, "Cannot specify empty list of columns for analysis")
            known = {column.name for column in data_columns(schema) if not column.type.children}
            unknown = [name for name in wanted if name not in known]
            if unknown:
                raise LodestarError(
                    INVALID_ANALYZE_PROPERTY, f"Invalid columns specified for analysis: [{', '.join(unknown)}]"
                )
            analyzable = [column for column in analyzable if column.name in wanted]
        snapshot = metadata.current_snapshot
        if snapshot is None or not analyzable:
            return None
        chosen: tuple[IcebergColumnHandle, ...] = tuple(analyzable)
        fields = tuple(schema.fields[column.id] for column in chosen)
        return AnalyzeTarget(
            replace(table, for_analyze=True),
            chosen,
            IcebergAnalyzeHandle(table.name, snapshot.id, fields),
            counts_rows=False,
        )

    def finish_analyze(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Record the sketches."""
        assert isinstance(handle, IcebergAnalyzeHandle)
        sketches = read_fragments(fragments).sketches
        self._transaction.commit(
            handle.name,
            lambda base: with_statistics(
                self._tables, base, handle.snapshot_id, session.query_id, sketches, complete=True
            ),
        )


class SketchSink(PageSink):
    """Counts distinct values; nothing is written."""

    def __init__(self, handle: IcebergAnalyzeHandle) -> None:
        self._counters = DistinctCounters(handle.fields)

    def append(self, page: pa.RecordBatch) -> None:
        """A page with the columns of the handle."""
        self.written_bytes += page.nbytes
        self._counters.add(page.columns)

    def finish(self) -> list[bytes]:
        """One fragment."""
        return [write_fragment((), self._counters.sketches())]

    def abort(self) -> None:
        """Nothing to remove."""
