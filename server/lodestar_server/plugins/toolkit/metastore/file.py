"""A metastore in files, in the form of Trino's own.

`<catalog>/.<schema>.trinoSchema` is a schema, `<catalog>/<schema>/<table>/.trinoSchema` is a table, and
`<table>/p=1/.trinoSchema` is a partition. Files of a managed table are beside its document. Names are
escaped as Hive does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from lodestar_server.plugins.toolkit.files import FileSystem, child_of, name_of
from lodestar_server.plugins.toolkit.metastore import documents, functions
from lodestar_server.plugins.toolkit.metastore.errors import (
    HIVE_INVALID_METADATA,
    HIVE_METASTORE_ERROR,
    HIVE_PATH_ALREADY_EXISTS,
)
from lodestar_server.plugins.toolkit.metastore.file_permissions import FilePermissions
from lodestar_server.plugins.toolkit.metastore.guard import HIDDEN_DIRECTORY, STAGING_PREFIX, Guard, Operation, Staging
from lodestar_server.plugins.toolkit.metastore.interface import (
    PartFigures,
    PartitionTexts,
    PartWrite,
    TableWrite,
    WriteMode,
)
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table, TableType
from lodestar_server.plugins.toolkit.metastore.partition_names import (
    escape_name,
    make_partition_name,
    parse_partition_name,
)
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.plugins.toolkit.metastore.written import (
    add_to_partition,
    add_to_table,
    analyzed,
    new_partition,
    without_figures,
)
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    GENERIC_USER_ERROR,
    SCHEMA_ALREADY_EXISTS,
    SCHEMA_NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

DOCUMENT = ".trinoSchema"
PERMISSIONS = ".trinoPermissions"
TRASH = "trash"

_KEPT_TABLES = 1000
T = TypeVar("T")


class FileMetastore:
    """A `Metastore`. Thread-safe, also between processes."""

    def __init__(self, files: FileSystem, catalog_directory: str) -> None:
        self._files = files
        self._catalog = catalog_directory
        self._guard = Guard(files, catalog_directory)
        self._permissions = FilePermissions(
            files, self._guard, catalog_directory, self.require_table, self.table_directory
        )
        self._tables: dict[SchemaTableName, tuple[bytes, Table]] = {}
        is_local = files.local_path(catalog_directory) is not None
        if is_local and files.find(child_of(catalog_directory, HIDDEN_DIRECTORY)) is not None:
            self._guard.clean_up()

    # places
    def _schema_directory(self, schema: str) -> str:
        if schema in (".", ".."):
            raise LodestarError(GENERIC_USER_ERROR, "Invalid schema name")
        return child_of(self._catalog, escape_name(schema))

    def check_schema_name(self, name: str) -> None:
        """Raises: GENERIC_USER_ERROR for a name that cannot be a directory's."""
        self._schema_directory(name)

    def _schema_document(self, schema: str) -> str:
        return child_of(self._catalog, f".{name_of(self._schema_directory(schema))}{DOCUMENT}")

    def table_directory(self, name: SchemaTableName) -> str:
        """Where a managed table is."""
        if name.table in (".", ".."):
            raise LodestarError(GENERIC_USER_ERROR, "Invalid table name")
        return child_of(self._schema_directory(name.schema), escape_name(name.table))

    def _document(self, name: SchemaTableName) -> str:
        return child_of(self.table_directory(name), DOCUMENT)

    # databases
    def list_databases(self) -> list[str]:
        """All of them, escaped names as they are: Trino lists them so."""
        found = []
        for info in self._files.list(self._catalog):
            name = info.name
            if name.startswith(".") and name.endswith(DOCUMENT) and len(name) > len(DOCUMENT) + 1:
                found.append(name[1 : -len(DOCUMENT)].lower())
        return found

    def find_database(self, name: str) -> Database | None:
        """None when there is none."""
        content = self._files.read(self._schema_document(name))
        return None if content is None else documents.read_database(name, documents.load(content, name))

    def create_database(self, database: Database) -> None:
        """Raises: SCHEMA_ALREADY_EXISTS."""
        with self._guard.exclusively(database.name):
            if self.find_database(database.name) is not None:
                raise LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{database.name}'")
            self._files.make_directory(self._schema_directory(database.name))
            self._files.write(self._schema_document(database.name), documents.write_database(database))

    def replace_database(self, database: Database) -> None:
        """Raises: SCHEMA_NOT_FOUND."""
        with self._guard.exclusively(database.name):
            self._require_database(database.name)
            self._files.write(self._schema_document(database.name), documents.write_database(database))

    def drop_database(self, name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND; HIVE_METASTORE_ERROR when it is not empty."""
        with self._guard.exclusively(name):
            self._require_database(name)
            if self.list_tables(name):
                raise LodestarError(HIVE_METASTORE_ERROR, f"Database {name} is not empty")
            self._files.delete_file(self._schema_document(name))
            self._files.delete_tree(self._schema_directory(name))

    def rename_database(self, name: str, new_name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, SCHEMA_ALREADY_EXISTS."""
        locks = (name, new_name)
        with self._guard.exclusively(*locks):
            database = self._require_database(name)
            if self.find_database(new_name) is not None:
                raise LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{new_name}'")
            document = documents.write_database(replace(database, name=new_name)).decode()
            self._guard.run(
                locks,
                [
                    ("move", self._schema_directory(name), self._schema_directory(new_name)),
                    ("write", self._schema_document(new_name), document),
                    ("delete_file", self._schema_document(name)),
                ],
            )

    def _require_database(self, name: str) -> Database:
        database = self.find_database(name)
        if database is None:
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{name}' not found")
        return database

    # tables
    def list_tables(self, schema: str) -> list[str]:
        """Tables and views; the same."""
        return [
            info.name.lower()
            for info in self._files.list(self._schema_directory(schema))
            if info.is_directory
            and not info.name.startswith(STAGING_PREFIX)
            and self._files.find(child_of(info.location, DOCUMENT)) is not None
        ]

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None when there is none."""
        content = self._files.read(self._document(name))
        if content is None and self._guard.settle(str(name)):
            # Somebody has died while the table came to its place, its document last.
            content = self._files.read(self._document(name))
        if content is None:
            return None
        return self._table_of(name, content)

    def _table_of(self, name: SchemaTableName, content: bytes) -> Table:
        """The table of a document: the same one as long as the document is the same."""
        known = self._tables.get(name)
        if known is not None and known[0] == content:
            return known[1]
        table = documents.read_table(name, documents.load(content, str(name)), self.table_directory(name))
        if len(self._tables) >= _KEPT_TABLES:
            self._tables.clear()
        self._tables[name] = (content, table)
        return table

    def require_table(self, name: SchemaTableName) -> Table:
        """Raises: TABLE_NOT_FOUND."""
        table = self.find_table(name)
        if table is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
        return table

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, TABLE_ALREADY_EXISTS, HIVE_PATH_ALREADY_EXISTS."""
        name = table.name
        directory = self.table_directory(name)
        staged = None if write is None else write.directory
        with self._guard.exclusively(str(name)):
            self._require_database(name.schema)
            known = self.find_table(name)
            if known is not None and not known.is_view:
                raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{name}'")
            inside = table.location == directory
            if write is None and self._keeps_foreign_files(table):
                self._put_document(directory, table, user)
                return
            if self._files.list(directory) or (staged is not None and self._files.list(table.location)):
                taken = directory if inside else table.location
                raise LodestarError(
                    HIVE_PATH_ALREADY_EXISTS, f"Target directory for table '{name}' already exists: {taken}"
                )
            with self._guard.open_staging() as staging:
                # The whole of a managed table is made aside, then it appears with one move.
                home = staged if inside and staged is not None else self._aside(staging)
                self._put_document(home, table, user)
                for part in () if write is None else write.parts:
                    if part.values is not None:
                        self._put_partition(table, new_partition(table, part), home)
                operations: list[Operation] = [("move", home, directory)]
                if not inside and staged is not None:
                    operations.insert(0, ("move", staged, table.location))
                self._files.sync_directory(home)
                self._guard.run((str(name),), operations)

    def _keeps_foreign_files(self, table: Table) -> bool:
        """Whether files that are not the metastore's are in its directory: Iceberg's. They stay where they are."""
        if table.type is TableType.MANAGED_TABLE:
            return False
        inside = {info.name for info in self._files.list(self.table_directory(table.name))}
        return not inside <= {DOCUMENT, PERMISSIONS}

    def _aside(self, staging: Staging) -> str:
        holder = child_of(self._catalog, f"{HIDDEN_DIRECTORY}/new/{staging.name}")
        staging.add(holder)
        inside = child_of(holder, "table")
        self._files.make_directory(inside)
        return inside

    def _put_document(self, directory: str, table: Table, user: str) -> None:
        if table.owner is not None:
            place = child_of(child_of(directory, PERMISSIONS), f"user_{escape_name(user)}")
            self._files.write(place, documents.write_permissions(user))
        # With the document the table is there.
        self._files.write(child_of(directory, DOCUMENT), documents.write_table(table))

    def _put_partition(self, table: Table, partition: Partition, home: str) -> None:
        name = self._partition_name(table, partition.values)
        own = child_of(self.table_directory(table.name), name)
        self._files.write(child_of(child_of(home, name), DOCUMENT), documents.write_partition(partition, own))

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Raises: TABLE_NOT_FOUND."""
        with self._guard.exclusively(str(name)):
            changed = change(self.require_table(name))
            self._files.write(self._document(name), documents.write_table(changed))

    def replace_view(self, view: Table) -> None:
        """A view instead of the one that is there. Raises: TABLE_NOT_FOUND."""
        self.alter_table(view.name, lambda _: view)

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """With its files when it is managed. Raises: TABLE_NOT_FOUND, SCHEMA_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        with self._guard.exclusively(str(name), str(new_name)):
            table = self.require_table(name)
            self._require_database(new_name.schema)
            if self.find_table(new_name) is not None:
                raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{new_name}'")
            old, new = self.table_directory(name), self.table_directory(new_name)
            operations: list[Operation] = [("move", old, new)]
            if self._keeps_foreign_files(table):
                self._files.make_directory(new)
                operations = [("move", child_of(old, part), child_of(new, part)) for part in (PERMISSIONS, DOCUMENT)]
            self._guard.run((str(name), str(new_name)), operations)

    def drop_table(self, name: SchemaTableName) -> None:
        """With its files when it is managed. Raises: TABLE_NOT_FOUND."""
        with self._guard.exclusively(str(name)), self._guard.open_staging() as staging:
            table = self.require_table(name)
            directory = self.table_directory(name)
            kept = [DOCUMENT, PERMISSIONS] if self._keeps_foreign_files(table) else []
            operations: list[Operation] = [("move", child_of(directory, part), self._trash(staging)) for part in kept]
            self._guard.run((str(name),), operations or [("move", directory, self._trash(staging))])

    def _trash(self, staging: Staging) -> str:
        # What is dropped is moved aside at once and deleted afterwards, by whoever comes to it.
        holder = child_of(self._catalog, f"{HIDDEN_DIRECTORY}/{TRASH}/{staging.name}")
        staging.add(holder)
        self._files.make_directory(holder)
        return child_of(holder, str(staging.number()))

    # partitions
    def _partition_name(self, table: Table, values: Sequence[str]) -> str:
        return make_partition_name([column.name for column in table.partition_columns], values)

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[tuple[str, ...]]:
        """Values of all partitions."""
        found: list[tuple[str, ...]] = []
        depth = len(table.partition_columns)

        def descend(directory: str, names: tuple[str, ...]) -> None:
            for info in self._files.list(directory):
                if info.is_directory and "=" in info.name and not info.name.startswith(("_", ".")):
                    below = (*names, info.name)
                    if len(below) < depth:
                        descend(info.location, below)
                    elif self._files.find(child_of(info.location, DOCUMENT)) is not None:
                        found.append(parse_partition_name("/".join(below), depth))

        if depth:
            descend(self.table_directory(table.name), ())
        return found

    def find_partition(self, table: Table, values: tuple[str, ...]) -> Partition | None:
        """None when there is none."""
        directory = child_of(self.table_directory(table.name), self._partition_name(table, values))
        content = self._files.read(child_of(directory, DOCUMENT))
        if content is None:
            return None
        home = directory
        if table.location != self.table_directory(table.name):
            home = child_of(table.location, self._partition_name(table, values))
        return documents.read_partition(values, documents.load(content, directory), home)

    def find_partitions(self, table: Table, values: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], Partition]:
        """Those that are there."""
        return {one: found for one in values if (found := self.find_partition(table, one)) is not None}

    def with_figures(self, table: Table) -> Table:
        """They are in the document."""
        return table

    def partitions_with_figures(self, table: Table, partitions: Sequence[Partition]) -> list[Partition]:
        """They are in the documents."""
        return list(partitions)

    def add_partitions(self, name: SchemaTableName, partitions: Sequence[Partition]) -> None:
        """All at once; their files are there. Raises: ALREADY_EXISTS, HIVE_METASTORE_ERROR for a wrong location."""
        with self._guard.exclusively(str(name)):
            table = self.require_table(name)
            operations: list[Operation] = []
            for partition in partitions:
                if self.find_partition(table, partition.values) is not None:
                    raise LodestarError(ALREADY_EXISTS, "Partition already exists")
                directory = child_of(self.table_directory(name), self._partition_name(table, partition.values))
                self._check_partition_location(table, partition, directory)
                document = documents.write_partition(partition, directory).decode()
                operations.append(("write", child_of(directory, DOCUMENT), document))
            self._guard.run((str(name),), operations)

    def _check_partition_location(self, table: Table, partition: Partition, directory: str) -> None:
        if table.type is TableType.MANAGED_TABLE:
            if partition.location != directory:
                raise LodestarError(HIVE_METASTORE_ERROR, f"Partition directory must be {directory}")
        elif f"{partition.location}/".startswith(f"{self._catalog}/"):
            raise LodestarError(
                HIVE_METASTORE_ERROR, "External partition location cannot be inside the system metadata directory"
            )

    def drop_partitions(self, name: SchemaTableName, values: Sequence[tuple[str, ...]], *, delete_files: bool) -> None:
        """All at once; without `delete_files` their files stay."""
        with self._guard.exclusively(str(name)), self._guard.open_staging() as staging:
            table = self.require_table(name)
            managed = table.type is TableType.MANAGED_TABLE
            operations: list[Operation] = []
            for one in values:
                partition = self.find_partition(table, one)
                if partition is None:
                    continue
                directory = child_of(self.table_directory(name), self._partition_name(table, one))
                if not delete_files:
                    operations.append(("delete_file", child_of(directory, DOCUMENT)))
                    continue
                operations.append(("move", directory, self._trash(staging)))
                if managed and partition.location != directory:
                    operations.append(("delete_tree", partition.location))
            self._guard.run((str(name),), operations)

    # rows
    def open_staging(self) -> Staging:
        """A record of directories that a write fills."""
        return self._guard.open_staging()

    def is_vacant(self, table: Table) -> bool:
        """Nothing is there, once what was decided is finished."""
        return not self._files.list(table.location) or (
            self._guard.settle(str(table.name)) and not self._files.list(table.location)
        )

    def steadily(self, table: Table, read: Callable[[Visible], T]) -> T:
        """What `read` lists while nothing of the table changes."""
        return self._guard.steadily(str(table.name), lambda: read(Visible()))

    def write(self, name: SchemaTableName, write: TableWrite, mode: WriteMode) -> None:
        """Files of an INSERT become visible, all at once. Raises: TABLE_NOT_FOUND, and what the mode forbids."""
        with self._guard.exclusively(str(name)), self._guard.open_staging() as staging:
            table = self.require_table(name)
            operations: list[Operation] = []
            for part in write.parts:
                operations += self._write_part(table, write.directory, part, mode, staging)
            self._guard.run((str(name),), operations)

    def _write_part(
        self, table: Table, staged: str, part: PartWrite, mode: WriteMode, staging: Staging
    ) -> list[Operation]:
        if part.values is None:
            mode.check_table(table)
            changed = add_to_table(table, part, mode.overwrites)
            document = documents.write_table(changed).decode()
            return [
                *self._move_files(table.location, staged, part, mode, staging),
                ("write", self._document(table.name), document),
            ]
        name = self._partition_name(table, part.values)
        directory = child_of(self.table_directory(table.name), name)
        known = self.find_partition(table, part.values)
        place = child_of(staged, name)
        if known is not None:
            mode.check_partition(table, name)
            changed_partition = add_to_partition(known, part, mode.overwrites)
            document = documents.write_partition(changed_partition, directory).decode()
            return [
                *self._move_files(known.location, place, part, mode, staging),
                ("write", child_of(directory, DOCUMENT), document),
            ]
        partition = new_partition(table, part)
        document = documents.write_partition(partition, directory).decode()
        if partition.location != directory:
            return [
                *self._move_files(partition.location, place, part, mode, staging),
                ("write", child_of(directory, DOCUMENT), document),
            ]
        if self._files.list(directory):  # files without a partition were there before
            return [
                *self._move_files(directory, place, part, mode, staging),
                ("write", child_of(directory, DOCUMENT), document),
            ]
        self._files.write(child_of(place, DOCUMENT), document.encode())
        return [("move", place, directory)]

    def _move_files(
        self, target: str, staged: str, part: PartWrite, mode: WriteMode, staging: Staging
    ) -> list[Operation]:
        operations: list[Operation] = []
        if mode.overwrites:
            for info in self._files.list(target):
                if not info.is_directory and not info.name.startswith((".", "_")):
                    operations.append(("move", info.location, self._trash(staging)))
        operations += [("move", child_of(staged, file), child_of(target, file)) for file in part.files]
        return operations

    def delete_files(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Every file of a table without partitions, all at once; `change` says what is known of it then."""
        with self._guard.exclusively(str(name)), self._guard.open_staging() as staging:
            table = self.require_table(name)
            operations: list[Operation] = [
                ("move", info.location, self._trash(staging))
                for info in self._files.list(table.location)
                if not info.is_directory and not info.name.startswith((".", "_"))
            ]
            document = documents.write_table(change(table)).decode()
            self._guard.run((str(name),), [*operations, ("write", self._document(name), document)])

    def set_figures(self, name: SchemaTableName, parts: Mapping[tuple[str, ...] | None, PartFigures]) -> None:
        """Figures of the table (None) or of partitions, all at once; partitions that are gone are left out."""
        self._describe(
            name,
            parts,
            lambda table, values: analyzed(table, parts[values]),
            lambda partition, values: analyzed(partition, parts[values]),
        )

    def drop_figures(self, name: SchemaTableName, parts: Sequence[tuple[str, ...] | None]) -> None:
        """Nothing is known of them any more."""
        self._describe(
            name, parts, lambda table, _: without_figures(table), lambda partition, _: without_figures(partition)
        )

    def _describe(
        self,
        name: SchemaTableName,
        parts: Iterable[tuple[str, ...] | None],
        change_table: Callable[[Table, None], Table],
        change_partition: Callable[[Partition, tuple[str, ...]], Partition],
    ) -> None:
        with self._guard.exclusively(str(name)):
            table = self.require_table(name)
            operations: list[Operation] = []
            for values in parts:
                if values is None:
                    document = documents.write_table(change_table(table, None)).decode()
                    operations.append(("write", self._document(name), document))
                    continue
                partition = self.find_partition(table, values)
                if partition is not None:
                    directory = child_of(self.table_directory(name), self._partition_name(table, values))
                    document = documents.write_partition(change_partition(partition, values), directory).decode()
                    operations.append(("write", child_of(directory, DOCUMENT), document))
            self._guard.run((str(name),), operations)

    def check_location(self, table: Table) -> None:
        """A managed table has to be in its place. Raises: HIVE_METASTORE_ERROR."""
        directory = self.table_directory(table.name)
        if table.type is TableType.MANAGED_TABLE and table.location != directory:
            raise LodestarError(HIVE_METASTORE_ERROR, f"Table directory must be {directory}")
        if table.type is TableType.VIRTUAL_VIEW and table.partition_columns:
            raise LodestarError(HIVE_INVALID_METADATA, f"View {table.name} has partitions")

    # functions
    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]:
        """Names and overloads of a schema."""
        return functions.list_functions(self._files, self._schema_directory(schema))

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None:
        """Raises: ALREADY_EXISTS unless it may be replaced."""
        with self._guard.exclusively(name.schema):
            functions.put_function(
                self._files, self._schema_directory(name.schema), name.table, function, replace=replace
            )

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        """Raises: NOT_FOUND."""
        with self._guard.exclusively(name.schema):
            functions.drop_function(self._files, self._schema_directory(name.schema), name.table, signature)

    def forget(self, name: SchemaTableName | None = None, values: tuple[str, ...] | None = None) -> None:
        """Nothing is remembered."""

    def permissions(self) -> Permissions | None:
        """In files too."""
        return self._permissions

    def beans(self, catalog: str) -> Iterable[Bean]:
        """None."""
        return ()

    def close(self) -> None:
        """Nothing is held."""
