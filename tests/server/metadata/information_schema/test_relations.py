"""information_schema: what is in it, and how little a question for one name costs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.fakes.catalogs import manager, rows, statement
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.metadata.base import MetadataServices
from lodestar_server.metadata.facade import build_services
from lodestar_server.spi.predicate import Domain, Range
from lodestar_server.spi.types import VARCHAR

OWN = [
    "applicable_roles",
    "columns",
    "enabled_roles",
    "roles",
    "schemata",
    "table_privileges",
    "tables",
    "views",
]


def equal(*values: str) -> Domain:
    return Domain.values(VARCHAR, values)


@pytest.fixture
def connector() -> CountingConnector:
    return CountingConnector({"s": ["t", "v"], "other": ["x"]}, views=["v"])


@pytest.fixture
def services(tmp_path: Path, connector: CountingConnector) -> MetadataServices:
    made = build_services(manager(tmp_path))
    made.catalogs.add("c", "counting", connector)
    return made


def read(services: MetadataServices, table: str, where: dict[str, Domain] | None = None) -> list[tuple[object, ...]]:
    with statement(services) as metadata:
        return rows(metadata, "c", "information_schema", table, where=where)


def test_tables(services: MetadataServices) -> None:
    found = read(services, "tables")
    assert sorted(row for row in found if row[1] != "information_schema") == [
        ("c", "other", "x", "BASE TABLE"),
        ("c", "s", "t", "BASE TABLE"),
        ("c", "s", "v", "VIEW"),
    ]
    assert sorted(str(row[2]) for row in found if row[1] == "information_schema") == OWN


def test_columns(services: MetadataServices) -> None:
    found = read(services, "columns", {"table_name": equal("t", "v")})
    assert found == [
        ("c", "s", "t", "a", 1, None, "NO", "integer"),
        ("c", "s", "t", "b", 2, None, "YES", "bigint"),
        ("c", "s", "v", "a", 1, None, "YES", "integer"),
    ]


def test_hidden_columns(services: MetadataServices) -> None:
    with statement(services) as metadata:
        wanted = ["column_name", "comment", "extra_info", "column_comment"]
        where = {"table_schema": equal("s"), "table_name": equal("t")}
        assert rows(metadata, "c", "information_schema", "columns", wanted, where) == [
            ("a", None, None, None),
            ("b", "about b", None, "about b"),
        ]


def test_views(services: MetadataServices) -> None:
    assert read(services, "views") == [("c", "s", "v", "SELECT 1 a")]


def test_schemata(services: MetadataServices) -> None:
    assert sorted(read(services, "schemata")) == [("c", "information_schema"), ("c", "other"), ("c", "s")]


@pytest.mark.parametrize("table", ["table_privileges", "applicable_roles", "roles"])
def test_nobody_manages_roles(services: MetadataServices, table: str) -> None:
    assert read(services, table) == []


@pytest.mark.parametrize(
    ("table", "where", "expected", "unasked"),
    [
        ("tables", {"table_schema": equal("s"), "table_name": equal("t")}, 1, ["list_tables", "list_schema_names"]),
        ("columns", {"table_schema": equal("s"), "table_name": equal("t")}, 2, ["list_tables", "list_schema_names"]),
        ("views", {"table_schema": equal("s"), "table_name": equal("v")}, 1, ["list_tables", "list_schema_names"]),
        ("tables", {"table_schema": equal("s")}, 2, ["list_schema_names"]),
        ("schemata", {"schema_name": equal("s", "nosuch")}, 1, ["list_schema_names"]),
        ("tables", {"table_catalog": equal("elsewhere")}, 0, ["list_tables", "find_table", "schema_exists"]),
        ("columns", {"table_schema": equal("nosuch"), "table_name": equal("t")}, 0, ["list_tables", "find_table"]),
    ],
)
def test_what_a_name_costs(
    services: MetadataServices,
    connector: CountingConnector,
    table: str,
    where: dict[str, Domain],
    expected: int,
    unasked: Iterable[str],
) -> None:
    assert len(read(services, table, where)) == expected
    assert {name: connector.calls[name] for name in unasked} == dict.fromkeys(unasked, 0)


def test_other_predicates_are_checked_too(services: MetadataServices) -> None:
    from_t = Domain.of(VARCHAR, [Range("t", True, None, False)])
    assert [row[2] for row in read(services, "tables", {"table_schema": equal("s"), "table_name": from_t})] == [
        "t",
        "v",
    ]
    assert read(services, "tables", {"table_type": equal("VIEW")}) == [("c", "s", "v", "VIEW")]
