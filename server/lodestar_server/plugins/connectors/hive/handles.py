"""The connector's handles and splits: all that a reader needs, without the metastore."""

from __future__ import annotations

from enum import Enum
from typing import Any

from lodestar_server.plugins.connectors.hive.bucketing import BucketLayout
from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.toolkit.metastore.interface import WriteMode
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.types import BIGINT, INTEGER, VARCHAR, TimestampTzType, Type
from lodestar_server.spi.values import frozen

PATH = "$path"
BUCKET = "$bucket"
FILE_SIZE = "$file_size"
MODIFIED = "$file_modified_time"
PARTITION = "$partition"
HIDDEN_TYPES: dict[str, Type] = {
    PATH: VARCHAR,
    BUCKET: INTEGER,
    FILE_SIZE: BIGINT,
    MODIFIED: TimestampTzType(3),
    PARTITION: VARCHAR,
}


class ColumnKind(Enum):
    """Where a column's values come from."""

    DATA = "DATA"
    PARTITION_KEY = "PARTITION_KEY"
    HIDDEN = "HIDDEN"


@frozen
class HiveTransactionHandle(TransactionHandle):
    """A transaction by its number."""

    number: int


@frozen
class HiveColumnHandle(ColumnHandle):
    """A column; `index` is its place among the data columns, or among the partition columns."""

    name: str
    type: Type
    kind: ColumnKind = ColumnKind.DATA
    index: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.type}:{self.kind.name}"


@frozen
class HiveTableHandle(TableHandle):
    """A table; `constraint` is about partition columns, and the scan gives no other rows. `partitions`, when there
    are some, are the only ones of interest. `hint`, about data columns: other rows are not wanted, but may come."""

    name: SchemaTableName
    partition_columns: tuple[HiveColumnHandle, ...]
    constraint: TupleDomain = TupleDomain(())
    partitions: tuple[tuple[str, ...], ...] | None = None
    hint: TupleDomain = TupleDomain(())

    def __str__(self) -> str:
        return f"{self.name.schema}:{self.name.table}"


@frozen
class EvolvedColumn:
    """A column of a table that a partition declares with another type; types as Hive writes them."""

    column: str
    table_type: str
    partition_column: str
    partition_type: str


@frozen
class FileLayout:
    """What else the files of a table or partition need to be read: parameters, number of data columns, and which
    columns had another type when the partition was made.
    """

    properties: tuple[tuple[str, str], ...] = ()
    width: int = 0
    evolved: tuple[EvolvedColumn, ...] = ()
    as_pages: bool = False
    """Some file of the scan is not for the kernel, and all of them are read in one way."""


@frozen
class HiveSplit(Split):
    """A file. `values` are the partition's, typed, in the order of the partition columns."""

    location: str
    format: StorageFormat
    modified_nanos: int
    size: int
    partition: str
    values: tuple[Any, ...]
    layout: FileLayout


@frozen
class HiveWriteHandle(WriteHandle):
    """A write: `directory` takes its files. `columns` are those of the pages, partition columns last."""

    write_id: str
    name: SchemaTableName
    directory: str
    format: StorageFormat
    columns: tuple[HiveColumnHandle, ...]
    table_columns: tuple[tuple[str, Type], ...]
    properties: tuple[tuple[str, str], ...]
    query_id: str
    codec: str
    target_file_bytes: int
    max_partitions: int
    collect_statistics: bool
    mode: WriteMode
    buckets: BucketLayout | None = None


@frozen
class HiveAnalyzeHandle(WriteHandle):
    """Figures of `parts` (partition values; None is a table without partitions) from pages of `columns`. Those in
    `measured` are looked at, the others tell partitions or count rows."""

    name: SchemaTableName
    columns: tuple[HiveColumnHandle, ...]
    measured: frozenset[str]
    parts: tuple[tuple[str, ...] | None, ...]
