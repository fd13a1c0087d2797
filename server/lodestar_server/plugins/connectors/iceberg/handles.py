"""The connector's handles and splits: all that a reader needs, without the catalog."""

from __future__ import annotations

from enum import Enum
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile
from lodestar_server.plugins.connectors.iceberg.format.types import Field
from lodestar_server.plugins.toolkit.bloom_filters import BloomFilters
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.types import BIGINT, INTEGER, VARCHAR, RowField, RowType, TimestampTzType, Type
from lodestar_server.spi.values import frozen

PARTITION = "$partition"
PATH = "$path"
MODIFIED = "$file_modified_time"
ROW_ID = "$row_id"
HIDDEN_IDS = {PARTITION: 2_147_483_642, PATH: 2_147_483_646, MODIFIED: 2_147_482_646}
HIDDEN_TYPES: dict[str, Type] = {PARTITION: VARCHAR, PATH: VARCHAR, MODIFIED: TimestampTzType(3)}
CHANGE_TYPE = "_change_type"
CHANGE_VERSION = "_change_version_id"
CHANGE_TIMESTAMP = "_change_timestamp"
CHANGE_ORDINAL = "_change_ordinal"
CHANGE_IDS = {
    CHANGE_TYPE: 2_147_482_545,
    CHANGE_VERSION: 2_147_482_544,
    CHANGE_TIMESTAMP: 2_147_482_543,
    CHANGE_ORDINAL: 2_147_482_542,
}
CHANGE_TYPES: dict[str, Type] = {
    CHANGE_TYPE: VARCHAR,
    CHANGE_VERSION: BIGINT,
    CHANGE_TIMESTAMP: TimestampTzType(3),
    CHANGE_ORDINAL: INTEGER,
}
"""Columns of changes, which tell of a file when and how it came or went."""
_COMPUTED = frozenset((*HIDDEN_IDS.items(), *CHANGE_IDS.items()))
ROW_ID_TYPE = RowType(
    (
        RowField("_file", VARCHAR),
        RowField("_pos", BIGINT),
        RowField("partition_spec_id", INTEGER),
        RowField("partition", VARCHAR),
    )
)
ROW_ID_ID = 2_147_483_640
"""Where a row is: file, place in it, and the partition that its deletion has to be recorded for."""


@frozen
class IcebergTransactionHandle(TransactionHandle):
    """A transaction by its number."""

    number: int


@frozen
class IcebergColumnHandle(ColumnHandle):
    """A column by its field id. `name` is the current one; those of `HIDDEN_IDS`, `CHANGE_IDS` are not in files."""

    id: int
    name: str
    type: Type

    @property
    def hidden(self) -> bool:
        """Computed from the file, not read from it."""
        return (self.name, self.id) in _COMPUTED

    def __str__(self) -> str:
        return f"{self.id}:{self.name}:{self.type.display}"


@frozen
class IcebergTableHandle(TableHandle):
    """One snapshot of a table (None: it has none), seen through a schema.

    The metadata is that of `metadata_location`, so that all of a query sees the same. The scan gives no rows outside of
    `enforced`; `unenforced` is used to leave out files. `filtered`: ids of columns that the query filters by.
    """

    name: SchemaTableName
    metadata_location: str
    snapshot_id: int | None
    schema_id: int
    versioned: bool = False
    enforced: TupleDomain = TupleDomain(())
    unenforced: TupleDomain = TupleDomain(())
    filtered: frozenset[int] = frozenset()
    for_analyze: bool = False
    storage_of_view: bool = False
    max_file_size: int | None = None
    """Of interest for rewriting: only files smaller than this, or with deletes."""
    only_snapshots: frozenset[int] | None = None
    """Only the rows that these snapshots have appended."""
    changed_since: int | None = None
    """Not the snapshot's rows but those of the files that have come and gone after this one, an ancestor."""

    def __str__(self) -> str:
        shown = f"{self.name}$data"
        if self.snapshot_id is not None:
            shown += f"@{self.snapshot_id}"
        if self.enforced.is_none:
            return f"{shown} constraint=FALSE"
        if self.enforced.is_all:
            return shown
        names = ", ".join(str(getattr(column, "name", column)) for column, _ in self.enforced.entries or ())
        return f"{shown} constraint on [{names}]"


@frozen
class FileChange:
    """How a file came or went: `kind` is insert or delete, `ordinal` the snapshot's place among those asked for."""

    kind: str
    snapshot_id: int
    timestamp_ms: int
    ordinal: int


@frozen
class IcebergSplit(Split):
    """A data file with the delete files that concern it. `modified_millis` since 1970.

    `as_pages`: the scan's files are not for the kernel's own reader.
    """

    file: DataFile
    sequence_number: int
    deletes: tuple[tuple[int, DataFile], ...]
    partition_path: str
    partition_json: str
    modified_nanos: int
    as_pages: bool
    constants: tuple[tuple[int, Any], ...] = ()
    """Values of columns that the partition tells and the file may lack: column id → value as in `ir.Constant`."""
    change: FileChange | None = None


class WriteKind(Enum):
    """What a write's files are for."""

    CREATE = "CREATE"
    INSERT = "INSERT"
    ROWS = "ROWS"
    OPTIMIZE = "OPTIMIZE"
    REFRESH = "REFRESH"


@frozen
class IcebergWriteHandle(WriteHandle):
    """A write: files go below `data_location`. `columns` are those of the pages, in order.

    `schema_json` and `spec_fields` are the table's as in its metadata; the sink needs nothing else.
    """

    write_id: str
    kind: WriteKind
    name: SchemaTableName
    columns: tuple[IcebergColumnHandle, ...]
    schema_json: bytes
    spec_id: int
    spec_json: bytes
    sort_columns: tuple[tuple[str, str, str], ...]
    data_location: str
    object_store_layout: bool
    format: str
    codec: str
    query_id: str
    target_file_bytes: int
    max_partitions: int
    collect_statistics: bool
    bloom_filters: BloomFilters = BloomFilters()


@frozen
class IcebergAnalyzeHandle(WriteHandle):
    """Distinct values of columns in a snapshot of a table; pages have these columns, in order."""

    name: SchemaTableName
    snapshot_id: int
    fields: tuple[Field, ...]
