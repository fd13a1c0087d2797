"""CALL system.migrate: a table of Hive becomes one of Iceberg where it is; its files stay as they are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from lodestar_server.plugins.connectors.iceberg.adding import FORMATS, Source, data_files, partition_value, with_mapping
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import PartitionedCatalog
from lodestar_server.plugins.connectors.iceberg.config import IcebergConfig
from lodestar_server.plugins.connectors.iceberg.definitions import first_metadata
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.hive_sources import hive_table
from lodestar_server.plugins.connectors.iceberg.hive_types import iceberg_fields
from lodestar_server.plugins.connectors.iceberg.properties import FORMAT, PARTITIONING
from lodestar_server.plugins.connectors.iceberg.snapshots import Change, SnapshotWriter
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables, is_iceberg
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.spi import connector as spi
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

_MIGRATED = {"migrated": "true"}
_COMMENT = "comment"


def migrate(tables: IcebergTables, config: IcebergConfig, name: SchemaTableName, recursive: str) -> None:
    """`recursive`: see `list_files`. Raises: NOT_FOUND, NOT_SUPPORTED, ICEBERG_COMMIT_ERROR."""
    catalog = tables.metastore
    entry = hive_table(catalog, name, "migrating")
    if is_iceberg(entry):
        not_supported("The table is already an Iceberg table")
    if not isinstance(catalog, PartitionedCatalog):
        not_supported("This catalog has no tables of Hive")
    if entry.storage_format not in FORMATS:
        not_supported(f"Unsupported storage format: {entry.storage_format}")
    metadata = with_mapping(_described(entry, config))
    metadata = replace(metadata, properties={**metadata.properties, **_MIGRATED})
    sources = _sources(catalog, entry, metadata)
    files = catalog.steadily(entry, lambda visible: data_files(tables, metadata, sources, recursive, visible))
    manifests: list[str] = []
    made = SnapshotWriter(tables).apply(metadata, Change("append", files), manifests)
    try:
        tables.take_over(entry, made)
    except OutcomeUnknown:
        raise  # the entry may name them
    except LodestarError:
        for path in manifests:
            with suppress(LodestarError):
                tables.files.delete_file(path)
        raise


def _described(entry: Table, config: IcebergConfig) -> TableMetadata:
    """The table without its files."""
    fields = iceberg_fields((*entry.columns, *entry.partition_columns))
    columns = tuple(spi.ColumnMetadata(one.name, to_trino(one.type), comment=one.doc) for one in fields)
    partitioning = tuple('"' + one.name.replace('"', '""') + '"' for one in entry.partition_columns)
    properties = {FORMAT: entry.storage_format, PARTITIONING: partitioning}
    table = spi.TableMetadata(entry.name, columns, properties, entry.parameters.get(_COMMENT))
    return first_metadata(table, entry.location, config.compression_codec, config)


def _sources(catalog: PartitionedCatalog, entry: Table, metadata: TableMetadata) -> list[Source]:
    form = entry.storage_format or ""
    if not entry.partition_columns:
        return [Source(entry.location, form)]
    types = [metadata.schema.fields[one.source_id].type for one in metadata.spec.fields]
    made = []
    for values in catalog.list_partitions(entry):
        partition = catalog.find_partition(entry, values)
        if partition is not None:
            raw = tuple(partition_value(type_, text) for type_, text in zip(types, values, strict=True))
            made.append(Source(partition.location, partition.storage_format or form, raw))
    return made
