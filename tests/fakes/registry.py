"""A remote metastore in memory: a `Registry` whose calls can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.remote.registry import Figures, Values
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import ALREADY_EXISTS, NOT_FOUND, TABLE_ALREADY_EXISTS, LodestarError
from lodestar_server.spi.names import SchemaTableName


class MemoryRegistry:
    """`faults`: call → the error that it raises next, before anything happens. `before`: call → what happens first."""

    def __init__(self, *databases: Database) -> None:
        self.databases = {one.name: one for one in databases}
        self.tables: dict[SchemaTableName, Table] = {}
        self.partitions: dict[SchemaTableName, dict[Values, Partition]] = {}
        self.figures: dict[SchemaTableName, dict[str, Mapping[str, object]]] = {}
        self.of_partitions: dict[tuple[SchemaTableName, Values], dict[str, Mapping[str, object]]] = {}
        self.faults: dict[str, LodestarError] = {}
        self.before: dict[str, Callable[[], None]] = {}
        self.calls: list[str] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)
        first = self.before.pop(name, None)
        if first is not None:
            first()
        fault = self.faults.pop(name, None)
        if fault is not None:
            raise fault

    def list_databases(self) -> list[str]:
        self._called("list_databases")
        return sorted(self.databases)

    def find_database(self, name: str) -> Database | None:
        self._called("find_database")
        return self.databases.get(name)

    def create_database(self, database: Database) -> None:
        self._called("create_database")
        self.databases[database.name] = database

    def replace_database(self, database: Database) -> None:
        self._called("replace_database")
        self.databases[database.name] = database

    def rename_database(self, name: str, new_name: str) -> None:
        self._called("rename_database")
        self.databases[new_name] = self.databases.pop(name)

    def drop_database(self, name: str) -> None:
        self._called("drop_database")
        del self.databases[name]

    def list_tables(self, schema: str) -> list[str]:
        self._called("list_tables")
        return sorted(name.table for name in self.tables if name.schema == schema)

    def find_table(self, name: SchemaTableName) -> Table | None:
        self._called("find_table")
        return self.tables.get(name)

    def create_table(self, table: Table, user: str) -> None:
        self._called("create_table")
        if table.name in self.tables:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{table.name}'")
        self.tables[table.name] = table

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        self._called("alter_table")
        self.tables[name] = change(self.tables[name])

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        self._called("rename_table")
        self.tables[new_name] = self.tables.pop(name)

    def drop_table(self, table: Table, *, delete_files: bool) -> None:
        self._called("drop_table")
        del self.tables[table.name]

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[Values]:
        self._called("list_partitions")
        allowed = wanted or (None,) * len(table.partition_columns)
        return [
            values
            for values in self.partitions.get(table.name, {})
            if all(texts is None or one in texts for one, texts in zip(values, allowed, strict=True))
        ]

    def find_partitions(self, table: Table, values: Sequence[Values]) -> dict[Values, Partition]:
        self._called("find_partitions")
        known = self.partitions.get(table.name, {})
        return {one: known[one] for one in values if one in known}

    def add_partitions(self, table: Table, partitions: Sequence[Partition]) -> None:
        self._called("add_partitions")
        known = self.partitions.setdefault(table.name, {})
        if any(one.values in known for one in partitions):
            raise LodestarError(ALREADY_EXISTS, "Partition already exists")
        known.update({one.values: one for one in partitions})

    def alter_partitions(self, table: Table, changes: Mapping[Values, Callable[[Partition], Partition]]) -> None:
        self._called("alter_partitions")
        known = self.partitions.get(table.name, {})
        known.update({values: change(known[values]) for values, change in changes.items() if values in known})

    def drop_partitions(self, table: Table, values: Sequence[Values], *, delete_files: bool) -> None:
        self._called("drop_partitions")
        for one in values:
            self.partitions.get(table.name, {}).pop(one, None)

    def table_figures(self, table: Table) -> Figures:
        self._called("table_figures")
        return dict(self.figures.get(table.name, {}))

    def partition_figures(self, table: Table, values: Sequence[Values]) -> Mapping[Values, Figures]:
        self._called("partition_figures")
        known = {one: self.of_partitions.get((table.name, one)) for one in values}
        return {values: dict(one) for values, one in known.items() if one}

    def put_table_figures(self, table: Table, figures: Figures, gone: Iterable[str]) -> None:
        self._called("put_table_figures")
        known = self.figures.setdefault(table.name, {})
        known.update(figures)
        for column in list(gone):
            known.pop(column, None)

    def put_partition_figures(
        self, table: Table, figures: Mapping[Values, Figures], gone: Mapping[Values, Iterable[str]]
    ) -> None:
        self._called("put_partition_figures")
        for values in {*figures, *gone}:
            known = self.of_partitions.setdefault((table.name, values), {})
            known.update(figures.get(values, {}))
            for column in list(gone.get(values, ())):
                known.pop(column, None)

    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]:
        return []

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None:
        raise LodestarError(NOT_FOUND, "no functions here")

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        raise LodestarError(NOT_FOUND, "Function not found")

    def permissions(self) -> None:
        """None are kept."""

    def close(self) -> None:
        """Nothing is held."""
