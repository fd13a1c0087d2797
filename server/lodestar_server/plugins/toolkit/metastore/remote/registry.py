"""What a remote metastore can do: one call per method, each whole or not at all in the metastore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.names import SchemaTableName

Values = tuple[str, ...]
Figures = Mapping[str, Mapping[str, Any]]
"""Column name → figures, see `figures.py`."""


class Registry(Protocol):
    """Tables and partitions come without figures.

    A change raises LodestarError when it has not happened, OutcomeUnknown when nobody can tell. Changes that were made
    by a call whose answer was lost count as made.
    """

    def list_databases(self) -> list[str]: ...

    def find_database(self, name: str) -> Database | None: ...

    def create_database(self, database: Database) -> None: ...

    def replace_database(self, database: Database) -> None: ...

    def rename_database(self, name: str, new_name: str) -> None: ...

    def drop_database(self, name: str) -> None: ...

    def list_tables(self, schema: str) -> list[str]: ...

    def find_table(self, name: SchemaTableName) -> Table | None: ...

    def create_table(self, table: Table, user: str) -> None: ...

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """`change` may be called several times. Whoever has changed the table between its look and its change is met:
        either by a lock or because the metastore compares."""
        ...

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None: ...

    def drop_table(self, table: Table, *, delete_files: bool) -> None: ...

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[Values]:
        """Of all, or of those that `wanted` allows and perhaps of others."""
        ...

    def find_partitions(self, table: Table, values: Sequence[Values]) -> dict[Values, Partition]: ...

    def add_partitions(self, table: Table, partitions: Sequence[Partition]) -> None:
        """Raises: ALREADY_EXISTS when one of them is there; then none was added."""
        ...

    def alter_partitions(self, table: Table, changes: Mapping[Values, Callable[[Partition], Partition]]) -> None:
        """Partitions that are gone are left out."""
        ...

    def drop_partitions(self, table: Table, values: Sequence[Values], *, delete_files: bool) -> None: ...

    def table_figures(self, table: Table) -> Figures: ...

    def partition_figures(self, table: Table, values: Sequence[Values]) -> Mapping[Values, Figures]: ...

    def put_table_figures(self, table: Table, figures: Figures, gone: Iterable[str]) -> None:
        """Figures of columns instead of those that are there; `gone`: columns of which nothing is known any more."""
        ...

    def put_partition_figures(
        self, table: Table, figures: Mapping[Values, Figures], gone: Mapping[Values, Iterable[str]]
    ) -> None: ...

    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]: ...

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None: ...

    def drop_function(self, name: SchemaTableName, signature: str) -> None: ...

    def permissions(self) -> Permissions | None:
        """Roles and privileges, None when they are not kept."""
        ...

    def close(self) -> None: ...
