"""The hive connector: transactions over a metastore, splits of files."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from lodestar_server.plugins.connectors.hive.analyzing import FiguresSink
from lodestar_server.plugins.connectors.hive.config import HiveConfig
from lodestar_server.plugins.connectors.hive.definitions import Definitions
from lodestar_server.plugins.connectors.hive.evolved import check_evolved
from lodestar_server.plugins.connectors.hive.footers import FooterCache
from lodestar_server.plugins.connectors.hive.handles import (
    HiveAnalyzeHandle,
    HiveColumnHandle,
    HiveSplit,
    HiveTableHandle,
    HiveTransactionHandle,
    HiveWriteHandle,
)
from lodestar_server.plugins.connectors.hive.listing import HiveLister
from lodestar_server.plugins.connectors.hive.metadata import HiveMetadata
from lodestar_server.plugins.connectors.hive.page_sink import HivePageSink
from lodestar_server.plugins.connectors.hive.procedures import TABLE_PROCEDURES, HiveProcedures
from lodestar_server.plugins.connectors.hive.scan import HiveScanner
from lodestar_server.plugins.connectors.hive.security.system_tables import HiveSqlStandard
from lodestar_server.plugins.connectors.hive.session import session_properties
from lodestar_server.plugins.connectors.hive.table_properties import (
    ANALYZE_PROPERTIES,
    COLUMN_PROPERTIES,
    FORMAT,
    SCHEMA_PROPERTIES,
    TABLE_PROPERTIES,
)
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.isolation import check_isolation
from lodestar_server.plugins.toolkit.metastore.interface import Metastore
from lodestar_server.plugins.toolkit.security.opening import OPEN, CatalogSecurity
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.errors import TABLE_NOT_FOUND, LodestarError
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.procedures import Procedure, TableProcedure
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.security import ConnectorAccessControl
from lodestar_server.spi.session import ConnectorSession


class HiveConnector(Connector):
    """Changes in a transaction happen at its commit."""

    single_statement_writes = False

    def __init__(
        self,
        files: FileSystem,
        metastore: Metastore,
        config: HiveConfig,
        catalog: str = "hive",
        security: CatalogSecurity = OPEN,
    ) -> None:
        self._catalog = catalog
        self._files = files
        self._metastore = metastore
        self._config = config
        self._footers = FooterCache(files, config.footer_cache_entries, config.footer_readers)
        self._lister = HiveLister(files, config)
        self._definitions = Definitions()
        self._scanner = HiveScanner(files, self._footers)
        self._procedures = HiveProcedures(files, metastore, self._footers, config).all()
        self._numbers = itertools.count()
        self._transactions: dict[TransactionHandle, HiveTransaction] = {}
        self._session_properties = session_properties(config)
        self._table_properties = [
            one if one.name != FORMAT else _with_default(one, config.storage_format.name) for one in TABLE_PROPERTIES
        ]
        self._security = security
        self.manages_owners = security.manages_owners
        self.controls_access = security.controls_access or config.keeps_roles
        self.local_roots = () if files.root is None else (files.root,)

    def begin_transaction(self, isolation: str, read_only: bool, autocommit: bool) -> TransactionHandle:
        """Raises: UNSUPPORTED_ISOLATION_LEVEL above READ UNCOMMITTED."""
        check_isolation("READ UNCOMMITTED", isolation)
        handle = HiveTransactionHandle(next(self._numbers))
        self._transactions[handle] = HiveTransaction(
            self._metastore, self._definitions, projects=self._config.partition_projection
        )
        return handle

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The transaction's view."""
        return HiveMetadata(self._transactions[transaction], self._files, self._config, self._catalog)

    def access_control(self, transaction: TransactionHandle, session: ConnectorSession) -> ConnectorAccessControl:
        """As hive.security says."""
        if not self._config.keeps_roles:
            return self._security.access(session.identity)
        permissions = self._metastore.permissions()
        assert permissions is not None, "the factory opens sql-standard over metastores with permissions only"
        return HiveSqlStandard(self._catalog, self._transactions[transaction], permissions, session)

    def commit(self, transaction: TransactionHandle) -> None:
        """Do what was collected."""
        self._transactions.pop(transaction).commit()

    def rollback(self, transaction: TransactionHandle) -> None:
        """Forget it."""
        found = self._transactions.pop(transaction, None)
        if found is not None:
            found.roll_back()

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """A split per file."""
        assert isinstance(table, HiveTableHandle)
        if table.constraint.is_none:
            return ()
        current = self._transactions[transaction]
        found = current.find_table(table.name)
        if found is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{table.name}' not found")
        return self._lister.splits(current, session, found, table, predicate)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """Files for the kernel, or pages."""
        assert isinstance(table, HiveTableHandle)
        chosen = [column for column in columns if isinstance(column, HiveColumnHandle)]
        wanted = [split for split in splits if isinstance(split, HiveSplit)]
        for split in wanted:
            check_evolved(table.name, chosen, split)
        return self._scanner.read(session, chosen, wanted, table.hint)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """A writer; several may write at once."""
        if isinstance(handle, HiveAnalyzeHandle):
            return FiguresSink(handle)
        assert isinstance(handle, HiveWriteHandle)
        return HivePageSink(self._files, handle)

    def session_properties(self) -> Sequence[PropertyMetadata]:
        """With this catalog's defaults."""
        return self._session_properties

    def schema_properties(self) -> Sequence[PropertyMetadata]:
        """location."""
        return SCHEMA_PROPERTIES

    def table_properties(self) -> Sequence[PropertyMetadata]:
        """With this catalog's default format."""
        return self._table_properties

    def column_properties(self) -> Sequence[PropertyMetadata]:
        """Partition projection."""
        return COLUMN_PROPERTIES

    def analyze_properties(self) -> Sequence[PropertyMetadata]:
        """partitions, columns."""
        return ANALYZE_PROPERTIES

    def procedures(self) -> Sequence[Procedure]:
        """Partitions by hand, figures forgotten."""
        return self._procedures

    def table_procedures(self) -> Sequence[TableProcedure]:
        """Small files made one; it has to be allowed first."""
        return TABLE_PROCEDURES

    def list_beans(self) -> Iterable[Bean]:
        """Of the cache of metadata."""
        return self._metastore.beans(self._catalog)

    def shutdown(self) -> None:
        """Stop background readers, give connections back."""
        self._lister.close()
        self._footers.close()
        self._files.close()
        self._metastore.close()


def _with_default(declared: PropertyMetadata, default: str) -> PropertyMetadata:
    return PropertyMetadata(
        declared.name, declared.description, declared.type, default, declared.hidden, declared.decode, declared.encode
    )
