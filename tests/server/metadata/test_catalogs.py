"""Catalogs by name: configured, created and dropped by SQL, kept in files, used while they are dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.fakes.catalogs import manager, node
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.metadata.catalog_store import FileCatalogStore
from lodestar_server.metadata.catalogs import CatalogManager, describe_faults
from lodestar_server.metadata.config import CatalogManagement
from lodestar_server.metadata.transactions import TransactionManager
from lodestar_server.spi.connector import Connector
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext


def fails(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        action()
    return caught.value.code.name, caught.value.message


def dynamic(directory: Path) -> CatalogManager:
    return manager(
        directory, management=CatalogManagement.DYNAMIC, store=FileCatalogStore(directory / "etc" / "catalog")
    )


def test_a_configured_catalog(tmp_path: Path) -> None:
    catalogs = manager(tmp_path)
    made = catalogs.create("m", "memory", {"memory.max-data-per-node": "1MB"})
    assert catalogs.require("m") is made
    assert catalogs.names() == ["m"]
    assert fails(lambda: catalogs.create("m", "memory", {})) == ("ALREADY_EXISTS", "Catalog 'm' already exists")
    assert fails(lambda: catalogs.require("n")) == ("CATALOG_NOT_FOUND", "Catalog 'n' not found")


def test_connectors_that_do_not_exist(tmp_path: Path) -> None:
    catalogs = manager(tmp_path)
    code, message = fails(lambda: catalogs.create("x", "nosuch", {}))
    assert code == "GENERIC_INTERNAL_ERROR"
    assert message.startswith("No factory for connector 'nosuch'. Available factories: [blackhole, hive, ")
    assert fails(lambda: catalogs.create("x", "No Such", {})) == (
        "GENERIC_INTERNAL_ERROR",
        "Invalid connector name: No Such",
    )
    code, message = fails(lambda: catalogs.create("x", "postgresql", {}))
    assert code == "NOT_SUPPORTED"
    assert message.startswith("Lodestar has no connector 'postgresql' yet. Available connectors: [blackhole, hive, ")
    assert catalogs.names() == []


def test_wrong_properties_are_all_told(tmp_path: Path) -> None:
    catalogs = dynamic(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        catalogs.create("m", "memory", {"nosuch": "1", "memory.max-data-per-node": "much"})
    assert len(caught.value.faults) == 2
    text = describe_faults(caught.value)
    assert text.startswith("Configuration errors:\n\n1) Error: ")
    assert text.endswith("\n\n2 errors")
    code, message = fails(lambda: catalogs.create_dynamic("m", "memory", {"nosuch": "1"}, if_not_exists=False))
    assert code == "GENERIC_INTERNAL_ERROR"
    assert "'nosuch' was not used" in message
    assert catalogs.names() == []


def test_a_failed_catalog_is_listed_but_of_no_use(tmp_path: Path) -> None:
    catalogs = manager(tmp_path)
    catalogs.mark_failed("broken", "no disk")
    assert catalogs.names() == ["broken"]
    assert fails(lambda: catalogs.find("broken")) == (
        "CATALOG_NOT_AVAILABLE",
        "Catalog 'broken' failed to initialize and is disabled",
    )


def test_static_catalogs_stay(tmp_path: Path) -> None:
    catalogs = manager(tmp_path)
    assert fails(lambda: catalogs.create_dynamic("m", "memory", {}, if_not_exists=False)) == (
        "NOT_SUPPORTED",
        "CREATE CATALOG is not supported by the static catalog store",
    )
    assert fails(lambda: catalogs.drop_dynamic("m", if_exists=True)) == (
        "NOT_SUPPORTED",
        "DROP CATALOG is not supported by the static catalog store",
    )


def test_create_and_drop(tmp_path: Path) -> None:
    catalogs = dynamic(tmp_path)
    catalogs.create_dynamic("m", "memory", {}, if_not_exists=False)
    catalogs.create_dynamic("m", "tpch", {}, if_not_exists=True)
    assert catalogs.require("m").connector_name == "memory"
    assert fails(lambda: catalogs.create_dynamic("m", "memory", {}, if_not_exists=False))[0] == "ALREADY_EXISTS"
    assert fails(lambda: catalogs.drop_dynamic("system", if_exists=True)) == (
        "NOT_SUPPORTED",
        "Dropping system catalog is not allowed",
    )
    catalogs.drop_dynamic("m", if_exists=False)
    catalogs.drop_dynamic("m", if_exists=True)
    assert fails(lambda: catalogs.drop_dynamic("m", if_exists=False)) == ("CATALOG_NOT_FOUND", "Catalog 'm' not found")


def test_what_sql_made_is_kept_in_files(tmp_path: Path) -> None:
    catalogs = dynamic(tmp_path)
    catalogs.create_dynamic("m", "memory", {"memory.max-data-per-node": "1MB"}, if_not_exists=False)
    store = FileCatalogStore(tmp_path / "etc" / "catalog")
    assert store.load() == {"m": {"connector.name": "memory", "memory.max-data-per-node": "1MB"}}
    catalogs.drop_dynamic("m", if_exists=False)
    assert store.load() == {}


def test_a_catalog_that_cannot_be_kept_is_not_created(tmp_path: Path) -> None:
    catalogs = dynamic(tmp_path)
    assert fails(lambda: catalogs.create_dynamic("../m", "memory", {}, if_not_exists=False)) == (
        "CATALOG_STORE_ERROR",
        "Invalid catalog name: ../m",
    )
    assert catalogs.names() == []
    assert list(tmp_path.rglob("*.properties")) == []


def test_the_data_directory_stays_inside(tmp_path: Path) -> None:
    seen: list[Path] = []

    class Factory:
        name = "seeing"

        def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
            seen.append(context.data_dir)
            return CountingConnector()

    catalogs = CatalogManager(node(tmp_path), factories={"seeing": Factory})
    for name in ("..", "a/b", "ü"):
        catalogs.create(name, "seeing", {})
    assert [path.parent for path in seen] == [tmp_path] * 3
    assert len({path.name for path in seen} | {"..", "a"}) == 5


def test_a_dropped_catalog_lives_as_long_as_it_is_used(tmp_path: Path) -> None:
    catalogs = dynamic(tmp_path)
    connector = CountingConnector({"s": ["t"]})
    catalogs.add("c", "counting", connector)
    transactions = TransactionManager(catalogs)
    with transactions.statement(None) as transaction:
        transaction.enter("c")
        catalogs.drop_dynamic("c", if_exists=False)
        assert transaction.require_catalog("c").connector is connector
        assert catalogs.find("c") is None
        assert not connector.closed
    assert connector.closed


def test_an_unused_catalog_is_closed_at_once(tmp_path: Path) -> None:
    catalogs = dynamic(tmp_path)
    connector = CountingConnector()
    catalogs.add("c", "counting", connector)
    catalogs.drop_dynamic("c", if_exists=False)
    assert connector.closed


def test_a_name_is_given_once(tmp_path: Path) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow:
        name = "slow"

        def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
            entered.set()
            assert go_on.wait(10)
            return CountingConnector()

    catalogs = CatalogManager(node(tmp_path), factories={"slow": Slow})
    first = threading.Thread(target=catalogs.create, args=("c", "slow", {}))
    first.start()
    assert entered.wait(10)
    assert fails(lambda: catalogs.create("c", "slow", {}))[0] == "ALREADY_EXISTS"
    assert catalogs.find("c") is None
    go_on.set()
    first.join()
    assert catalogs.require("c").name == "c"


def test_local_roots_are_those_of_all_catalogs(tmp_path: Path) -> None:
    catalogs = manager(tmp_path)
    for name, roots in (("a", ("/x", "/y")), ("b", ("/y",))):
        connector = CountingConnector()
        connector.local_roots = roots
        catalogs.add(name, "counting", connector)
    assert catalogs.local_roots == ("/x", "/y")
    catalogs.shutdown()
    assert catalogs.names() == []
