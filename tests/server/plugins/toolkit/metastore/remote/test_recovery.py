"""Writers that die at each of their steps: what they did is whole or not at all, for readers at once, for others and in
the directories after the next write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.fakes.dying import FILE_CHANGES, REGISTRY_CHANGES, Killed, Life, Mortal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.registry import MemoryRegistry

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR, HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown, PartWrite, TableWrite, WriteMode
from lodestar_server.plugins.toolkit.metastore.model import Database, HiveColumn, Table, TableType
from lodestar_server.plugins.toolkit.metastore.remote.metastore import RemoteMetastore
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.plugins.toolkit.metastore.written import QUERY_ID, basic_parameters
from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

PLAIN, PARTS, MADE = (SchemaTableName("s", name) for name in ("plain", "parts", "made"))
ROWS = 2
"""In each file."""
FIGURES = {"a": {"integerStatistics": {"min": 1, "max": 2}, "nullsCount": 0, "distinctValuesCount": 2}}


def table(name: SchemaTableName, *, parts: bool = False, query: str = "") -> Table:
    return Table(
        name,
        "alice",
        TableType.MANAGED_TABLE,
        (HiveColumn("a", "int"),),
        (HiveColumn("k", "string"),) if parts else (),
        {**basic_parameters(None), QUERY_ID: query},
        "PARQUET",
        location=f"s3://b/s/{name.table}",
    )


class Warehouse:
    """Files and a metastore that outlive servers; two tables with a file or two of `old`."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.files = ObjectFileSystem({"b": self.store}.__getitem__, ("s3",), HIVE_FILESYSTEM_ERROR)
        self.registry = MemoryRegistry(Database("s", "s3://b/s"))
        self.registry.tables = {PLAIN: table(PLAIN), PARTS: table(PARTS, parts=True)}
        server = Server(self)
        server.insert(PLAIN, "old", None)
        server.insert(PARTS, "old", "x", "y")

    def bury(self) -> None:
        """Servers that have died say so: here they are no processes of their own."""
        for key in list(self.store.objects):
            if key.endswith(".alive"):
                self.store.objects[key] = b"left"

    def directories(self) -> dict[str, list[str]]:
        """Every file below the tables, by table."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.store.objects):
            if not key.endswith(".changed"):
                name, _, rest = key.removeprefix("s/").partition("/")
                found.setdefault(name, []).append(rest)
        return found


class Server:
    """One process; it may die."""

    def __init__(self, warehouse: Warehouse, life: Life | None = None) -> None:
        life = life or Life()
        self.files = Mortal(warehouse.files, life, FILE_CHANGES)
        self.registry = Mortal(warehouse.registry, life, REGISTRY_CHANGES)
        self.metastore = RemoteMetastore(self.files, self.registry, lease_seconds=3600)  # type: ignore[arg-type]

    def staged(self, location: str, query: str, *parts: str | None, new: bool = False) -> TableWrite:
        directory = f"{self.metastore.open_staging().place(location, new=new)}/rows"
        made = []
        for one in parts:
            home = directory if one is None else f"{directory}/k={one}"
            name = f"{query}_{one}"
            self.files.write(f"{home}/{name}", b"rows")
            made.append(PartWrite(None if one is None else (one,), (name,), ROWS, 4, 8, query, FIGURES))
        return TableWrite(directory, tuple(made))

    def insert(self, name: SchemaTableName, query: str, *parts: str | None, mode: WriteMode = WriteMode.APPEND) -> None:
        write = self.staged(f"s3://b/s/{name.table}", query, *parts)
        self.metastore.write(name, write, mode)

    def create(self, made: Table, *parts: str | None) -> None:
        query = made.parameters[QUERY_ID]
        write = self.staged(made.location, query, *parts, new=True)
        files = sum(len(part.files) for part in write.parts)
        grown = {**made.parameters, "numFiles": str(files), "numRows": str(ROWS * files)}
        self.metastore.create_table(made if made.partition_columns else replace(made, parameters=grown), write, "alice")

    def sees(self, name: SchemaTableName) -> list[str] | None:
        """Names of files that are rows; None when there is no table."""
        found = self.metastore.find_table(name)
        if found is None:
            return None

        def read(visible: Visible) -> list[str]:
            homes = [found.location]
            if found.partition_columns:
                values = self.metastore.list_partitions(found)
                homes = [one.location for one in self.metastore.find_partitions(found, values).values()]
            return sorted(
                info.name for home in homes for info in visible.shown(self.files.list(home)) if not info.is_directory
            )

        return self.metastore.steadily(found, read)


Statement = Callable[[Server], None]
OLD = {PLAIN: ["old_None"], PARTS: ["old_x", "old_y"], MADE: None}
STATEMENTS: dict[str, tuple[Statement, dict[SchemaTableName, list[str] | None]]] = {
    "insert": (lambda one: one.insert(PLAIN, "new", None), {PLAIN: ["new_None", "old_None"]}),
    "insert into partitions": (
        lambda one: one.insert(PARTS, "new", "x", "z"),
        {PARTS: ["new_x", "new_z", "old_x", "old_y"]},
    ),
    "overwrite": (lambda one: one.insert(PLAIN, "new", None, mode=WriteMode.OVERWRITE), {PLAIN: ["new_None"]}),
    "overwrite partitions": (
        lambda one: one.insert(PARTS, "new", "x", "z", mode=WriteMode.OVERWRITE),
        {PARTS: ["new_x", "new_z", "old_y"]},
    ),
    "create": (lambda one: one.create(table(MADE, query="new"), None), {MADE: ["new_None"]}),
    "create with partitions": (
        lambda one: one.create(table(MADE, parts=True, query="new"), "x", "y"),
        {MADE: ["new_x", "new_y"]},
    ),
    "delete": (
        lambda one: one.metastore.delete_files(
            PLAIN, lambda found: replace(found, parameters={**found.parameters, **basic_parameters(None)})
        ),
        {PLAIN: []},
    ),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", STATEMENTS)
def test_whole_or_not_at_all(name: str, after: bool) -> None:
    statement, changed = STATEMENTS[name]
    counted = Life()
    statement(Server(Warehouse(), counted))
    ends = []
    for number in range(1, counted.calls + 1):
        warehouse = Warehouse()
        with pytest.raises(Killed):
            statement(Server(warehouse, Life(number, after=after)))
        at_once = {one: Server(warehouse).sees(one) for one in OLD}
        warehouse.bury()
        reader = Server(warehouse)
        later = {one: reader.sees(one) for one in OLD}
        assert later in (OLD, OLD | changed)
        if at_once[MADE] is not None or later[MADE] is None:
            assert at_once == later
        ends.append(later != OLD)
        writer = Server(warehouse)
        go_on(writer, later)
        final = {one: writer.sees(one) for one in OLD}
        check_nothing_else(warehouse, final)
    # From some step on it has happened.
    assert ends == sorted(ends) and ends[-1] and not ends[0]


def go_on(writer: Server, there: dict[SchemaTableName, list[str] | None]) -> None:
    """The next write of each table works, and finds its rows beside the others."""
    writer.insert(PLAIN, "next", None)
    writer.insert(PARTS, "next", "x", "z")
    added = {PLAIN: ["next_None"], PARTS: ["next_x", "next_z"], MADE: ["next_None"]}
    if there[MADE] is None:
        writer.create(table(MADE, query="next"), None)
    elif there[MADE] == ["new_None"]:
        writer.insert(MADE, "next", None)
    else:
        writer.insert(MADE, "next", "x")
        added[MADE] = ["next_x"]
    found = {one: writer.sees(one) for one in OLD}
    assert found == {one: sorted([*(there[one] or []), *added[one]]) for one in OLD}


def check_nothing_else(warehouse: Warehouse, final: dict[SchemaTableName, list[str] | None]) -> None:
    """All files are rows of their tables, and the figures are right."""
    found = warehouse.directories()
    assert {name: sorted(file.rpartition("/")[2] for file in files) for name, files in found.items()} == {
        one.table: files for one, files in final.items() if files
    }
    for name, one in warehouse.registry.tables.items():
        if one.partition_columns:
            for partition in warehouse.registry.partitions[name].values():
                rows = len([file for file in found[name.table] if file.startswith(f"k={partition.values[0]}/")])
                assert partition.parameters["numRows"] == str(ROWS * rows)
        else:
            assert one.parameters["numRows"] == str(ROWS * len(found.get(name.table, ())))


def test_readers_see_no_part_of_a_write_that_is_under_way() -> None:
    warehouse = Warehouse()
    seen: list[list[str] | None] = []
    warehouse.registry.before["alter_partitions"] = lambda: seen.append(Server(warehouse).sees(PARTS))
    Server(warehouse).insert(PARTS, "new", "x", "z")
    assert seen == [["old_x", "old_y"]]
    assert Server(warehouse).sees(PARTS) == ["new_x", "new_z", "old_x", "old_y"]


def test_a_reader_looks_again_when_a_write_came_and_went() -> None:
    warehouse = Warehouse()
    reader, writes = Server(warehouse), iter(["one"])

    def read(visible: Visible) -> list[str]:
        first = visible.shown(warehouse.files.list("s3://b/s/parts/k=x"))
        for query in writes:
            Server(warehouse).insert(PARTS, query, "x", "y")
        return [info.name for info in [*first, *visible.shown(warehouse.files.list("s3://b/s/parts/k=y"))]]

    found = reader.metastore.steadily(warehouse.registry.tables[PARTS], read)
    assert sorted(found) == ["old_x", "old_y", "one_x", "one_y"]


def test_the_living_are_left_alone() -> None:
    warehouse = Warehouse()
    warehouse.registry.before["alter_table"] = lambda: Server(warehouse).insert(PLAIN, "other", None)
    Server(warehouse).insert(PLAIN, "new", None)
    assert Server(warehouse).sees(PLAIN) == ["new_None", "old_None", "other_None"]


def test_a_write_that_was_taken_for_dead_fails() -> None:
    warehouse = Warehouse()

    def other() -> None:
        warehouse.bury()
        Server(warehouse).insert(PLAIN, "other", None)

    warehouse.registry.before["put_table_figures"] = other
    with pytest.raises(LodestarError, match="somebody else has settled it"):
        Server(warehouse).insert(PLAIN, "new", None)
    assert Server(warehouse).sees(PLAIN) == ["old_None", "other_None"]


def test_what_nobody_knows_of_is_not_seen_and_undone_by_the_next() -> None:
    warehouse = Warehouse()
    warehouse.registry.faults["add_partitions"] = OutcomeUnknown(HIVE_METASTORE_ERROR, "who knows")
    with pytest.raises(OutcomeUnknown):
        Server(warehouse).insert(PARTS, "new", "x", "z")
    assert Server(warehouse).sees(PARTS) == ["old_x", "old_y"]
    Server(warehouse).insert(PARTS, "next", "z")
    assert Server(warehouse).sees(PARTS) == ["next_z", "old_x", "old_y"]


def test_a_partition_that_others_use_stays() -> None:
    warehouse = Warehouse()

    def other() -> None:
        Server(warehouse).insert(PARTS, "other", "z")
        warehouse.registry.faults["put_partition_figures"] = LodestarError(HIVE_METASTORE_ERROR, "no")

    warehouse.registry.before["put_partition_figures"] = other
    with pytest.raises(LodestarError, match="no"):
        Server(warehouse).insert(PARTS, "new", "z")
    assert Server(warehouse).sees(PARTS) == ["old_x", "old_y", "other_z"]
