"""The example of a catalog with a metastore: every line of it is a setting, with a right value."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestar_server.plugins.connectors.hive.config import AcceptedHiveConfig, HiveConfig
from lodestar_server.plugins.toolkit.metastore.opening import MetastoreKind, MetastoreOpener
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.security.opening import catalog_security
from lodestar_server.plugins.toolkit.stores.opening import StoreOpener

EXAMPLE = Path(__file__).parents[5] / "etc" / "catalog" / "warehouse.properties.example"


@pytest.mark.parametrize("kind", [MetastoreKind.THRIFT, MetastoreKind.GLUE])
def test_every_line_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: MetastoreKind) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    for name in ("core-site.xml", "hdfs-site.xml", "gcs.json"):
        (tmp_path / "etc" / name).write_text("")
    (tmp_path / "etc" / "warehouse-rules.json").write_text("{}")
    lines = [line.lstrip("#") for line in EXAMPLE.read_text().splitlines() if "=" in line and " " not in line]
    properties = dict(line.split("=", 1) for line in lines)
    assert {"hive.metastore.glue.region", "hive.metastore.uri", "fs.gcs.enabled"} <= properties.keys()
    del properties["connector.name"]
    other = "glue" if kind is MetastoreKind.THRIFT else "uri"
    properties = {key: value for key, value in properties.items() if not key.startswith(f"hive.metastore.{other}")}
    properties["hive.metastore"] = kind.name.lower()
    reading = CatalogReading(properties)
    reading.group(HiveConfig)
    reading.group(AcceptedHiveConfig)
    StoreOpener(reading)
    MetastoreOpener(reading, kind)
    assert catalog_security(reading, properties["hive.security"]).controls_access
    reading.finish()
