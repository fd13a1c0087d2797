from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.registry import MemoryRegistry

from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.metastore.errors import (
    HIVE_FILESYSTEM_ERROR,
    HIVE_METASTORE_ERROR,
    HIVE_PATH_ALREADY_EXISTS,
)
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown, PartWrite, TableWrite, WriteMode
from lodestar_server.plugins.toolkit.metastore.model import Database, HiveColumn, Partition, Table, TableType
from lodestar_server.plugins.toolkit.metastore.remote.metastore import RemoteMetastore
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

PLAIN = SchemaTableName("s", "plain")
PARTS = SchemaTableName("s", "parts")
REFUSED = LodestarError(HIVE_METASTORE_ERROR, "no")
UNKNOWN = OutcomeUnknown(HIVE_METASTORE_ERROR, "who knows")
NUMBERS = {"a": {"integerStatistics": {"min": 1, "max": 2}, "nullsCount": 0, "distinctValuesCount": 2}}


def table(name: SchemaTableName, *, parts: bool = False) -> Table:
    columns = (HiveColumn("k", "string"),) if parts else ()
    return Table(
        name,
        "alice",
        TableType.MANAGED_TABLE,
        (HiveColumn("a", "int"),),
        columns,
        {"numRows": "0", "numFiles": "0", "rawDataSize": "0", "totalSize": "0"},
        "PARQUET",
        location=f"local:///s/{name.table}",
    )


