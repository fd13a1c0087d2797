"""The system catalog: its tables, what drivers read in it, and killing queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fakes.catalogs import manager, rows, statement
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.metadata.base import MetadataServices
from lodestar_server.metadata.facade import build_services
from lodestar_server.metadata.runtime_source import IdleRuntime, KillOutcome, NodeInfo, QueryInfo
from lodestar_server.metadata.system_catalog.jdbc_types import JdbcType, jdbc_type
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    TimestampType,
    TimestampTzType,
    TimeTzType,
    Type,
    VarcharType,
)

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
MOMENT_VALUE = (1_767_323_045_678 * 10**9, "UTC")


@dataclass
class Runtime(IdleRuntime):
    """One query, which may be killed once."""

    killed: list[tuple[str, str, str]] = field(default_factory=list)

    def list_nodes(self) -> Iterable[NodeInfo]:
        return (NodeInfo("node-1", "http://here:8080", "476", True, "active"),)

    def list_queries(self, user: str) -> Iterable[QueryInfo]:
        query = QueryInfo("q1", "RUNNING", user, None, "SELECT 1", ("global",), 1, 2, 3, MOMENT, MOMENT, None, None)
        return (query,)

    def kill_query(self, query_id: str, reason: LodestarError, user: str) -> KillOutcome:
        if query_id != "q1":
            return KillOutcome.NOT_FOUND
        if self.killed:
            return KillOutcome.NOT_RUNNING
        self.killed.append((reason.code.name, reason.message, user))
        return KillOutcome.KILLED


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def connector() -> CountingConnector:
    return CountingConnector({"s": ["t", "v"]}, views=["v"])


@pytest.fixture
def services(tmp_path: Path, runtime: Runtime, connector: CountingConnector) -> MetadataServices:
    made = build_services(manager(tmp_path), runtime=runtime)
    made.catalogs.add("c", "counting", connector)
    return made


def equal(*values: str) -> Domain:
    return Domain.values(VARCHAR, values)


def read(
    services: MetadataServices,
    schema: str,
    table: str,
    columns: list[str] | None = None,
    where: dict[str, Domain] | None = None,
) -> list[tuple[object, ...]]:
    with statement(services) as metadata:
        return rows(metadata, "system", schema, table, columns, where)


def test_its_schemas_and_tables(services: MetadataServices) -> None:
    with statement(services) as metadata:
        assert metadata.list_schemas("system") == ["information_schema", "jdbc", "metadata", "runtime"]
        named: dict[str, set[str]] = {}
        for name in metadata.list_tables("system"):
            named.setdefault(name.schema, set()).add(name.table)
    assert named["runtime"] == {"nodes", "optimizer_rule_stats", "queries", "tasks", "transactions"}
    assert len(named["jdbc"]) == 13
    assert len(named["metadata"]) == 8


def test_nodes_and_queries(services: MetadataServices) -> None:
    assert read(services, "runtime", "nodes") == [("node-1", "http://here:8080", "476", True, "active")]
    wanted = ["query_id", "user", "resource_group_id", "created", "started", "end"]
    assert read(services, "runtime", "queries", wanted) == [
        ("q1", "alice", ("global",), MOMENT_VALUE, MOMENT_VALUE, None)
    ]
    assert read(services, "runtime", "tasks") == []


def test_transactions_show_themselves(services: MetadataServices) -> None:
    services.transactions.start(None, read_only=True)
    wanted = ["isolation_level", "read_only", "auto_commit_context"]
    assert sorted(read(services, "runtime", "transactions", wanted)) == [
        ("READ UNCOMMITTED", False, True),
        ("READ UNCOMMITTED", True, False),
    ]


def test_catalogs(services: MetadataServices) -> None:
    assert sorted(read(services, "metadata", "catalogs")) == [
        ("c", "c", "counting"),
        ("system", "system", "system"),
    ]


def test_jdbc_names(services: MetadataServices) -> None:
    assert read(services, "jdbc", "catalogs") == [("c",), ("system",)]
    assert read(services, "jdbc", "table_types") == [("TABLE",), ("VIEW",)]
    assert ("s", "c") in read(services, "jdbc", "schemas")
    wanted = ["table_cat", "table_schem", "table_name", "table_type"]
    where = {"table_cat": equal("c"), "table_schem": equal("s")}
    assert read(services, "jdbc", "tables", wanted, where) == [("c", "s", "t", "TABLE"), ("c", "s", "v", "VIEW")]


def test_jdbc_columns_of_one_table_list_nothing(services: MetadataServices, connector: CountingConnector) -> None:
    where = {"table_cat": equal("c"), "table_schem": equal("s"), "table_name": equal("t")}
    wanted = ["column_name", "data_type", "type_name", "column_size", "num_prec_radix", "nullable", "remarks"]
    assert read(services, "jdbc", "columns", wanted, where) == [
        ("a", 4, "integer", 10, 10, 0, None),
        ("b", -5, "bigint", 19, 10, 1, "about b"),
    ]
    assert connector.calls["list_tables"] == 0


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (BOOLEAN, JdbcType(16)),
        (BIGINT, JdbcType(-5, 19, radix=10)),
        (DATE, JdbcType(91, 14)),
        (VARCHAR, JdbcType(12, 2**31 - 1, octets=2**31 - 1)),
        (VarcharType(5), JdbcType(12, 5, octets=5)),
        (CharType(5), JdbcType(1, 5, octets=5)),
        (DecimalType(12, 4), JdbcType(3, 12, 4, 10)),
        (TimestampType(0), JdbcType(93, 21, 0)),
        (TimestampType(6), JdbcType(93, 28, 6)),
        (TimestampTzType(3), JdbcType(2014, 59, 3)),
        (TimeTzType(0), JdbcType(2013, 14, 0)),
        (ArrayType(BIGINT), JdbcType(2003)),
        (MapType(BIGINT, BIGINT), JdbcType(2000)),
    ],
)
def test_jdbc_types(type_: Type, expected: JdbcType) -> None:
    assert jdbc_type(type_) == expected


def test_the_table_of_types(services: MetadataServices) -> None:
    found = read(services, "jdbc", "types", ["type_name", "data_type", "searchable"])
    assert found.count(("integer", 4, 3)) == 2
    assert ("varchar", 2000, 0) in found
    assert ("uuid", 2000, 3) in found


def call(services: MetadataServices, query_id: str | None, message: str | None = "") -> None:
    with statement(services) as metadata:
        procedure = metadata.require_procedure("system", "runtime", "kill_query")
        procedure.run(
            metadata.connector_session(metadata.require_catalog("system")), {"query_id": query_id, "message": message}
        )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("", "Query killed. No message provided."),
        (None, "Query killed. No message provided."),
        ("x", "Query killed. Message: x"),
    ],
)
def test_killing(services: MetadataServices, runtime: Runtime, message: str | None, told: str) -> None:
    call(services, "q1", message)
    assert runtime.killed == [("ADMINISTRATIVELY_KILLED", told, "alice")]


@pytest.mark.parametrize(
    ("query_id", "code", "message"),
    [
        ("nosuch", "NOT_FOUND", "Target query not found: nosuch"),
        ("q1", "NOT_SUPPORTED", "Target query is not running: q1"),
        (None, "INVALID_PROCEDURE_ARGUMENT", "query_id cannot be null"),
    ],
)
def test_queries_that_cannot_be_killed(
    services: MetadataServices, runtime: Runtime, query_id: str | None, code: str, message: str
) -> None:
    runtime.killed.append(("", "", ""))
    with pytest.raises(LodestarError) as caught:
        call(services, query_id)
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_tables_are_found_in_the_catalog(services: MetadataServices) -> None:
    with statement(services) as metadata:
        assert metadata.find_table(QualifiedName("system", "jdbc", "pseudo_columns")) is not None
        assert metadata.relation_kind(QualifiedName("system", "jdbc", "nosuch")) is None
        assert metadata.find_table(QualifiedName("c", "jdbc", "types")) is None
