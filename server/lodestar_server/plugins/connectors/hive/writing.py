"""CREATE TABLE, INSERT and DELETE of a hive catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.hive.analyzing import analyze_target, read_figures
from lodestar_server.plugins.connectors.hive.avro import schemas as avro
from lodestar_server.plugins.connectors.hive.bucketing import hashable, layout_for_writing
from lodestar_server.plugins.connectors.hive.config import CompressionCodec, ExistingPartitions, HiveConfig
from lodestar_server.plugins.connectors.hive.definitions import column_handles, is_external, table_of
from lodestar_server.plugins.connectors.hive.foreign import check_insert, check_not_transactional
from lodestar_server.plugins.connectors.hive.formats import StorageFormat, require_writable
from lodestar_server.plugins.connectors.hive.handles import (
    ColumnKind,
    HiveAnalyzeHandle,
    HiveColumnHandle,
    HiveTableHandle,
    HiveWriteHandle,
)
from lodestar_server.plugins.connectors.hive.lines.reading import FOOTER, HEADER
from lodestar_server.plugins.connectors.hive.listing import layout_of, typed_partitions
from lodestar_server.plugins.connectors.hive.page_sink import read_fragments
from lodestar_server.plugins.connectors.hive.projection import is_projected
from lodestar_server.plugins.connectors.hive.session import (
    compression_codec,
    existing_partitions,
    flag,
    storage_format,
    target_max_file_size,
    timestamp_precision,
)
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction, OpenWrite
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, split_location
from lodestar_server.plugins.toolkit.metastore.errors import (
    HIVE_DATABASE_LOCATION_ERROR,
    HIVE_PATH_ALREADY_EXISTS,
    HIVE_UNSUPPORTED_FORMAT,
)
from lodestar_server.plugins.toolkit.metastore.interface import PartWrite, TableWrite, WriteMode
from lodestar_server.plugins.toolkit.metastore.model import Table, TableType
from lodestar_server.plugins.toolkit.metastore.written import add_to_table, basic_parameters
from lodestar_server.spi.connector import AnalyzeTarget, ConnectorMetadata, SaveMode, TableMetadata, not_supported
from lodestar_server.spi.errors import (
    INVALID_COLUMN_PROPERTY,
    INVALID_TABLE_PROPERTY,
    NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.row_changes import RowIdColumn
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BIGINT

ROWS = "rows"
AVRO_SCHEMAS = {avro.URL: "url", avro.LITERAL: "literal"}
_MODIFYING_ROWS = "Modifying Hive table rows is only supported for transactional tables"

_MODES = {
    ExistingPartitions.APPEND: WriteMode.APPEND,
    ExistingPartitions.OVERWRITE: WriteMode.OVERWRITE,
    ExistingPartitions.ERROR: WriteMode.ERROR,
}


class HiveWriting(ConnectorMetadata):
    """The part of the metadata that makes tables and rows."""

    def __init__(self, transaction: HiveTransaction, files: FileSystem, config: HiveConfig) -> None:
        self._transaction = transaction
        self._files = files
        self._config = config

    def _table(self, handle: TableHandle) -> Table:
        assert isinstance(handle, HiveTableHandle)
        table = self._transaction.find_table(handle.name)
        if table is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{handle.name}' not found")
        return table

    def _check_schema(self, schema: str) -> None:
        if self._transaction.find_database(schema) is None:
            raise LodestarError(NOT_FOUND, f"Schema {schema} not found")

    # CREATE TABLE
    def create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> None:
        """Without rows."""
        known = self._transaction.find_table(table.name)
        if save_mode is SaveMode.IGNORE and known is not None and not known.is_view:
            return
        made = self._new_table(session, table, save_mode)
        external = made.type is TableType.EXTERNAL_TABLE
        if external:
            self._files.make_directory(made.location)
        self._transaction.see_table(table.name, made)
        self._transaction.add(lambda: self._transaction.metastore.create_table(made, None, session.user))

    def _new_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> Table:
        if save_mode is SaveMode.REPLACE:
            not_supported("This connector does not support replacing tables")
        self._check_schema(table.name.schema)
        external = is_external(table)
        if external is not None and not self._config.non_managed_creates:
            not_supported("Cannot create non-managed Hive table")
        if not self._config.partition_projection and is_projected(table.properties, table.columns):
            raise LodestarError(
                INVALID_COLUMN_PROPERTY,
                "Partition projection is disabled. "
                "Enable it in configuration by setting hive.partition-projection-enabled=true",
            )
        made = table_of(
            table,
            location=self._external_location(external) if external is not None else "",
            external=external is not None,
            user=session.user,
            query_id=session.query_id,
            default_format=storage_format(session),
            precision=timestamp_precision(session),
            with_figures=flag(session, "collect_column_statistics_on_write"),
        )
        if external is None:
            made = replace(made, location=self._managed_location(table.name))
        self._check_avro(made)
        self._transaction.metastore.check_location(made)
        return made

    def _check_avro(self, made: Table) -> None:
        if made.bucketing is not None:
            if avro.URL in made.parameters:
                not_supported("Bucketing columns not supported when Avro schema url is set")
            if avro.LITERAL in made.parameters:
                not_supported("Bucketing/Partitioning columns not supported when Avro schema literal is set")
        url = made.parameters.get(avro.URL)
        if url is not None:
            try:
                split_location(url)
                found = self._files.find(url)
            except (ValueError, LodestarError):
                raise LodestarError(
                    INVALID_TABLE_PROPERTY, f"Avro schema file is not a valid file system URI: {url}"
                ) from None
            if found is None:
                raise LodestarError(INVALID_TABLE_PROPERTY, f"Cannot locate Avro schema file: {url}")

    def _external_location(self, location: str) -> str:
        try:
            split_location(location)
            self._files.local_path(location)
        except (ValueError, LodestarError):
            raise LodestarError(
                INVALID_TABLE_PROPERTY, f"External location is not a valid file system URI: {location}"
            ) from None
        return location

    def _managed_location(self, name: SchemaTableName) -> str:
        database = self._transaction.find_database(name.schema)
        own = self._transaction.metastore.table_directory(name)
        if database is None or not database.location:
            return own
        if self._files.keeps_directories(database.location) and self._files.find(database.location) is None:
            raise LodestarError(
                HIVE_DATABASE_LOCATION_ERROR,
                f"Database '{name.schema}' location does not exist: {database.location}",
            )
        return child_of(database.location, own.rpartition("/")[2])

    def begin_create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> WriteHandle:
        """The table's files are made beside its place. Raises: HIVE_PATH_ALREADY_EXISTS."""
        made = self._new_table(session, table, save_mode)
        if made.type is TableType.EXTERNAL_TABLE:
            self._check_non_managed(made)
        for parameter, words in AVRO_SCHEMAS.items():
            if parameter in made.parameters:
                not_supported(f"CREATE TABLE AS not supported when Avro schema {words} is set")
        for count, parameter, most in ((_header_lines(made), HEADER, 1), (int(FOOTER in made.parameters), FOOTER, 0)):
            if count > most:
                not_supported(
                    f"Creating Hive table with data with value of {parameter} property greater than {most} is not"
                    " supported"
                )
        if not self._transaction.metastore.is_vacant(made):
            raise LodestarError(
                HIVE_PATH_ALREADY_EXISTS, f"Target directory for table '{made.name}' already exists: {made.location}"
            )
        handles = column_handles(made, timestamp_precision(session))
        columns = [handles[column.name] for column in (*made.columns, *made.partition_columns)]
        return self._begin(session, made, columns, WriteMode.APPEND, new=True)

    def finish_create_table(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Table and files appear together at the commit."""
        assert isinstance(handle, HiveWriteHandle)
        table = self._transaction.writes[handle.write_id].table
        assert table is not None
        write = TableWrite(handle.directory, read_fragments(fragments, session.query_id))
        self._files.make_directory(handle.directory)
        whole = table
        if not table.partition_columns:
            nothing = PartWrite(None, (), 0, 0, 0, session.query_id)
            whole = add_to_table(table, write.parts[0] if write.parts else nothing, True)
        self._transaction.see_table(table.name, whole)
        self._transaction.mark_written(table.name)
        self._transaction.add(lambda: self._transaction.metastore.create_table(whole, write, session.user))

    # INSERT
    def begin_insert(
        self, session: ConnectorSession, table: TableHandle, columns: Sequence[ColumnHandle]
    ) -> WriteHandle:
        """Raises: NOT_SUPPORTED, HIVE_TABLE_READ_ONLY."""
        found = self._table(table)
        check_insert(found)
        if found.type is TableType.EXTERNAL_TABLE:
            self._check_non_managed(found)
        mode = _MODES[existing_partitions(session)]
        if self._config.immutable_partitions and not found.partition_columns:
            mode = WriteMode.ERROR
        if not found.partition_columns:
            mode.check_table(found)
        chosen = [column for column in columns if isinstance(column, HiveColumnHandle)]
        if _header_lines(found) > 1:
            not_supported(f"Inserting into Hive table with value of {HEADER} property greater than 1 is not supported")
        if FOOTER in found.parameters:
            not_supported(f"Inserting into Hive table with {FOOTER} property not supported")
        return self._begin(session, found, chosen, mode, new=False)

    def _begin(
        self,
        session: ConnectorSession,
        table: Table,
        columns: Sequence[HiveColumnHandle],
        mode: WriteMode,
        *,
        new: bool,
    ) -> HiveWriteHandle:
        form = require_writable(table.storage_format)
        codec = compression_codec(session)
        if form is StorageFormat.PARQUET and codec is CompressionCodec.LZ4:
            raise LodestarError(HIVE_UNSUPPORTED_FORMAT, "Compression codec LZ4 not supported for Parquet")
        if form is StorageFormat.AVRO and codec is CompressionCodec.LZ4:
            raise LodestarError(HIVE_UNSUPPORTED_FORMAT, "Compression codec LZ4 not supported for Avro")
        handles = column_handles(table, timestamp_precision(session))
        buckets = layout_for_writing(table, flag(session, "sorted_writing_enabled"))
        if buckets is not None and not all(hashable(handles[name].type) for name in buckets.columns):
            not_supported("Cannot write to a table bucketed on an unsupported type")
        staging = self._transaction.metastore.open_staging()
        self._transaction.writes[staging.name] = OpenWrite(staging, table if new else None)
        holder = staging.place(table.location, new=new)
        return HiveWriteHandle(
            staging.name,
            table.name,
            child_of(holder, ROWS),
            form,
            tuple(columns),
            tuple((column.name, handles[column.name].type) for column in table.columns),
            layout_of(table).properties,
            session.query_id,
            codec.name,
            target_max_file_size(session),
            self._config.max_partitions_per_writers,
            flag(session, "collect_column_statistics_on_write"),
            mode,
            buckets,
        )

    def finish_insert(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """The files appear together at the commit."""
        assert isinstance(handle, HiveWriteHandle)
        write = TableWrite(handle.directory, read_fragments(fragments, session.query_id))
        if not write.parts:
            return
        self._transaction.mark_written(handle.name)
        self._transaction.add(lambda: self._transaction.metastore.write(handle.name, write, handle.mode))

    def abort_write(self, session: ConnectorSession, handle: WriteHandle) -> None:
        """Remove the files."""
        if not isinstance(handle, HiveWriteHandle):
            return
        write = self._transaction.writes.pop(handle.write_id, None)
        if write is not None:
            write.staging.close()

    def supports_missing_columns_on_insert(self) -> bool:
        """NULLs for data columns that are left out."""
        return False

    def _check_non_managed(self, table: Table) -> None:
        if not self._config.non_managed_writes:
            not_supported(f"Cannot write to non-managed Hive table: {table.name}")

    # DELETE
    def apply_delete(self, session: ConnectorSession, table: TableHandle) -> TableHandle | None:
        """Whole partitions, or all of a table without partitions."""
        return table

    def execute_delete(self, session: ConnectorSession, table: TableHandle) -> int | None:
        """Raises: NOT_SUPPORTED for an external table."""
        assert isinstance(table, HiveTableHandle)
        found = self._table(table)
        if found.type is not TableType.MANAGED_TABLE:
            not_supported("Cannot delete from non-managed Hive table")
        check_not_transactional(found)
        metastore = self._transaction.metastore
        if not found.partition_columns:
            self._transaction.mark_written(found.name)
            self._transaction.add(lambda: metastore.delete_files(found.name, _emptied))
            return None
        partitions = typed_partitions(self._transaction, found, table.partition_columns, table.constraint)
        values = [one for one, _ in partitions]
        if not values and table.constraint.domains:
            return 0
        if values:
            self._transaction.mark_written(found.name)
            self._transaction.add(lambda: metastore.drop_partitions(found.name, values, delete_files=True))
        return None

    # ANALYZE
    def begin_analyze(
        self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, Any]
    ) -> AnalyzeTarget:
        """Raises: INVALID_ANALYZE_PROPERTY, HIVE_PARTITION_DROPPED_DURING_QUERY."""
        assert isinstance(table, HiveTableHandle)
        return analyze_target(self._transaction, self._table(table), table, properties, timestamp_precision(session))

    def finish_analyze(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """The figures are recorded at the commit."""
        assert isinstance(handle, HiveAnalyzeHandle)
        found = read_figures(handle, fragments)
        self._transaction.add(lambda: self._transaction.metastore.set_figures(handle.name, found))

    # UPDATE, MERGE
    def row_id_column(self, session: ConnectorSession, table: TableHandle) -> RowIdColumn:
        """Never read: the changes are refused when a statement turns out to be correct and about single rows."""
        return RowIdColumn(HiveColumnHandle("$row_id", BIGINT, ColumnKind.HIDDEN), BIGINT)

    def begin_row_changes(self, session: ConnectorSession, table: TableHandle) -> WriteHandle:
        """Never for these tables."""
        not_supported(_MODIFYING_ROWS)


def _emptied(table: Table) -> Table:
    return replace(table, parameters={**table.parameters, **basic_parameters(None)}, statistics={})


def _header_lines(table: Table) -> int:
    text = table.parameters.get(HEADER, "0")
    return int(text) if text.isdigit() else 0
