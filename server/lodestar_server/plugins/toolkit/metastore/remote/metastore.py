"""Files and a remote metastore together: what a table shows changes only when both agree.

Rows are written aside, moved to their table under a journal, and then the metastore is told. See decisions 0032 and
0036.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lodestar_server.plugins.toolkit.files import FileSystem, child_of, parent_of
from lodestar_server.plugins.toolkit.metastore.errors import (
    HIVE_CONCURRENT_MODIFICATION_DETECTED,
    HIVE_DATABASE_LOCATION_ERROR,
    HIVE_INVALID_METADATA,
    HIVE_PATH_ALREADY_EXISTS,
)
from lodestar_server.plugins.toolkit.metastore.interface import (
    PartFigures,
    PartitionTexts,
    PartWrite,
    TableWrite,
    WriteMode,
)
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table, TableType
from lodestar_server.plugins.toolkit.metastore.partition_names import escape_name, make_partition_name
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.plugins.toolkit.metastore.remote.journals import Entry, Journals
from lodestar_server.plugins.toolkit.metastore.remote.plans import Kind, Plan
from lodestar_server.plugins.toolkit.metastore.remote.publishing import Publication
from lodestar_server.plugins.toolkit.metastore.remote.recovery import (
    UNFINISHED,
    Recovery,
    basic,
    marked,
    restored,
    without_mark,
)
from lodestar_server.plugins.toolkit.metastore.remote.registry import Registry, Values
from lodestar_server.plugins.toolkit.metastore.visible import HOME, Visible
from lodestar_server.plugins.toolkit.metastore.written import (
    QUERY_ID,
    add_to_partition,
    add_to_table,
    analyzed,
    new_partition,
    without_figures,
)
from lodestar_server.plugins.toolkit.renewing import LEASE_SECONDS
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    SCHEMA_NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

_log = logging.getLogger(__name__)

_ATTEMPTS = 5
"""How often partitions that somebody else makes at the same time are looked at again."""

T = TypeVar("T")


class RemoteMetastore:
    """A `Metastore`. Thread-safe."""

    def __init__(
        self,
        files: FileSystem,
        registry: Registry,
        *,
        delete_files_on_drop: bool = False,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._files = files
        self._registry = registry
        self._delete_files_on_drop = delete_files_on_drop
        self._journals = Journals(files, lease_seconds)
        self._recovery = Recovery(files, registry, self._journals)

    # databases
    def list_databases(self) -> list[str]:
        """All of them."""
        return self._registry.list_databases()

    def find_database(self, name: str) -> Database | None:
        """None when there is none."""
        return self._registry.find_database(name)

    def create_database(self, database: Database) -> None:
        """Raises: SCHEMA_ALREADY_EXISTS."""
        self._registry.create_database(database)

    def replace_database(self, database: Database) -> None:
        """Raises: SCHEMA_NOT_FOUND."""
        self._registry.replace_database(database)

    def drop_database(self, name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND; HIVE_METASTORE_ERROR when it is not empty."""
        self._registry.drop_database(name)

    def rename_database(self, name: str, new_name: str) -> None:
        """Raises: NOT_SUPPORTED where the metastore cannot."""
        self._registry.rename_database(name, new_name)

    def check_schema_name(self, name: str) -> None:
        """The metastore judges names."""

    def table_directory(self, name: SchemaTableName) -> str:
        """Where a managed table is: in its schema. Raises: SCHEMA_NOT_FOUND, HIVE_DATABASE_LOCATION_ERROR."""
        database = self._registry.find_database(name.schema)
        if database is None:
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema {name.schema} not found")
        if not database.location:
            raise LodestarError(HIVE_DATABASE_LOCATION_ERROR, f"Database '{name.schema}' location is not set")
        return child_of(database.location, escape_name(name.table))

    # tables
    def list_tables(self, schema: str) -> list[str]:
        """Tables and views."""
        return self._registry.list_tables(schema)

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None when there is none, or it is not whole yet."""
        found = self._registry.find_table(name)
        return found if found is None or UNFINISHED not in found.parameters else self._recovery.finished(found)

    def require_table(self, name: SchemaTableName) -> Table:
        """Raises: TABLE_NOT_FOUND."""
        table = self.find_table(name)
        if table is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
        return table

    def check_location(self, table: Table) -> None:
        """The metastore judges locations. Raises: HIVE_INVALID_METADATA for a view with partitions."""
        if table.type is TableType.VIRTUAL_VIEW and table.partition_columns:
            raise LodestarError(HIVE_INVALID_METADATA, f"View {table.name} has partitions")

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, TABLE_ALREADY_EXISTS, HIVE_PATH_ALREADY_EXISTS."""
        if write is None:
            self._registry.create_table(table, user)
            return
        if not self.is_vacant(table):
            raise LodestarError(
                HIVE_PATH_ALREADY_EXISTS,
                f"Target directory for table '{table.name}' already exists: {table.location}",
            )
        partitions = tuple(new_partition(table, part) for part in write.parts if part.values is not None)
        homes = {one.values: one.location for one in partitions}
        adds = tuple(
            child_of(table.location if part.values is None else homes[part.values], name)
            for part in write.parts
            for name in part.files
        )
        query_id = table.parameters.get(QUERY_ID, "")
        with self._publication(table, write.directory) as publication:
            publication.prepare(Plan(Kind.TABLE, table.name, query_id, adds, partitions=partitions))
            self._files.make_directory(table.location)
            for info in self._files.list(write.directory):
                publication.move(info.location, child_of(table.location, info.name))
            # With its table in the metastore the change has happened. One with partitions is not there for us before
            # they are: until then it has a mark.
            self._registry.create_table(marked(table, publication.journal) if partitions else table, user)
            publication.done(lambda: self._registry.drop_table(table, delete_files=False))
            if partitions:
                self._registry.add_partitions(table, partitions)
            self._tell_figures(table, table.statistics, {one.values: one.statistics for one in partitions})
            if partitions:
                self._registry.alter_table(table.name, without_mark)
            publication.decided()

    def is_vacant(self, table: Table) -> bool:
        """Nothing is there, once what the dead have left is removed."""
        location = table.location
        found = self._files.list(location)
        if any(info.name == HOME for info in found):
            self._recovery.settle_place(location)
            found = [info for info in self._files.list(location) if info.name != HOME]
        return not found

    def _tell_figures(
        self, table: Table, figures: Mapping[str, Any], of_partitions: Mapping[Values, Mapping[str, Any]]
    ) -> None:
        if figures:
            self._registry.put_table_figures(table, figures, ())
        known = {values: one for values, one in of_partitions.items() if one}
        if known:
            self._registry.put_partition_figures(table, known, {})

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Raises: TABLE_NOT_FOUND."""
        self._registry.alter_table(name, change)

    def replace_view(self, view: Table) -> None:
        """A view instead of the one that is there. Raises: TABLE_NOT_FOUND."""
        self._registry.alter_table(view.name, lambda _: view)

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """The metastore moves files of managed tables. Raises: TABLE_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        if self._registry.find_database(new_name.schema) is None:
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{new_name.schema}' not found")
        if self._registry.find_table(new_name) is not None:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{new_name}'")
        self._registry.rename_table(name, new_name)

    def drop_table(self, name: SchemaTableName) -> None:
        """With its files when it is managed. Raises: TABLE_NOT_FOUND."""
        table = self.require_table(name)
        managed = table.type is TableType.MANAGED_TABLE
        self._registry.drop_table(table, delete_files=managed)
        if managed and self._delete_files_on_drop and table.location:
            self._delete_left(table.location)

    def _delete_left(self, location: str) -> None:
        """What the metastore knows no more is gone, also when its files cannot be deleted."""
        try:
            self._files.delete_tree(location)
        except LodestarError as fault:
            _log.warning("Files are left behind at %s: %s", location, fault.message)

    # partitions
    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[Values]:
        """Values of all partitions, or of those that may be wanted."""
        return self._registry.list_partitions(table, wanted)

    def find_partition(self, table: Table, values: Values) -> Partition | None:
        """None when there is none."""
        return self._registry.find_partitions(table, [values]).get(values)

    def find_partitions(self, table: Table, values: Sequence[Values]) -> dict[Values, Partition]:
        """Those that are there."""
        return self._registry.find_partitions(table, values)

    def with_figures(self, table: Table) -> Table:
        """One more call."""
        if table.is_view or table.partition_columns:
            return table
        return replace(table, statistics=self._registry.table_figures(table))

    def partitions_with_figures(self, table: Table, partitions: Sequence[Partition]) -> list[Partition]:
        """One call for many."""
        figures = self._registry.partition_figures(table, [one.values for one in partitions])
        return [replace(one, statistics=figures.get(one.values, {})) for one in partitions]

    def add_partitions(self, name: SchemaTableName, partitions: Sequence[Partition]) -> None:
        """All at once; their files are there. Raises: ALREADY_EXISTS."""
        if partitions:
            table = self.require_table(name)
            self._registry.add_partitions(table, partitions)

    def drop_partitions(self, name: SchemaTableName, values: Sequence[Values], *, delete_files: bool) -> None:
        """All at once; without `delete_files` their files stay."""
        table = self.require_table(name)
        known = self._registry.find_partitions(table, values)
        if not known:
            return
        delete = delete_files and table.type is TableType.MANAGED_TABLE
        self._registry.drop_partitions(table, list(known), delete_files=delete)
        if delete and self._delete_files_on_drop:
            for partition in known.values():
                self._delete_left(partition.location)

    # rows
    def open_staging(self) -> Entry:
        """The journal of a write, and a place for its rows."""
        return self._journals.open()

    def steadily(self, table: Table, read: Callable[[Visible], T]) -> T:
        """What `read` lists of the rows that are there: all of a write of ours, or none."""
        return self._recovery.read(table, read)

    def _publication(self, table: Table, staged: str) -> Publication:
        entry = self._journals.entry_of(parent_of(staged))
        if entry is None:
            entry = self._journals.open()
            entry.place(table.location, new=False)
        return Publication(self._files, entry)

    def write(self, name: SchemaTableName, write: TableWrite, mode: WriteMode) -> None:
        """Files of an INSERT become visible. Raises: TABLE_NOT_FOUND, and what the mode forbids."""
        table = self.require_table(name)
        self._recovery.settle(table)
        with self._publication(table, write.directory) as publication:
            whole = next((part for part in write.parts if part.values is None), None)
            if whole is not None:
                self._write_whole(publication, table, write.directory, whole, mode)
            parts = {part.values: part for part in write.parts if part.values is not None}
            if parts:
                self._write_partitions(publication, table, write.directory, parts, mode)

    def _write_whole(
        self, publication: Publication, table: Table, staged: str, part: PartWrite, mode: WriteMode
    ) -> None:
        mode.check_table(table)
        known = self.with_figures(table)
        grown = add_to_table(known, part, mode.overwrites)
        before = basic(table.parameters)
        plan = Plan(
            Kind.ROWS,
            table.name,
            part.query_id,
            _places(table.location, part),
            self._rows_in(table, [table.location]) if mode.overwrites else (),
            figures={(): (before, basic(grown.parameters))},
        )
        publication.prepare(plan)
        self._place(publication, table.location, staged, part)
        self._registry.alter_table(table.name, lambda found: add_to_table(found, part, mode.overwrites))
        publication.done(lambda: self._registry.alter_table(table.name, lambda found: restored(found, before)))
        self._registry.put_table_figures(table, grown.statistics, known.statistics.keys() - grown.statistics.keys())
        self._decide(publication, table, plan)

    def _write_partitions(
        self,
        publication: Publication,
        table: Table,
        staged: str,
        parts: Mapping[Values, PartWrite],
        mode: WriteMode,
    ) -> None:
        known = self._registry.find_partitions(table, list(parts))
        for values in known:
            mode.check_partition(table, self._partition_name(table, values))
        made = {values: new_partition(table, part) for values, part in parts.items()}
        made |= {values: replace(made[values], location=one.location) for values, one in known.items()}
        homes = {values: one.location for values, one in made.items()}
        plan = Plan(
            Kind.ROWS,
            table.name,
            next(iter(parts.values())).query_id,
            tuple(place for values, part in parts.items() for place in _places(homes[values], part)),
            self._rows_in(table, [one.location for one in known.values()]) if mode.overwrites else (),
            tuple(made.values()),
            {
                values: (
                    basic(one.parameters),
                    basic(add_to_partition(one, parts[values], mode.overwrites).parameters),
                )
                for values, one in known.items()
            },
        )
        publication.prepare(plan)
        publication.done(lambda: self._recovery.take_out(table, plan))
        for values, part in parts.items():
            self._place(publication, homes[values], child_of(staged, self._partition_name(table, values)), part)
        added: set[Values] = set()
        for _ in range(_ATTEMPTS):
            missing = [one for values, one in made.items() if values not in known]
            try:
                if missing:
                    self._registry.add_partitions(table, missing)
                    added.update(one.values for one in missing)
                break
            except LodestarError as fault:
                if fault.code is not ALREADY_EXISTS:
                    raise
            # Somebody else has made one of them: its files are beside ours, when it is where we think.
            known = self._registry.find_partitions(table, list(parts))
            for values, partition in known.items():
                mode.check_partition(table, self._partition_name(table, values))
                if partition.location != homes[values]:
                    raise LodestarError(
                        HIVE_CONCURRENT_MODIFICATION_DETECTED,
                        f"Partition {self._partition_name(table, values)} was made elsewhere at the same time",
                    )
        else:
            raise LodestarError(
                HIVE_CONCURRENT_MODIFICATION_DETECTED, f"Partitions of {table.name} change all the time"
            )
        self._tell_partitions(publication, table, parts, {**known}, mode)
        self._tell_figures(table, {}, {values: parts[values].statistics for values in added})
        self._decide(publication, table, plan, looks_again=bool(known))

    def _decide(self, publication: Publication, table: Table, plan: Plan, *, looks_again: bool = False) -> None:
        """From now on the write has happened; what cannot be done now is done by the next one."""
        publication.decide(leaves_trace=len(plan.partitions) > 1)
        if looks_again:
            self._recovery.register_missing(table, plan)
        try:
            for location in plan.removes:
                self._files.delete_file(location)
        except LodestarError as fault:
            _log.warning("Old files of %s stay until the next write: %s", table.name, fault.message)
            publication.is_complete = False

    def _rows_in(self, table: Table, homes: Sequence[str]) -> tuple[str, ...]:
        """Files that are rows of the table now."""

        def read(visible: Visible) -> tuple[str, ...]:
            return tuple(
                info.location
                for home in homes
                for info in visible.shown(self._files.list(home))
                if not info.is_directory and not info.name.startswith((".", "_"))
            )

        return self.steadily(table, read)

    def _tell_partitions(
        self,
        publication: Publication,
        table: Table,
        parts: Mapping[Values, PartWrite],
        known: Mapping[Values, Partition],
        mode: WriteMode,
    ) -> None:
        if not known:
            return
        complete = self.partitions_with_figures(table, list(known.values()))

        def growing(part: PartWrite) -> Callable[[Partition], Partition]:
            return lambda found: add_to_partition(found, part, mode.overwrites)

        def shrinking(before: Mapping[str, str]) -> Callable[[Partition], Partition]:
            return lambda found: restored(found, before)

        self._registry.alter_partitions(table, {values: growing(parts[values]) for values in known})
        back = {values: shrinking(basic(one.parameters)) for values, one in known.items()}
        publication.done(lambda: self._registry.alter_partitions(table, back))
        figures = {one.values: add_to_partition(one, parts[one.values], mode.overwrites).statistics for one in complete}
        gone = {one.values: one.statistics.keys() - figures[one.values].keys() for one in complete}
        self._registry.put_partition_figures(table, figures, gone)

    def _place(self, publication: Publication, home: str, staged: str, part: PartWrite) -> None:
        # File by file: whoever makes the same partition at the same time finds a directory, and both have their files.
        self._files.make_directory(home)
        publication.move_files(part.files, staged, home)

    def _partition_name(self, table: Table, values: Values) -> str:
        return make_partition_name([column.name for column in table.partition_columns], values)

    def delete_files(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Every file of a table without partitions; `change` says what is known of it then."""
        table = self.require_table(name)
        self._recovery.settle(table)
        entry = self._journals.open()
        entry.place(table.location, new=False)
        with Publication(self._files, entry) as publication:
            before, after = basic(table.parameters), basic(change(table).parameters)
            rows = self._rows_in(table, [table.location])
            plan = Plan(Kind.ROWS, name, "", (), rows, figures={(): (before, after)})
            publication.prepare(plan)
            self._registry.alter_table(name, change)
            publication.done(lambda: self._registry.alter_table(name, lambda found: restored(found, before)))
            self._decide(publication, table, plan)
        self._registry.put_table_figures(table, {}, self._registry.table_figures(table))

    # figures
    def set_figures(self, name: SchemaTableName, parts: Mapping[Values | None, PartFigures]) -> None:
        """Figures of the table (None) or of partitions; partitions that are gone are left out."""
        table = self.require_table(name)
        whole = parts.get(None)
        if whole is not None:
            self._registry.alter_table(name, lambda found: analyzed(found, whole))
            self._registry.put_table_figures(table, whole.statistics, ())
        of_partitions = {values: figures for values, figures in parts.items() if values is not None}

        def described(figures: PartFigures) -> Callable[[Partition], Partition]:
            return lambda found: analyzed(found, figures)

        if of_partitions:
            there = self._registry.find_partitions(table, list(of_partitions))
            self._registry.alter_partitions(table, {one: described(of_partitions[one]) for one in there})
            self._registry.put_partition_figures(table, {one: of_partitions[one].statistics for one in there}, {})

    def drop_figures(self, name: SchemaTableName, parts: Sequence[Values | None]) -> None:
        """Nothing is known of them any more."""
        table = self.require_table(name)
        if None in parts:
            self._registry.alter_table(name, without_figures)
            self._registry.put_table_figures(table, {}, self._registry.table_figures(table))
        values = [one for one in parts if one is not None]
        if values:
            known = self._registry.partition_figures(table, values)
            self._registry.alter_partitions(table, dict.fromkeys(values, without_figures))
            self._registry.put_partition_figures(table, {}, known)

    # functions
    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]:
        """Names and overloads of a schema."""
        return self._registry.list_functions(schema)

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None:
        """Raises: ALREADY_EXISTS unless it may be replaced."""
        self._registry.put_function(name, function, replace=replace)

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        """Raises: NOT_FOUND."""
        self._registry.drop_function(name, signature)

    def forget(self, name: SchemaTableName | None = None, values: Values | None = None) -> None:
        """Nothing is remembered."""

    def permissions(self) -> Permissions | None:
        """Those of the remote one."""
        return self._registry.permissions()

    def beans(self, catalog: str) -> Iterable[Bean]:
        """None."""
        return ()

    def close(self) -> None:
        """Connections go."""
        self._registry.close()


def _places(home: str, part: PartWrite) -> tuple[str, ...]:
    return tuple(child_of(home, name) for name in part.files)
