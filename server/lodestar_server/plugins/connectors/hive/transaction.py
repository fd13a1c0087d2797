"""One transaction of a hive catalog: what it has read stays as it was, what it changes happens at the commit.

Changes are kept as actions on the metastore, in order, and as an overlay under which the transaction sees them. Each
action is whole or not at all; one statement in autocommit is one action.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lodestar_server.plugins.connectors.hive.definitions import Definition, Definitions
from lodestar_server.plugins.connectors.hive.types import TimestampPrecision
from lodestar_server.plugins.toolkit.files import FileInfo
from lodestar_server.plugins.toolkit.metastore.interface import Metastore, PartitionTexts, Staging
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege, Permissions, TablePrivilege
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind

Action = Callable[[], None]
Partitions = dict[tuple[str, ...], Partition | None]
Listings = dict[tuple[SchemaTableName, str], list[FileInfo]]


@dataclass(slots=True)
class OpenWrite:
    """A write that has begun: where its files go and, for CREATE TABLE AS, the table to make."""

    staging: Staging
    table: Table | None


class HiveTransaction:
    """Thread-safe for reading. `projects`: rules may stand for partitions."""

    def __init__(self, metastore: Metastore, definitions: Definitions, *, projects: bool = True) -> None:
        self.metastore = metastore
        self.projects = projects
        self.writes: dict[str, OpenWrite] = {}
        self._lock = threading.RLock()
        self._actions: list[Action] = []
        self._databases: dict[str, Database | None] = {}
        self._tables: dict[SchemaTableName, Table | None] = {}
        self._definitions = definitions
        self._partition_lists: dict[SchemaTableName, dict[PartitionTexts | None, list[tuple[str, ...]]]] = {}
        self._partitions: dict[SchemaTableName, Partitions] = {}
        self._listings: tuple[str, Listings] = ("", {})
        self._changed_databases: set[str] = set()
        self._changed_tables: set[SchemaTableName] = set()
        self._written: set[SchemaTableName] = set()

    # reading
    def list_databases(self) -> list[str]:
        """With those that are created here, without those that are dropped."""
        names = dict.fromkeys(self.metastore.list_databases())
        for name in self._changed_databases:
            names.pop(name, None)
            if self._databases.get(name) is not None:
                names[name] = None
        return list(names)

    def find_database(self, name: str) -> Database | None:
        """As this transaction sees it."""
        with self._lock:
            if name not in self._databases:
                self._databases[name] = self.metastore.find_database(name)
            return self._databases[name]

    def list_tables(self, schema: str) -> list[str]:
        """Tables and views of a schema."""
        names = dict.fromkeys(self.metastore.list_tables(schema))
        for name in self._changed_tables:
            if name.schema == schema:
                names.pop(name.table, None)
                if self._tables.get(name) is not None:
                    names[name.table] = None
        return list(names)

    def find_table(self, name: SchemaTableName) -> Table | None:
        """As this transaction sees it."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = self.metastore.find_table(name)
            return self._tables[name]

    def definition_of(self, table: Table, precision: TimestampPrecision) -> Definition:
        """What SQL sees of a table."""
        return self._definitions.of(table, precision)

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[tuple[str, ...]]:
        """Values of all partitions, or of those that may be wanted."""
        with self._lock:
            known = self._partition_lists.setdefault(table.name, {})
            if None in known:
                return known[None]
            if wanted not in known:
                known[wanted] = self.metastore.list_partitions(table, wanted)
            return known[wanted]

    def find_partition(self, table: Table, values: tuple[str, ...]) -> Partition | None:
        """One partition."""
        with self._lock:
            known = self._partitions.setdefault(table.name, {})
        if values not in known:
            known[values] = self.metastore.find_partition(table, values)
        return known[values]

    def load_partitions(self, table: Table, values: Sequence[tuple[str, ...]]) -> None:
        """Ask for many at once, before `find_partition` is asked for each."""
        with self._lock:
            known = self._partitions.setdefault(table.name, {})
            missing = [one for one in values if one not in known]
            if missing:
                found = self.metastore.find_partitions(table, missing)
                known.update({one: found.get(one) for one in missing})

    def partitions_with_figures(
        self, table: Table, values: Sequence[tuple[str, ...]]
    ) -> dict[tuple[str, ...], Partition]:
        """Those that are there."""
        self.load_partitions(table, values)
        known = [one for one in map(self._partitions[table.name].get, values) if one is not None]
        return {one.values: one for one in self.metastore.partitions_with_figures(table, known)}

    def listings(self, query_id: str) -> Listings:
        """Files of tables, by table and directory, that a statement has listed: all its scans read the same ones.

        The next statement lists anew, for others may have deleted some.
        """
        with self._lock:
            if self._listings[0] != query_id:
                self._listings = (query_id, {})
            return self._listings[1]

    def check_readable(self, name: SchemaTableName) -> None:
        """Raises NOT_SUPPORTED for a table into which this transaction has written: its rows are not there yet."""
        if name in self._written:
            not_supported(
                f"Cannot read from a table {name} that was modified within transaction, "
                "you need to commit the transaction first"
            )

    def table_privileges(
        self, permissions: Permissions, name: SchemaTableName, principal: Principal | None
    ) -> list[TablePrivilege]:
        """Of a table that was made in this transaction: its owner's. Raises: TABLE_NOT_FOUND."""
        table = self._tables.get(name) if name in self._changed_tables else None
        if table is None or table.owner is None or self.metastore.find_table(name) is not None:
            return permissions.table_privileges(name, principal)
        owner = Principal(PrincipalKind.USER, table.owner)
        return [TablePrivilege(one, True, owner, owner) for one in HivePrivilege if principal in (None, owner)]

    # changing
    def add(self, action: Action) -> None:
        """Do this at the commit."""
        self._actions.append(action)

    def see_database(self, name: str, database: Database | None) -> None:
        """From now on the schema looks like this here."""
        self._databases[name] = database
        self._changed_databases.add(name)

    def see_table(self, name: SchemaTableName, table: Table | None) -> None:
        """From now on the table looks like this here."""
        self._tables[name] = table
        self._changed_tables.add(name)
        self._partition_lists.pop(name, None)
        self._partitions.pop(name, None)

    def mark_written(self, name: SchemaTableName) -> None:
        """Rows were written that are not visible before the commit."""
        self._written.add(name)

    # the end
    def commit(self) -> None:
        """Run the actions in order; the first that fails ends it."""
        try:
            for action in self._actions:
                action()
        finally:
            self._close()

    def roll_back(self) -> None:
        """Nothing has happened; remove files that were written aside."""
        self._close()

    def _close(self) -> None:
        self._actions = []
        for write in self.writes.values():
            write.staging.close()
        self.writes = {}
