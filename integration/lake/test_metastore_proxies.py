"""A Hive Metastore behind a SOCKS proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.lake.metastores import Session, catalog, metastore
from integration.services.hive_metastore import HiveMetastore
from integration.services.relays import SocksProxy
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.process import free_port


@pytest.fixture(scope="module")
def hive() -> Iterator[HiveMetastore]:
    with metastore() as running:
        yield running


@pytest.mark.parametrize("host", ["127.0.0.1", "metastore.test"])
def test_every_call_goes_through_it(hive: HiveMetastore, host: str) -> None:
    """A name that means nothing here is the proxy's to look up."""
    with SocksProxy() as proxy:
        setting = {"hive_metastore_thrift_client_socks__proxy": proxy.address}
        properties = catalog(f"thrift://{host}:{hive.port}", hive.warehouse, **setting)
        with Lodestar({"hive": properties}) as server:
            session = Session(server)
            schema = f"hive.s{len(host)}"
            session.rows(f"CREATE SCHEMA {schema}")
            session.rows(f"CREATE TABLE {schema}.t AS SELECT 1 AS a")
            assert session.value(f"SELECT a FROM {schema}.t") == 1
        assert set(proxy.targets) == {(host, hive.port)}


def test_a_metastore_or_a_proxy_that_is_not_there(hive: HiveMetastore) -> None:
    with SocksProxy() as proxy:
        quick = {"hive_metastore_thrift_client_max__retries": "0"}
        setting = {"hive_metastore_thrift_client_socks__proxy": proxy.address, **quick}
        nobody = {"hive_metastore_thrift_client_socks__proxy": f"127.0.0.1:{free_port()}", **quick}
        missing = free_port()
        catalogs = {
            "hive": catalog(f"thrift://127.0.0.1:{missing}", hive.warehouse, **setting),
            "other": catalog(f"thrift://127.0.0.1:{hive.port}", hive.warehouse, **nobody),
        }
        with Lodestar(catalogs) as server:
            session = Session(server)
            told = "Failed connecting to Hive metastore: [127.0.0.1:{}]"
            for name, port in (("hive", missing), ("other", hive.port)):
                error, message = session.error(f"SHOW SCHEMAS FROM {name}")
                assert error == "HIVE_METASTORE_ERROR" and told.format(port) in message
            assert proxy.targets == [("127.0.0.1", missing)]
