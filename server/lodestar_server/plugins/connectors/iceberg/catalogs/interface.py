"""What the connector asks of a catalog of tables. Every `Metastore` is one; each method is one change, visible at once.

A table's entry has the location of its current metadata file in its parameters (`metadata_location`). A commit is
`alter_table`: the change is given the entry as it is now, and raises when that is not what it was based on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn, Protocol, TypeVar, runtime_checkable

from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.view_metadata import ViewMetadata
from lodestar_server.plugins.toolkit.metastore.interface import TableWrite
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table, TableType
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.values import frozen

T = TypeVar("T")
METADATA_LOCATION = "metadata_location"
"""The parameter of an entry that names the file."""


class CommitConflict(Exception):
    """Somebody else has committed since the metadata was read."""


@frozen
class Published:
    """A table's current metadata and the file that it is in."""

    location: str
    metadata: TableMetadata

    def entry(self, name: SchemaTableName) -> Table:
        """As a metastore would tell it."""
        parameters = {"table_type": "ICEBERG", METADATA_LOCATION: self.location}
        return Table(name, None, TableType.EXTERNAL_TABLE, (), parameters=parameters, location=self.metadata.location)


class Catalog(Protocol):
    """See the module. `find_x` gives None for what is not there. Thread-safe."""

    def list_databases(self) -> list[str]: ...

    def find_database(self, name: str) -> Database | None: ...

    def create_database(self, database: Database) -> None: ...

    def replace_database(self, database: Database) -> None: ...

    def drop_database(self, name: str) -> None: ...

    def rename_database(self, name: str, new_name: str) -> None: ...

    def table_directory(self, name: SchemaTableName) -> str: ...

    def list_tables(self, schema: str) -> list[str]: ...

    def find_table(self, name: SchemaTableName) -> Table | None: ...

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None: ...

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None: ...

    def replace_view(self, view: Table) -> None: ...

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None: ...

    def drop_table(self, name: SchemaTableName) -> None: ...

    def beans(self, catalog: str) -> Iterable[Bean]:
        """What it counts, for `jmx.current`."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


@runtime_checkable
class PartitionedCatalog(Catalog, Protocol):
    """A catalog that has tables of Hive too."""

    def list_partitions(self, table: Table) -> list[tuple[str, ...]]: ...

    def find_partition(self, table: Table, values: tuple[str, ...]) -> Partition | None: ...

    def steadily(self, table: Table, read: Callable[[Visible], T]) -> T: ...


@runtime_checkable
class SelfWritingCatalog(Catalog, Protocol):
    """A catalog that writes metadata files itself, and is told what is to be in them."""

    lends_keys: bool
    """Files are asked for with keys that come with their table, which open nothing else."""

    def find_published(self, name: SchemaTableName) -> Published | None: ...

    def prepare(self, name: SchemaTableName, metadata: TableMetadata) -> None:
        """Files of a table that is to be made will be written."""
        ...

    def publish_new(self, name: SchemaTableName, metadata: TableMetadata) -> Published:
        """Raises: TABLE_ALREADY_EXISTS."""
        ...

    def publish_change(self, name: SchemaTableName, base: TableMetadata, made: TableMetadata) -> Published:
        """Raises: CommitConflict when the table is not what `base` says any more."""
        ...


class ViewCatalog(Protocol):
    """Views that are Iceberg's own. `needs_schema`: a view is only made in a schema that is there."""

    needs_schema: bool

    def list_views(self, schema: str) -> list[str]: ...

    def find_view(self, name: SchemaTableName) -> ViewMetadata | None: ...

    def create_view(self, name: SchemaTableName, view: ViewMetadata) -> None: ...

    def change_view(self, name: SchemaTableName, change: Callable[[ViewMetadata], ViewMetadata]) -> None:
        """The change is given the view as it is now, perhaps more than once. Raises: TABLE_NOT_FOUND."""
        ...

    def rename_view(self, name: SchemaTableName, new_name: SchemaTableName) -> None: ...

    def drop_view(self, name: SchemaTableName) -> None: ...

    def refuse(self, what: str) -> NoReturn:
        """Raises: NOT_SUPPORTED, naming the catalog."""
        ...


class CatalogWithViews:
    """What a catalog is, too, that has views besides its tables; others keep views as entries of tables."""

    views: ViewCatalog
