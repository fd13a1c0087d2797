"""What the connector asks of a metastore. Each method is one change, whole or not at all, visible at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, Protocol, TypeVar

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_PARTITION_READ_ONLY, HIVE_TABLE_READ_ONLY
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.values import frozen

T = TypeVar("T")
PartitionTexts = tuple[tuple[str, ...] | None, ...]
"""For each partition column the texts that its value may be, None: any."""


class WriteMode(Enum):
    """What a write does to what is there."""

    APPEND = "APPEND"
    OVERWRITE = "OVERWRITE"
    ERROR = "ERROR"

    @property
    def overwrites(self) -> bool:
        """Old files go."""
        return self is WriteMode.OVERWRITE

    def check_table(self, table: Table) -> None:
        """Raises: HIVE_TABLE_READ_ONLY."""
        if self is WriteMode.ERROR:
            raise LodestarError(HIVE_TABLE_READ_ONLY, "Unpartitioned Hive tables are immutable")

    def check_partition(self, table: Table, partition: str) -> None:
        """Raises: HIVE_PARTITION_READ_ONLY."""
        if self is WriteMode.ERROR:
            raise LodestarError(
                HIVE_PARTITION_READ_ONLY, f"Cannot insert into an existing partition of Hive table: {partition}"
            )


@frozen
class PartWrite:
    """Files of one partition (`values`), or of a table without partitions (None).

    `statistics`: column name → figures, as in the metastore. Sizes in bytes.
    """

    values: tuple[str, ...] | None
    files: tuple[str, ...]
    rows: int
    size: int
    memory_size: int
    query_id: str
    statistics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@frozen
class PartFigures:
    """What ANALYZE found out about a partition, or a table without partitions."""

    rows: int
    statistics: Mapping[str, Mapping[str, Any]]


@frozen
class TableWrite:
    """Files below a staging directory: `directory/<file>` or `directory/<partition>/<file>`."""

    directory: str
    parts: tuple[PartWrite, ...]


class OutcomeUnknown(LodestarError):
    """A change may have happened or not; nobody may undo what belongs to it."""


class Staging(Protocol):
    """A write that has begun; while it is open its rows are left alone."""

    name: str

    def place(self, location: str, *, new: bool) -> str:
        """A directory for rows of the table at a location, recorded before it is filled; `new`: the table is to be
        made with them. Once for each write."""
        ...

    def close(self) -> None:
        """Remove what is left of it."""
        ...


class Metastore(Protocol):
    """See the module. `find_x` gives None for what is not there.

    A remote metastore keeps column figures apart from tables and partitions: `find_x` may leave them out,
    `with_figures` and `partitions_with_figures` have them. A change of a table sees no figures and leaves them
    to the metastore.
    """

    def list_databases(self) -> list[str]: ...

    def find_database(self, name: str) -> Database | None: ...

    def create_database(self, database: Database) -> None: ...

    def replace_database(self, database: Database) -> None: ...

    def drop_database(self, name: str) -> None: ...

    def rename_database(self, name: str, new_name: str) -> None: ...

    def check_schema_name(self, name: str) -> None: ...

    def table_directory(self, name: SchemaTableName) -> str: ...

    def list_tables(self, schema: str) -> list[str]: ...

    def find_table(self, name: SchemaTableName) -> Table | None: ...

    def check_location(self, table: Table) -> None: ...

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None: ...

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None: ...

    def replace_view(self, view: Table) -> None: ...

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None: ...

    def drop_table(self, name: SchemaTableName) -> None: ...

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[tuple[str, ...]]:
        """Values of partitions: of all, or of those that `wanted` allows and perhaps of others."""
        ...

    def find_partition(self, table: Table, values: tuple[str, ...]) -> Partition | None: ...

    def find_partitions(
        self, table: Table, values: Sequence[tuple[str, ...]]
    ) -> Mapping[tuple[str, ...], Partition]: ...

    def with_figures(self, table: Table) -> Table: ...

    def partitions_with_figures(self, table: Table, partitions: Sequence[Partition]) -> list[Partition]: ...

    def add_partitions(self, name: SchemaTableName, partitions: Sequence[Partition]) -> None: ...

    def drop_partitions(
        self, name: SchemaTableName, values: Sequence[tuple[str, ...]], *, delete_files: bool
    ) -> None: ...

    def is_vacant(self, table: Table) -> bool:
        """Nothing is where a new table is to be; what the dead have left there is removed first."""
        ...

    def open_staging(self) -> Staging: ...

    def steadily(self, table: Table, read: Callable[[Visible], T]) -> T: ...

    def write(self, name: SchemaTableName, write: TableWrite, mode: WriteMode) -> None: ...

    def set_figures(self, name: SchemaTableName, parts: Mapping[tuple[str, ...] | None, PartFigures]) -> None: ...

    def drop_figures(self, name: SchemaTableName, parts: Sequence[tuple[str, ...] | None]) -> None: ...

    def delete_files(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None: ...

    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]: ...

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None: ...

    def drop_function(self, name: SchemaTableName, signature: str) -> None: ...

    def permissions(self) -> Permissions | None:
        """Roles and privileges, None when this metastore does not keep them for us."""
        ...

    def forget(self, name: SchemaTableName | None = None, values: tuple[str, ...] | None = None) -> None:
        """Ask again: about everything, a table with its partitions, or one partition."""
        ...

    def beans(self, catalog: str) -> Iterable[Bean]:
        """Counters to watch."""
        ...

    def close(self) -> None:
        """Give connections and threads back."""
        ...
