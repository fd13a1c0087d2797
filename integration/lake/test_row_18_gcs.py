"""Row 18: GCS. CTAS, select, insert, delete of a partition and drop through gs, by a real fake-gcs-server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from integration.lake.clouds import catalogs, check_refusal, check_tables_elsewhere, local_catalogs
from integration.lake.operations import check_hive, check_iceberg
from integration.services.gcs import GoogleStorage
from integration.toolbox.lanes import Skip
from integration.toolbox.process import NotReady


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleStorage]:
    try:
        service = GoogleStorage()
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        service.make_bucket("lake")
        yield service


def _settings(service: GoogleStorage, *, forged: bool = False) -> dict[str, str]:
    return {
        "fs.gcs.enabled": "true",
        "gcs.endpoint": service.endpoint,
        "gcs.json-key": service.key_json(forged=forged),
    }


@pytest.mark.slow
def test_tables_and_their_metastore_in_a_bucket(google: GoogleStorage, lake: Any) -> None:
    server = lake(catalogs(_settings(google), "gs://lake/warehouse"))
    check_hive(server, "hive", "row18")
    check_iceberg(server, "ice", "row18")


def test_tables_in_a_bucket(google: GoogleStorage, lake: Any, tmp_path: Any) -> None:
    server = lake(local_catalogs(_settings(google), tmp_path))
    for catalog in ("hive", "ice"):
        check_tables_elsewhere(server, catalog, "gs://lake")
        check_refusal(server, catalog, "gs://elsewhere", "bucket 'elsewhere' does not exist")


def test_a_wrong_key_is_told(google: GoogleStorage, lake: Any, tmp_path: Any) -> None:
    server = lake(local_catalogs(_settings(google, forged=True), tmp_path))
    for catalog in ("hive", "ice"):
        check_refusal(server, catalog, "gs://lake", "denied", "key")


def _with_key_at(service: GoogleStorage, file: Path, **more: str) -> dict[str, str]:
    settings = _settings(service)
    file.write_text(settings.pop("gcs.json-key"))
    return settings | more


def test_a_key_in_a_file(google: GoogleStorage, lake: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    named = _with_key_at(google, file, **{"gcs.json-key-file-path": str(file), "gcs.auth-type": "SERVICE_ACCOUNT"})
    server = lake(local_catalogs(named, tmp_path))
    check_tables_elsewhere(server, "hive", "gs://lake/keyed")
    file.write_text("[]")
    check_refusal(lake(local_catalogs(named, tmp_path)), "ice", "gs://lake", "No credentials", "json-key-file-path")
    file.unlink()
    with pytest.raises(NotReady, match=r"gcs\.json-key-file-path: file does not exist"):
        lake(local_catalogs(named, tmp_path))


@pytest.mark.parametrize("setting", ["gcs.use-access-token=true", "gcs.auth-type=ACCESS_TOKEN"])
def test_tokens_of_users(google: GoogleStorage, lake: Any, tmp_path: Path, setting: str) -> None:
    key, _, value = setting.partition("=")
    settings = {"fs.gcs.enabled": "true", "gcs.endpoint": google.endpoint, key: value}
    server = lake(local_catalogs(settings, tmp_path))
    token, name = google.give_token(), f"s{len(setting)}"
    alice = {"X_Trino_User": "alice", "X_Trino_Extra_Credential": f"gcs.oauth={token}"}
    bob = {"X_Trino_User": "bob", "X_Trino_Extra_Credential": f"gcs.oauth={quote(google.key_json())}"}
    server.run(f"CREATE SCHEMA ice.{name} WITH (location = 'gs://lake/{name}')", **alice)
    server.run(f"CREATE TABLE ice.{name}.t AS SELECT 1 AS x", **alice)
    server.run(f"INSERT INTO ice.{name}.t VALUES 2", **bob)
    refusals = {
        "": "the request has none",
        "gcs.oauth=not-a-token": "denied",
        f"gcs.oauth={quote(google.key_json(forged=True))}": "denied",
    }
    for _ in range(2):
        for who in (alice, bob):
            assert server.run(f"SELECT sum(x) FROM ice.{name}.t", **who) == [[3]]
        for given, told in refusals.items():
            headers = {"X_Trino_Extra_Credential": given} if given else {}
            message = server.fails(f"SELECT sum(x) FROM ice.{name}.t", X_Trino_User="alice", **headers)[1]
            assert told in message and "not-a-token" not in message
    google.take_back(token)
    assert "denied" in server.fails(f"INSERT INTO ice.{name}.t VALUES 4", **alice)[1]
    assert token not in server.server.log


def test_the_key_of_the_environment(google: GoogleStorage, lake: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    settings = _with_key_at(google, file, **{"gcs.auth-type": "APPLICATION_DEFAULT"})
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
    check_tables_elsewhere(lake(local_catalogs(settings, tmp_path), environment=environment), "ice", "gs://lake")
    nothing = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nothing"), "NO_GCE_CHECK": "true"}
    check_refusal(
        lake(local_catalogs(settings, tmp_path), environment=nothing), "ice", "gs://lake", "No credentials", "nothing"
    )
