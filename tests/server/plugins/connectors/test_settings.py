"""What connectors say of their settings is what their catalogs read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestar_server.metadata.factories import FactoryRegistry
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext

_SWITCHES = {
    "iceberg.jdbc-catalog.": {"iceberg.catalog.type": "jdbc"},
    "iceberg.rest-catalog.": {"iceberg.catalog.type": "rest"},
    "security.": {"hive.security": "file", "iceberg.security": "file"},
}
"""Settings that are read only when others ask for them."""


def _unused(connector: str, key: str, place: Path) -> bool:
    """Whether a catalog with this key, and a value that no setting takes, says that nobody reads it."""
    properties = {"no.such.setting": "x", key: "?"}
    for start, switches in _SWITCHES.items():
        if key.startswith(start):
            properties |= {name: value for name, value in switches.items() if name.split(".")[0] in connector}
    with pytest.raises(ConfigurationError) as caught:
        FactoryRegistry()[connector]().create(ConnectorContext("c", "n", "476", "test", place), properties)
    unused = {one for one, message in caught.value.faults if "was not used" in message}
    assert "no.such.setting" in unused
    return key in unused


@pytest.mark.parametrize("connector", sorted(FactoryRegistry()))
def test_every_declared_setting_is_read(connector: str, tmp_path: Path) -> None:
    declared = [one.key for group in FactoryRegistry()[connector]().settings() for one in group.settings]
    assert [key for key in declared if _unused(connector, key, tmp_path)] == []
