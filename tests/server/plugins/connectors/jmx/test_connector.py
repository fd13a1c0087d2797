"""Beans as tables, and their past."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.jmx.beans import BeanCatalog, BeanHistory
from lodestar_server.plugins.connectors.jmx.config import JmxConfig
from lodestar_server.plugins.connectors.jmx.factory import FACTORY
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext, load_group
from lodestar_server.spi.types import BIGINT, VARCHAR


class Counters:
    """Two beans; one of them counts its readings."""

    def __init__(self) -> None:
        self.read = 0

    def list_beans(self) -> Iterable[Bean]:
        def count() -> dict[str, object]:
            self.read += 1
            return {"Count": self.read}

        yield Bean("trino.execution:name=QueryManager", {"Count": BIGINT, "Label": VARCHAR}, count)
        yield Bean("trino.execution:name=TaskManager", {"Tasks": BIGINT}, lambda: {"Tasks": 7})


@pytest.fixture
def beans() -> Counters:
    return Counters()


@pytest.fixture
def harness(beans: Counters, tmp_path: Path) -> Harness:
    context = ConnectorContext("jmx", "node-1", "476", "test", tmp_path, beans)
    return Harness(FACTORY.create(context, {}))


QUERIES = "trino.execution:name=querymanager"
TASKS = "trino.execution:name=taskmanager"


def test_a_bean_is_a_table(harness: Harness) -> None:
    with harness.statement() as on:
        assert on.metadata.list_schema_names(on.session) == ["current", "history"]
        assert SchemaTableName("current", QUERIES) in on.metadata.list_tables(on.session, "current")
        assert on.columns("current", QUERIES) == [
            ("count", "bigint"),
            ("label", "varchar"),
            ("node", "varchar"),
            ("object_name", "varchar"),
        ]
        assert on.rows("current", QUERIES) == [(1, None, "node-1", "trino.execution:name=QueryManager")]
        assert on.rows("current", QUERIES, ["count"]) == [(2,)]
        assert on.rows("current", QUERIES, []) == [()]


def test_many_beans_are_a_table_too(harness: Harness) -> None:
    with harness.statement() as on:
        assert on.rows("current", "trino.execution:*", ["object_name", "tasks"]) == [
            ("trino.execution:name=QueryManager", None),
            ("trino.execution:name=TaskManager", 7),
        ]
        assert on.metadata.find_table(on.session, SchemaTableName("current", "nosuch:*")) is None
        assert (
            on.metadata.find_table(on.session, SchemaTableName("current", "trino.execution:name=?ask[m]anager")) is None
        )
        assert on.metadata.find_table(on.session, SchemaTableName("other", QUERIES)) is None


def test_the_process_has_beans_of_its_own(tmp_path: Path) -> None:
    harness = Harness(FACTORY.create(ConnectorContext("jmx", "node-1", "476", "test", tmp_path), {}))
    with harness.statement() as on:
        ((name, uptime, node),) = on.rows("current", "java.lang:type=runtime", ["object_name", "uptime", "node"])
        assert (name, node) == ("java.lang:type=Runtime", "node-1")
        assert uptime >= 0
        for table in ("memory", "threading", "operatingsystem"):
            assert len(on.rows("current", f"java.lang:type={table}")) == 1


def test_history(beans: Counters) -> None:
    history = BeanHistory(BeanCatalog("node-1", [beans]), [QUERIES, "nosuch"], 2)
    assert history.tables == [QUERIES]
    for second in range(3):
        history.sample(second * 10**12)
    assert [(row[0], row[1]) for row in history.rows(QUERIES)] == [
        ((1 * 10**12, "UTC"), 2),
        ((2 * 10**12, "UTC"), 3),
    ]
    assert [name for name, _ in history.columns(QUERIES)] == ["timestamp", "count", "label", "node", "object_name"]


@pytest.mark.parametrize(
    ("text", "tables"),
    [("", ()), ("A:b=c, d", ("a:b=c", "d")), (r"java.lang:name=x\,type=y,z", ("java.lang:name=x,type=y", "z"))],
)
def test_names_of_beans_may_have_commas(text: str, tables: tuple[str, ...]) -> None:
    assert load_group(JmxConfig, {"jmx.dump-tables": text}).tables == tables


def test_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        FACTORY.create(ConnectorContext("jmx", "n", "476", "test", tmp_path), {"jmx.dump-period": "0s", "nosuch": "1"})
    assert {key for key, _ in caught.value.faults} == {"jmx.dump-period", "nosuch"}
