"""Names and facts of tpch tables; nothing can be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lodestar_server.plugins.connectors.tpch.config import ColumnNaming
from lodestar_server.plugins.connectors.tpch.dataset import TpchDataset
from lodestar_server.plugins.connectors.tpch.handles import TpchAnalyzeHandle, TpchColumnHandle, TpchTableHandle
from lodestar_server.plugins.connectors.tpch.statistics import STATISTICS
from lodestar_server.plugins.connectors.tpch.tables import (
    ROW_NUMBER,
    SCHEMAS,
    TABLES,
    TpchTable,
    schema_of_scale,
)
from lodestar_server.plugins.toolkit.generated.dataset import scale_of_schema
from lodestar_server.spi.connector import (
    AnalyzeTarget,
    ColumnMetadata,
    ConnectorMetadata,
    RelationKind,
    TableMetadata,
    TableVersion,
    not_supported,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, ColumnStatistics, TableStatistics
from lodestar_server.spi.types import BIGINT


class TpchMetadata(ConnectorMetadata):
    """The same for all transactions."""

    def __init__(self, dataset: TpchDataset, naming: ColumnNaming) -> None:
        self._dataset = dataset
        self._naming = naming
        self._columns = {table.name: self._handles(table) for table in TABLES.values()}
        self._metadata = {table.name: self._column_metadata(table) for table in TABLES.values()}

    def _handles(self, table: TpchTable) -> dict[str, ColumnHandle]:
        prefix = table.prefix if self._naming is ColumnNaming.STANDARD else ""
        made: dict[str, ColumnHandle] = {}
        for name, type_ in self._dataset.types(table).items():
            made[prefix + name] = TpchColumnHandle(name, prefix + name, type_)
        made[ROW_NUMBER] = TpchColumnHandle(ROW_NUMBER, ROW_NUMBER, BIGINT)
        return made

    def _column_metadata(self, table: TpchTable) -> tuple[ColumnMetadata, ...]:
        return tuple(
            ColumnMetadata(name, handle.type, nullable=name == ROW_NUMBER, hidden=name == ROW_NUMBER)
            for name, handle in self._columns[table.name].items()
            if isinstance(handle, TpchColumnHandle)
        )

    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """The usual ones; see `schema_exists`."""
        return list(SCHEMAS)

    def schema_exists(self, session: ConnectorSession, schema: str) -> bool:
        """Any positive scale factor."""
        return scale_of_schema(schema) is not None

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Eight per schema."""
        schemas = SCHEMAS if schema is None else (schema,) if scale_of_schema(schema) is not None else ()
        return {SchemaTableName(one, table): RelationKind.TABLE for one in schemas for table in TABLES}

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table at the schema's scale factor."""
        if version is not None:
            not_supported("This connector does not support versioned tables")
        scale = scale_of_schema(name.schema)
        return None if scale is None or name.table not in TABLES else TpchTableHandle(name.table, scale)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """All columns are NOT NULL."""
        assert isinstance(table, TpchTableHandle)
        return TableMetadata(SchemaTableName(schema_of_scale(table.scale), table.table), self._metadata[table.table])

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """row_number is hidden."""
        assert isinstance(table, TpchTableHandle)
        return self._columns[table.table]

    def begin_analyze(
        self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, object]
    ) -> AnalyzeTarget:
        """ANALYZE counts the rows and keeps nothing."""
        assert isinstance(table, TpchTableHandle)
        first = next(iter(self._columns[table.table].values()))
        return AnalyzeTarget(table, (first,), TpchAnalyzeHandle())

    def finish_analyze(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Nothing to keep."""

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """Known for tiny and sf1, as in Trino."""
        assert isinstance(table, TpchTableHandle)
        found = STATISTICS.get((table.scale, table.table))
        if found is None:
            return UNKNOWN_STATISTICS
        columns: dict[ColumnHandle, ColumnStatistics] = {}
        for handle in self._columns[table.table].values():
            assert isinstance(handle, TpchColumnHandle)
            if handle.name in found.columns:
                columns[handle] = found.columns[handle.name]
        return TableStatistics(found.rows, columns)
