"""The catalog's two tables: what each change does to them, and who wins."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc import JdbcCatalog
from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_config import SchemaVersion
from lodestar_server.plugins.toolkit.metastore.model import Database, Table, TableType
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

NAME = SchemaTableName("s", "t")


@pytest.fixture
def engine(tmp_path):
    made = sa.create_engine(f"sqlite:///{tmp_path}/catalog.db")
    yield made
    made.dispose()


@pytest.fixture
def catalog(engine):
    made = JdbcCatalog(engine, "c", "s3://b/w/")
    made.create_database(Database("s", "s3://b/s"))
    return made


def _table(location, name=NAME):
    return Table(name, "u", TableType.EXTERNAL_TABLE, (), parameters={"metadata_location": location})


def _moved(location):
    return lambda entry: replace(entry, parameters={**entry.parameters, "metadata_location": location})


def _location(catalog, name=NAME):
    return catalog.find_table(name).parameters["metadata_location"]


def _code(call):
    with pytest.raises(LodestarError) as raised:
        call()
    return raised.value.code.name


def test_namespaces(catalog, engine):
    assert catalog.list_databases() == ["s"]
    assert catalog.find_database("s") == Database("s", "s3://b/s")
    assert catalog.find_database("x") is None
    catalog.create_database(Database("bare"))
    assert catalog.find_database("bare") == Database("bare")
    assert _code(lambda: catalog.create_database(Database("s"))) == "SCHEMA_ALREADY_EXISTS"
    assert _code(lambda: catalog.drop_database("x")) == "SCHEMA_NOT_FOUND"
    catalog.drop_database("bare")
    assert catalog.list_databases() == ["s"]
    assert JdbcCatalog(engine, "another", "s3://b/w").list_databases() == []


def test_a_namespace_that_has_only_tables_is_there(catalog, engine):
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO iceberg_tables VALUES "
                "('c', 'theirs', 't', 'l', NULL, NULL), ('c', 'a.b', 't', 'l', NULL, NULL)"
            )
        )
    assert catalog.list_databases() == ["s", "theirs"]
    assert catalog.list_tables("theirs") == ["t"]
    assert _code(lambda: catalog.drop_database("theirs")) == "SCHEMA_NOT_EMPTY"


def test_views_of_others_are_no_tables(catalog, engine):
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO iceberg_tables VALUES ('c', 's', 'v', 'l', NULL, 'VIEW')"))
    assert catalog.list_tables("s") == []
    assert catalog.find_table(SchemaTableName("s", "v")) is None


def test_tables(catalog):
    catalog.create_table(_table("one"), None, "u")
    assert catalog.list_tables("s") == ["t"]
    assert _location(catalog) == "one"
    assert _code(lambda: catalog.create_table(_table("two"), None, "u")) == "TABLE_ALREADY_EXISTS"
    assert _code(lambda: catalog.create_table(_table("l", SchemaTableName("x", "t")), None, "u")) == "SCHEMA_NOT_FOUND"
    other = SchemaTableName("s", "other")
    catalog.create_table(_table("o", other), None, "u")
    assert _code(lambda: catalog.rename_table(NAME, other)) == "TABLE_ALREADY_EXISTS"
    catalog.rename_table(NAME, SchemaTableName("s", "new"))
    assert catalog.list_tables("s") == ["new", "other"]
    assert _code(lambda: catalog.rename_table(NAME, other)) == "TABLE_NOT_FOUND"
    assert _code(lambda: catalog.drop_table(NAME)) == "TABLE_NOT_FOUND"
    catalog.drop_table(other)
    assert catalog.list_tables("s") == ["new"]
    assert catalog.table_directory(NAME) == "s3://b/w/s/t"


def test_a_commit_swaps_the_location_once(catalog):
    catalog.create_table(_table("one"), None, "u")
    catalog.alter_table(NAME, _moved("two"))
    entry = catalog.find_table(NAME)
    assert entry.parameters["metadata_location"] == "two"
    assert entry.parameters["previous_metadata_location"] == "one"


def test_who_comes_second_is_asked_again(catalog):
    """The change sees what the faster one has made, and may refuse."""
    catalog.create_table(_table("one"), None, "u")
    seen = []

    def slow(entry):
        seen.append(entry.parameters["metadata_location"])
        if len(seen) == 1:
            catalog.alter_table(NAME, _moved("fast"))
        return _moved("slow")(entry)

    catalog.alter_table(NAME, slow)
    assert seen == ["one", "fast"]
    assert _location(catalog) == "slow"


def test_the_older_form_has_no_types(engine):
    catalog = JdbcCatalog(engine, "c", "s3://b/w", SchemaVersion.V0)
    catalog.create_database(Database("s"))
    catalog.create_table(_table("one"), None, "u")
    assert _location(catalog) == "one"
    assert "iceberg_type" not in [one["name"] for one in sa.inspect(engine).get_columns("iceberg_tables")]


def test_what_it_does_not_do(catalog):
    view = replace(_table("l"), type=TableType.VIRTUAL_VIEW)
    for call in (
        lambda: catalog.rename_database("s", "x"),
        lambda: catalog.replace_database(Database("s")),
        lambda: catalog.create_table(view, None, "u"),
        lambda: catalog.replace_view(view),
    ):
        assert _code(call) == "NOT_SUPPORTED"
