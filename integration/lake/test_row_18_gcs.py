"""Row 18: GCS. CTAS, select, insert, delete of a partition and drop through gs, by a real fake-gcs-server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.lake.scenario import Lake, check_external_refusal, check_life_of_a_table
from integration.services.gcs import GoogleStorage
from integration.toolbox.lanes import Skip


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


@pytest.fixture(scope="module")
def lake(google: GoogleStorage) -> Iterator[Lake]:
    with Lake(_settings(google)) as lake:
        yield lake


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_gcs(lake, catalog):
    check_life_of_a_table(lake, catalog, "gs://lake")


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_a_missing_bucket_is_named(lake, catalog):
    check_external_refusal(lake, catalog, "gs://elsewhere", "bucket 'elsewhere' does not exist")


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_a_wrong_key_is_told(google, catalog):
    with Lake(_settings(google, forged=True)) as lake:
        check_external_refusal(lake, catalog, "gs://lake", "denied", "key")
