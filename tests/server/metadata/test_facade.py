"""The metadata facade: names, conflicts of writes, and the engine's own tables among the connector's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.catalogs import manager, rows, session, statement
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.metadata.base import MetadataServices
from lodestar_server.metadata.facade import Metadata, build_services
from lodestar_server.session import RoleKind, SelectedRole
from lodestar_server.spi.connector import ColumnMetadata, RelationKind, SaveMode, TableMetadata
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import QualifiedName, SchemaTableName, TablePrefix
from lodestar_server.spi.types import INTEGER


@pytest.fixture
def connector() -> CountingConnector:
    return CountingConnector({"s": ["t", "v"], "other": ["x"]}, views=["v"])


@pytest.fixture
def services(tmp_path: Path, connector: CountingConnector) -> MetadataServices:
    made = build_services(manager(tmp_path))
    made.catalogs.add("c", "counting", connector)
    return made


def fails(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        action()
    return caught.value.code.name, caught.value.message


def test_names(services: MetadataServices) -> None:
    with statement(services) as metadata:
        assert metadata.list_catalogs() == ["c", "system"]
        assert metadata.list_schemas("c") == ["information_schema", "other", "s"]
        assert metadata.schema_exists("c", "information_schema")
        assert not metadata.schema_exists("nosuch", "s")
        assert metadata.list_tables("c", "s") == {
            SchemaTableName("s", "t"): RelationKind.TABLE,
            SchemaTableName("s", "v"): RelationKind.VIEW,
        }
        assert metadata.list_tables("c", "s", "v") == {SchemaTableName("s", "v"): RelationKind.VIEW}
        assert metadata.list_tables("c", "s", "nosuch") == {}


@pytest.mark.parametrize(
    ("catalog", "schema", "table", "code", "message"),
    [
        ("nosuch", "s", "t", "CATALOG_NOT_FOUND", "Catalog 'nosuch' not found"),
        ("c", "nosuch", "t", "SCHEMA_NOT_FOUND", "Schema 'nosuch' does not exist"),
        ("c", "s", "nosuch", "TABLE_NOT_FOUND", "Table 'c.s.nosuch' does not exist"),
        ("c", "s", "No such", "TABLE_NOT_FOUND", "Table 'c.s.\"No such\"' does not exist"),
        ("c", "information_schema", "x", "TABLE_NOT_FOUND", "Table 'c.information_schema.x' does not exist"),
        ("system", "runtime", "x", "GENERIC_INTERNAL_ERROR", "ConnectorMetadata getTableHandle() is not implemented"),
    ],
)
def test_what_is_missing(
    services: MetadataServices, catalog: str, schema: str, table: str, code: str, message: str
) -> None:
    with statement(services) as metadata:
        assert fails(lambda: metadata.require_table(QualifiedName(catalog, schema, table))) == (code, message)


def test_views_come_before_tables(services: MetadataServices, connector: CountingConnector) -> None:
    with statement(services) as metadata:
        assert metadata.relation_kind(QualifiedName("c", "s", "v")) is RelationKind.VIEW
        assert connector.calls["find_table"] == 0
        assert [column.name for column in metadata.relation_columns(QualifiedName("c", "s", "v")) or ()] == ["a"]


def test_the_connector_is_not_asked_for_the_engines_schema(
    services: MetadataServices, connector: CountingConnector
) -> None:
    with statement(services) as metadata:
        assert metadata.find_table(QualifiedName("c", "information_schema", "tables")) is not None
        assert metadata.find_table(QualifiedName("c", "information_schema", "nosuch")) is None
        assert metadata.find_view(QualifiedName("c", "information_schema", "tables")) is None
    assert connector.calls == {}


def test_errors_of_listings_say_what_was_listed(services: MetadataServices, connector: CountingConnector) -> None:
    connector.fails.add("list_tables")
    with statement(services) as metadata:
        assert fails(lambda: metadata.list_tables("c", "s")) == (
            "GENERIC_INTERNAL_ERROR",
            "Error listing tables for catalog c: list_tables failed",
        )
        assert fails(lambda: list(metadata.list_columns("c", TablePrefix("s"))))[1].startswith(
            "Error listing table columns for catalog c: "
        )


def test_changes_check_the_transaction(services: MetadataServices) -> None:
    started = services.transactions.start(None, read_only=True)
    metadata = Metadata(services, session(), started)
    expected = ("READ_ONLY_VIOLATION", "Cannot execute write in a read-only transaction")
    table = TableMetadata(SchemaTableName("s", "n"), (ColumnMetadata("a", INTEGER),))
    assert fails(lambda: metadata.create_schema("c", "n", {})) == expected
    assert fails(lambda: metadata.create_table("c", table, SaveMode.FAIL)) == expected
    found = metadata.require_table(QualifiedName("c", "s", "t"))
    assert fails(lambda: metadata.drop_table(found)) == expected
    assert fails(lambda: metadata.begin_insert(found, ["a"])) == expected
    assert fails(lambda: metadata.begin_analyze(found, {})) == expected
    services.transactions.roll_back(started.transaction_id)


def test_unknown_catalogs_of_changes(services: MetadataServices) -> None:
    with statement(services) as metadata:
        assert fails(lambda: metadata.create_schema("nosuch", "n", {})) == (
            "CATALOG_NOT_FOUND",
            "Catalog 'nosuch' not found",
        )


def test_the_engines_tables_are_not_changed(services: MetadataServices) -> None:
    with statement(services) as metadata:
        tables = metadata.require_table(QualifiedName("c", "information_schema", "tables"))
        for change in (
            lambda: metadata.drop_table(tables),
            lambda: metadata.set_table_comment(tables, "x"),
            lambda: metadata.begin_analyze(tables, {}),
            lambda: metadata.insert_columns(tables, ["a"]),
        ):
            assert fails(change) == (
                "GENERIC_INTERNAL_ERROR",
                "Cannot record write for catalog not part of transaction",
            )
        assert metadata.apply_delete(tables) is None
        assert fails(lambda: metadata.row_id_column(tables))[0] == "NOT_SUPPORTED"


def test_session_properties_are_all_checked(services: MetadataServices) -> None:
    with statement(services, catalog_properties={"c": {"nosuch": "1"}}) as metadata:
        assert fails(metadata.check_session_properties) == (
            "INVALID_SESSION_PROPERTY",
            "Session property 'c.nosuch' does not exist",
        )
    with statement(services, catalog_properties={"nosuch": {"a": "1"}}) as metadata:
        assert fails(metadata.check_session_properties) == ("CATALOG_NOT_FOUND", "Catalog 'nosuch' not found")


def test_roles_are_of_catalogs_that_exist(services: MetadataServices) -> None:
    role = SelectedRole(RoleKind.ALL)
    with statement(services, roles={"system": role, "c": role}) as metadata:
        metadata.check_session_properties()
    with statement(services, roles={"C": role}) as metadata:
        assert fails(metadata.check_session_properties) == ("CATALOG_NOT_FOUND", "Catalog 'C' not found")


def test_procedures(services: MetadataServices) -> None:
    with statement(services) as metadata:
        assert metadata.require_procedure("system", "runtime", "kill_query").name == "kill_query"
        assert fails(lambda: metadata.require_procedure("c", "s", "nosuch")) == (
            "PROCEDURE_NOT_FOUND",
            "Procedure not registered: s.nosuch",
        )


def test_one_table_of_columns(services: MetadataServices, connector: CountingConnector) -> None:
    with statement(services) as metadata:
        found = list(metadata.list_columns("c", TablePrefix("s", "t")))
    assert [(str(name), [column.name for column in columns]) for name, columns in found] == [("s.t", ["a", "b"])]
    assert connector.calls["list_tables"] == 0


def test_rows_of_the_engines_tables_can_be_read_by_column(services: MetadataServices) -> None:
    with statement(services) as metadata:
        assert sorted(rows(metadata, "c", "information_schema", "schemata", ["schema_name"])) == [
            ("information_schema",),
            ("other",),
            ("s",),
        ]
        assert rows(metadata, "c", "information_schema", "schemata", []) == [(), (), ()]
