"""Row 17: ADLS. CTAS, select, insert, delete of a partition and drop through abfss, by a real Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration.lake.clouds import catalogs, check_refusal, check_tables_elsewhere, local_catalogs
from integration.lake.operations import check_hive, check_iceberg
from integration.services.azurite import Azurite
from integration.toolbox.lanes import Skip


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    try:
        service = Azurite()
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        service.make_container("lake")
        yield service


def _settings(service: Azurite, key: str | None = None) -> dict[str, str]:
    return {
        "fs.azure.enabled": "true",
        "azure.auth-type": "ACCESS_KEY",
        "azure.access-key": key or service.key,
        "azure.endpoint": service.endpoint,
    }


def test_tables_and_their_metastore_in_a_container(azurite: Azurite, lake: Any) -> None:
    server = lake(catalogs(_settings(azurite), f"{azurite.location('lake')}/warehouse"))
    check_hive(server, "hive", "row17")
    check_iceberg(server, "ice", "row17")


def test_tables_in_a_container(azurite: Azurite, lake: Any, tmp_path: Any) -> None:
    server = lake(local_catalogs(_settings(azurite), tmp_path))
    for catalog in ("hive", "ice"):
        check_tables_elsewhere(server, catalog, azurite.location("lake"))
        check_refusal(server, catalog, azurite.location("elsewhere"), "container 'elsewhere' does not exist")


def test_a_wrong_key_is_told(azurite: Azurite, lake: Any, tmp_path: Any) -> None:
    server = lake(local_catalogs(_settings(azurite, "AAAA" + azurite.key[4:]), tmp_path))
    for catalog in ("hive", "ice"):
        check_refusal(server, catalog, azurite.location("lake"), "denied", "azure.auth-type")
