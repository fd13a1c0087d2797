from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.memory_store import MemoryStore

from lodestar_server.plugins.connectors.iceberg.creations import Creations
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR
from lodestar_server.plugins.toolkit.metastore.file import FileMetastore
from lodestar_server.plugins.toolkit.metastore.model import Database, Table, TableType
from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem
from lodestar_server.spi.names import SchemaTableName

NAME, NEXT = SchemaTableName("s", "t"), SchemaTableName("s", "next")
HOME = "s3://b/w/s"
ROWS, METADATA = "w/s/t-1/data/rows.parquet", "w/s/t-1/metadata/00000-x.metadata.json"


class Schema:
    """A schema of a catalog in a bucket, with a table that is being made."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        files = ObjectFileSystem({"b": self.store}.__getitem__, ("s3",), HIVE_FILESYSTEM_ERROR)
        self.catalog = FileMetastore(files, "s3://b/w")
        self.catalog.create_database(Database("s"))
        self.creations = Creations(files, self.catalog)
        self.creation = self.creations.begin(HOME, NAME, "s3://b/w/s/t-1")
        self.store.objects[ROWS] = b"rows"

    def write_metadata(self) -> None:
        self.store.objects[METADATA] = b"{}"
        self.store.ages[METADATA] = 60

    def publish(self, name: SchemaTableName) -> None:
        made = Table(name, "alice", TableType.EXTERNAL_TABLE, (), location="s3://b/w/s/t-1")
        self.catalog.create_table(replace(made, parameters={"metadata_location": f"s3://b/{METADATA}"}), None, "alice")

    def make_another(self) -> None:
        self.creations.begin(HOME, NEXT, "s3://b/w/s/next-1").end()

    def records(self) -> list[str]:
        return [key for key in self.store.objects if key.endswith(".creating")]


@pytest.fixture
def schema() -> Schema:
    return Schema()


def test_files_of_the_living_stay(schema: Schema) -> None:
    schema.make_another()
    assert ROWS in schema.store.objects
    assert schema.creation.holds()


@pytest.mark.parametrize("with_metadata", [False, True])
def test_files_of_the_dead_go_with_the_next_table(schema: Schema, with_metadata: bool) -> None:
    if with_metadata:
        schema.write_metadata()
    schema.creation.leave()
    schema.make_another()
    assert ROWS not in schema.store.objects and METADATA not in schema.store.objects
    assert schema.records() == []
    assert not schema.creation.holds()


@pytest.mark.parametrize("name", [NAME, SchemaTableName("s", "renamed")])
def test_a_table_that_was_made_keeps_its_files(schema: Schema, name: SchemaTableName) -> None:
    schema.write_metadata()
    schema.publish(name)
    schema.creation.leave()
    schema.make_another()
    assert ROWS in schema.store.objects
    assert schema.records() == []


def test_what_may_still_be_on_its_way_is_waited_for(schema: Schema) -> None:
    schema.write_metadata()
    schema.store.ages[METADATA] = 0
    schema.creation.leave()
    schema.make_another()
    assert ROWS in schema.store.objects
    assert len(schema.records()) == 1


def test_a_store_that_is_away_keeps_nobody_from_making_a_table(schema: Schema) -> None:
    schema.creation.leave()
    schema.store.broken.add(("delete", ROWS))
    schema.make_another()
    assert len(schema.records()) == 1