class Lake:
    """A remote metastore over files of a temporary directory, with one table of each kind."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = LocalFileSystem(root, HIVE_FILESYSTEM_ERROR)
        self.registry = MemoryRegistry(Database("s", "local:///s"))
        self.metastore = RemoteMetastore(self.files, self.registry)
        self.registry.tables = {PLAIN: table(PLAIN), PARTS: table(PARTS, parts=True)}
        self._writes = 0

    def staged(self, *parts: str | None) -> TableWrite:
        """A file for each partition (`k`'s value), None for a table without."""
        self._writes += 1
        directory = f"local:///staging{self._writes}/rows"
        made = []
        for one in parts:
            home = directory if one is None else f"{directory}/k={one}"
            name = f"file{self._writes}"
            self.files.write(f"{home}/{name}", b"rows")
            values = None if one is None else (one,)
            made.append(PartWrite(values, (name,), 2, 4, 8, f"query{self._writes}", NUMBERS))
        return TableWrite(directory, tuple(made))

    def shown(self) -> list[str]:
        """Files that a reader of the tables sees."""
        return sorted(
            str(path.relative_to(self.root / "s"))
            for path in (self.root / "s").rglob("*")
            if path.is_file() and not any(part.startswith("_") for part in path.parts)
        )

    def left(self) -> list[str]:
        """Whatever else lies beside the tables."""
        return sorted(path.name for path in (self.root / "s").glob("_*"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_an_insert(lake: Lake) -> None:
    lake.metastore.write(PLAIN, lake.staged(None), WriteMode.APPEND)
    lake.metastore.write(PLAIN, lake.staged(None), WriteMode.APPEND)
    assert lake.shown() == ["plain/file1", "plain/file2"]
    assert lake.registry.tables[PLAIN].parameters["numRows"] == "4"
    assert lake.registry.figures[PLAIN]["a"]["distinctValuesCount"] == 2


def test_an_insert_into_partitions(lake: Lake) -> None:
    lake.metastore.write(PARTS, lake.staged("x", "y"), WriteMode.APPEND)
    lake.metastore.write(PARTS, lake.staged("x"), WriteMode.APPEND)
    assert lake.shown() == ["parts/k=x/file1", "parts/k=x/file2", "parts/k=y/file1"]
    known = lake.registry.partitions[PARTS]
    assert {values: one.parameters["numRows"] for values, one in known.items()} == {("x",): "4", ("y",): "2"}
    assert lake.registry.of_partitions[PARTS, ("x",)]["a"]["nullsCount"] == 0


@pytest.mark.parametrize("call", ["alter_table", "put_table_figures"])
def test_a_refused_insert_has_not_happened(lake: Lake, call: str) -> None:
    lake.metastore.write(PLAIN, lake.staged(None), WriteMode.APPEND)
    lake.registry.faults[call] = REFUSED
    with pytest.raises(LodestarError, match="no"):
        lake.metastore.write(PLAIN, lake.staged(None), WriteMode.APPEND)
    assert lake.shown() == ["plain/file1"]
    assert lake.registry.tables[PLAIN].parameters["numRows"] == "2"


@pytest.mark.parametrize("call", ["add_partitions", "alter_partitions", "put_partition_figures"])
def test_a_refused_insert_into_partitions_has_not_happened(lake: Lake, call: str) -> None:
    lake.metastore.write(PARTS, lake.staged("x"), WriteMode.APPEND)
    lake.registry.faults[call] = REFUSED
    with pytest.raises(LodestarError, match="no"):
        lake.metastore.write(PARTS, lake.staged("x", "new"), WriteMode.APPEND)
    assert lake.shown() == ["parts/k=x/file1"]
    assert list(lake.registry.partitions[PARTS]) == [("x",)]
    assert lake.registry.partitions[PARTS]["x",].parameters["numRows"] == "2"


def test_nothing_is_undone_when_nobody_knows(lake: Lake) -> None:
    lake.registry.faults["add_partitions"] = UNKNOWN
    with pytest.raises(OutcomeUnknown):
        lake.metastore.write(PARTS, lake.staged("x"), WriteMode.APPEND)
    assert lake.shown() == ["parts/k=x/file1"]


def test_an_overwrite(lake: Lake) -> None:
    lake.metastore.write(PLAIN, lake.staged(None), WriteMode.APPEND)
    lake.registry.faults["alter_table"] = REFUSED
    with pytest.raises(LodestarError, match="no"):
        lake.metastore.write(PLAIN, lake.staged(None), WriteMode.OVERWRITE)
    assert lake.shown() == ["plain/file1"]
    lake.metastore.write(PLAIN, lake.staged(None), WriteMode.OVERWRITE)
    assert lake.shown() == ["plain/file3"]
    assert lake.left() == []
    assert lake.registry.tables[PLAIN].parameters["numRows"] == "2"


def test_somebody_else_makes_the_same_partition(lake: Lake) -> None:
    other = Partition(("x",), (HiveColumn("a", "int"),), {"numRows": "5"}, "PARQUET", location="local:///s/parts/k=x")

    def made() -> None:
        lake.registry.partitions[PARTS] = {other.values: other}

    lake.registry.before["add_partitions"] = made
    lake.metastore.write(PARTS, lake.staged("x", "y"), WriteMode.APPEND)
    known = lake.registry.partitions[PARTS]
    assert {values: one.parameters["numRows"] for values, one in known.items()} == {("x",): "7", ("y",): "2"}
    assert lake.shown() == ["parts/k=x/file1", "parts/k=y/file1"]


def test_a_table_with_its_rows(lake: Lake) -> None:
    name = SchemaTableName("s", "made")
    lake.metastore.create_table(table(name, parts=True), lake.staged("x", "y"), "alice")
    assert lake.shown() == ["made/k=x/file1", "made/k=y/file1"]
    assert set(lake.registry.partitions[name]) == {("x",), ("y",)}
    with pytest.raises(LodestarError) as caught:
        lake.metastore.create_table(table(name, parts=True), lake.staged("x"), "alice")
    assert caught.value.code is HIVE_PATH_ALREADY_EXISTS


@pytest.mark.parametrize("call", ["create_table", "add_partitions", "put_partition_figures"])
def test_a_refused_table_is_not_there(lake: Lake, call: str) -> None:
    name = SchemaTableName("s", "made")
    lake.registry.faults[call] = REFUSED
    with pytest.raises(LodestarError, match="no"):
        lake.metastore.create_table(table(name, parts=True), lake.staged("x"), "alice")
    assert name not in lake.registry.tables
    assert lake.shown() == []


def test_rows_are_deleted_whole_or_not(lake: Lake) -> None:
    lake.metastore.write(PLAIN, lake.staged(None), WriteMode.APPEND)
    lake.registry.faults["alter_table"] = REFUSED
    with pytest.raises(LodestarError, match="no"):
        lake.metastore.delete_files(PLAIN, lambda found: found)
    assert lake.shown() == ["plain/file1"]
    lake.metastore.delete_files(PLAIN, lambda found: found)
    assert (lake.shown(), lake.left()) == ([], [])


def test_where_a_table_goes(lake: Lake) -> None:
    assert lake.metastore.table_directory(SchemaTableName("s", "a b")) == "local:///s/a b"
    with pytest.raises(LodestarError, match="Schema nosuch not found"):
        lake.metastore.table_directory(SchemaTableName("nosuch", "t"))


class _Keeping(LocalFileSystem):
    """Files that nobody may delete."""

    def delete_tree(self, location: str) -> None:
        raise LodestarError(HIVE_FILESYSTEM_ERROR, "denied")


def test_what_is_dropped_is_gone_also_when_its_files_stay(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    lake.metastore.write(PARTS, lake.staged("x", "y"), WriteMode.APPEND)
    keeping = _Keeping(lake.root, HIVE_FILESYSTEM_ERROR)
    metastore = RemoteMetastore(keeping, lake.registry, delete_files_on_drop=True)
    metastore.drop_partitions(PARTS, [("x",)], delete_files=True)
    assert list(lake.registry.partitions[PARTS]) == [("y",)]
    metastore.drop_table(PARTS)
    assert PARTS not in lake.registry.tables
    assert [record.getMessage() for record in caplog.records] == [
        "Files are left behind at local:///s/parts/k=x: denied",
        "Files are left behind at local:///s/parts: denied",
    ]
    assert lake.shown() == ["parts/k=x/file1", "parts/k=y/file1"]
