"""The iceberg connector: transactions over tables, splits of data files, writers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from lodestar_server.plugins.connectors.iceberg.analyzing import SketchSink
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import Catalog
from lodestar_server.plugins.connectors.iceberg.config import IcebergConfig
from lodestar_server.plugins.connectors.iceberg.handles import (
    IcebergAnalyzeHandle,
    IcebergColumnHandle,
    IcebergSplit,
    IcebergTableHandle,
    IcebergTransactionHandle,
    IcebergWriteHandle,
    WriteKind,
)
from lodestar_server.plugins.connectors.iceberg.listed_tables import ListedTables
from lodestar_server.plugins.connectors.iceberg.metadata import IcebergMetadata
from lodestar_server.plugins.connectors.iceberg.opening import Footers
from lodestar_server.plugins.connectors.iceberg.page_sink import IcebergPageSink
from lodestar_server.plugins.connectors.iceberg.procedures import TABLE_PROCEDURES, IcebergProcedures
from lodestar_server.plugins.connectors.iceberg.properties import (
    ANALYZE_PROPERTIES,
    SCHEMA_PROPERTIES,
    table_properties,
    view_properties,
)
from lodestar_server.plugins.connectors.iceberg.row_changes import RowChangesSink
from lodestar_server.plugins.connectors.iceberg.scan import IcebergScanner
from lodestar_server.plugins.connectors.iceberg.session import session_properties
from lodestar_server.plugins.connectors.iceberg.table_changes import TABLE_CHANGES
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.plugins.connectors.iceberg.transaction import IcebergTransaction
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.isolation import check_isolation
from lodestar_server.plugins.toolkit.security.opening import CatalogSecurity
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.procedures import Procedure, TableProcedure
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.scalar_functions import ConnectorFunction
from lodestar_server.spi.security import ConnectorAccessControl
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.table_functions import TableFunction


class IcebergConnector(Connector):
    """Every change is committed by itself."""

    supports_not_null_columns = True
    supports_grace_period = True

    def __init__(
        self, files: FileSystem, metastore: Catalog, config: IcebergConfig, catalog: str, security: CatalogSecurity
    ) -> None:
        self._config = config
        self._security = security
        self.manages_owners = security.manages_owners
        self.controls_access = security.controls_access
        self._catalog = catalog
        self._tables = IcebergTables(files, metastore, config)
        self._footers = Footers(files, config.metadata_cache_entries, config.footer_readers)
        self._scanner = IcebergScanner(self._tables, self._footers)
        self._procedures = IcebergProcedures(self._tables, config).all()
        self._listing = ListedTables(self._tables)
        self._numbers = itertools.count()
        self._transactions: dict[TransactionHandle, IcebergTransaction] = {}
        self.local_roots = () if files.root is None else (files.root,)

    def begin_transaction(self, isolation: str, read_only: bool, autocommit: bool) -> TransactionHandle:
        """Every level: a transaction sees one snapshot of each table."""
        check_isolation("SERIALIZABLE", isolation)
        handle = IcebergTransactionHandle(next(self._numbers))
        self._transactions[handle] = IcebergTransaction(self._tables)
        return handle

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The transaction's view."""
        return IcebergMetadata(self._transactions[transaction], self._config, self._catalog)

    def access_control(self, transaction: TransactionHandle, session: ConnectorSession) -> ConnectorAccessControl:
        """As iceberg.security says."""
        return self._security.access(session.identity)

    def commit(self, transaction: TransactionHandle) -> None:
        """Nothing is left to do."""
        self._transactions.pop(transaction, None)

    def rollback(self, transaction: TransactionHandle) -> None:
        """What has been committed stays."""
        self._transactions.pop(transaction, None)

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """A split per file."""
        assert isinstance(table, IcebergTableHandle)
        return self._scanner.splits(session, table, _columns(columns), predicate)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """Files for the kernel, or pages."""
        assert isinstance(table, IcebergTableHandle)
        chosen = [split for split in splits if isinstance(split, IcebergSplit)]
        return self._scanner.read(table, _columns(columns), chosen)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """A writer; several may write at once."""
        if isinstance(handle, IcebergAnalyzeHandle):
            return SketchSink(handle)
        assert isinstance(handle, IcebergWriteHandle)
        kind = RowChangesSink if handle.kind is WriteKind.ROWS else IcebergPageSink
        sink = kind(self._tables.files, handle)
        self._transactions[transaction].add_sink(handle.write_id, sink)
        return sink

    def session_properties(self) -> Sequence[PropertyMetadata]:
        """With this catalog's defaults."""
        return session_properties(self._config)

    def schema_properties(self) -> Sequence[PropertyMetadata]:
        """location."""
        return SCHEMA_PROPERTIES

    def table_properties(self) -> Sequence[PropertyMetadata]:
        """With this catalog's defaults."""
        return table_properties(self._config)

    def materialized_view_properties(self) -> Sequence[PropertyMetadata]:
        """With this catalog's defaults."""
        return view_properties(self._config)

    def analyze_properties(self) -> Sequence[PropertyMetadata]:
        """columns."""
        return ANALYZE_PROPERTIES

    def procedures(self) -> Sequence[Procedure]:
        """Tables registered and rolled back."""
        return self._procedures

    def table_procedures(self) -> Sequence[TableProcedure]:
        """Tables tidied."""
        return TABLE_PROCEDURES

    def system_tables(self) -> Sequence[SystemTable]:
        """Which tables are Iceberg's."""
        return (self._listing,)

    def functions(self) -> Sequence[ConnectorFunction]:
        """bucket."""
        return (ConnectorFunction("system", "bucket", "$bucket"),)

    def table_functions(self) -> Sequence[TableFunction]:
        """Changes of a table."""
        return (TABLE_CHANGES,)

    def list_beans(self) -> Iterable[Bean]:
        """Of the cache of metadata."""
        return self._tables.metastore.beans(self._catalog)

    def shutdown(self) -> None:
        """Stop background readers, give connections back."""
        self._footers.close()
        self._tables.files.close()
        self._tables.metastore.close()


def _columns(columns: Sequence[ColumnHandle]) -> list[IcebergColumnHandle]:
    return [column for column in columns if isinstance(column, IcebergColumnHandle)]
