"""Row 17: ADLS. CTAS, select, insert, delete of a partition and drop through abfss, by a real Azurite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.lake.scenario import Lake, check_external_refusal, check_life_of_a_table
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


@pytest.fixture(scope="module")
def lake(azurite: Azurite) -> Iterator[Lake]:
    with Lake(_settings(azurite)) as lake:
        yield lake


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_adls(lake, azurite, catalog):
    check_life_of_a_table(lake, catalog, azurite.location("lake"))


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_a_missing_container_is_named(lake, azurite, catalog):
    check_external_refusal(lake, catalog, azurite.location("elsewhere"), "container 'elsewhere' does not exist")


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_a_wrong_key_is_told(azurite, catalog):
    with Lake(_settings(azurite, "AAAA" + azurite.key[4:])) as lake:
        check_external_refusal(lake, catalog, azurite.location("lake"), "denied", "azure.auth-type")
