"""Requests to S3 through a forward proxy: all of them, but those to hosts that are asked directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration.lake.asking import Lake, s3_catalog
from integration.services.certificates import Certificates
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy
from integration.services.relays import ForwardProxy, TlsFront


def _use(server: Lake, catalog: str = "hive") -> None:
    server.run(f"CREATE SCHEMA {catalog}.s")
    server.run(f"CREATE TABLE {catalog}.s.t AS SELECT x FROM UNNEST(sequence(1, 1000)) AS u (x)")
    for _ in range(2):
        assert server.run(f"SELECT sum(x) FROM {catalog}.s.t") == [[500500]]


@pytest.mark.parametrize("secure", [False, True])
def test_every_request_goes_through_it(moto: Moto, lake: Any, tmp_path: Path, secure: bool) -> None:
    certificates = Certificates.make(tmp_path)
    tls = certificates.server() if secure else None
    with RecordingProxy(moto.url) as seen, ForwardProxy("anna", "p@ss: w/ord", tls=tls) as proxy:
        properties = s3_catalog(
            seen.url,
            warehouse=f"s3://lake/proxied-{secure}",
            s3_http__proxy=proxy.address,
            **{
                "s3.http-proxy.username": "anna",
                "s3.http-proxy.password": "p@ss: w/ord",
                "s3.http-proxy.secure": str(secure).lower(),
            },
        )
        _use(lake({"hive": properties}, environment={"AWS_CA_BUNDLE": str(certificates.authority)}))
        assert [(one.method, one.path) for one in proxy.requests] == [
            (one.method, one.path.replace(" ", "%20")) for one in seen.requests
        ]
        assert all(one.authorized for one in proxy.requests)
        assert not any("proxy-authorization" in one.headers for one in seen.requests)


def test_a_store_with_tls_is_reached_through_a_tunnel(moto: Moto, lake: Any, tmp_path: Path) -> None:
    certificates = Certificates.make(tmp_path)
    with TlsFront(moto.port, certificates.server()) as store, ForwardProxy("anna", "secret") as proxy:
        properties = s3_catalog(store.url, warehouse="s3://lake/tunnel", s3_http__proxy=proxy.address)
        right = {"s3.http-proxy.username": "anna", "s3.http-proxy.password": "secret"}
        wrong = {"s3.http-proxy.username": "anna", "s3.http-proxy.password": "not-the-password"}
        trusted = {"AWS_CA_BUNDLE": str(certificates.authority)}
        server = lake({"hive": properties | right, "other": properties | wrong}, environment=trusted)
        _use(server)
        assert {(one.method, one.port) for one in proxy.requests} == {("CONNECT", store.port)}
        _check_refused(server, proxy)


def _check_refused(server: Lake, proxy: ForwardProxy) -> None:
    proxy.requests.clear()
    name, message = server.fails("SHOW SCHEMAS FROM other")
    assert name == "HIVE_FILESYSTEM_ERROR"
    assert f"The proxy {proxy.address} refuses the request (Status Code: 407)" in message
    assert "s3.http-proxy.password" in message
    assert len(proxy.requests) == 1, "a wrong password does not get better"
    assert "not-the-password" not in message and "not-the-password" not in server.server.log


def test_a_wrong_password_is_told(moto: Moto, lake: Any) -> None:
    with ForwardProxy("anna", "secret") as proxy:
        properties = s3_catalog(
            moto.url,
            warehouse="s3://lake/refused",
            s3_http__proxy=proxy.address,
            **{"s3.http-proxy.username": "anna", "s3.http-proxy.password": "not-the-password"},
        )
        _check_refused(lake({"other": properties}), proxy)


def test_a_proxy_that_is_not_there(moto: Moto, lake: Any) -> None:
    properties = s3_catalog(
        moto.url, warehouse="s3://lake/nobody", s3_http__proxy="127.0.0.1:9", s3_max__error__retries="1"
    )
    message = lake({"hive": properties}).fails("SHOW SCHEMAS FROM hive")[1]
    assert "The proxy 127.0.0.1:9 cannot be reached" in message


@pytest.mark.parametrize("patterns", ["127.0.0.1", "s3.example, 127.*", "127[.]0[.]0[.][0-9]"])
def test_some_hosts_are_asked_directly(moto: Moto, lake: Any, patterns: str) -> None:
    with ForwardProxy() as proxy:
        through = s3_catalog(
            f"http://localhost:{moto.port}", warehouse=f"s3://lake/named-{len(patterns)}", s3_http__proxy=proxy.address
        )
        through["s3.http-proxy.non-proxy-hosts"] = patterns
        direct = {**through, "s3.endpoint": moto.url, "hive.metastore.catalog.dir": f"s3://lake/direct-{len(patterns)}"}
        server = lake({"through": through, "direct": direct})
        _use(server, "through")
        assert {one.host for one in proxy.requests} == {"localhost"}
        proxy.requests.clear()
        server.run("CREATE SCHEMA direct.s2")
        server.run("CREATE TABLE direct.s2.t AS SELECT 1 AS x")
        assert not proxy.requests
