"""Which access control a catalog's file asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.security.opening import (
    CatalogSecurity,
    FileSecurity,
    FileSecurityConfig,
    catalog_security,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import ConfigurationError
from lodestar_server.spi.properties import Duration
from lodestar_server.spi.session import Identity

ALICE = Identity("alice")


def opened(kind: str, **properties: str) -> CatalogSecurity:
    reading = CatalogReading({key.replace("__", ".").replace("_", "-"): one for key, one in properties.items()})
    found = catalog_security(reading, kind)
    reading.finish()
    return found


@pytest.mark.parametrize(
    ("kind", "controls", "owners"),
    [("allow-all", False, True), ("ALLOW_ALL", False, True), ("System", False, False), ("READ_ONLY", True, True)],
)
def test_kinds_in_any_case(kind: str, controls: bool, owners: bool) -> None:
    found = opened(kind)
    assert (found.controls_access, found.manages_owners) == (controls, owners)


def test_settings_of_a_file_belong_to_file() -> None:
    with pytest.raises(ConfigurationError, match="was not used"):
        opened("read-only", security__config_file="x")


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "must be set"),
        ({"security__config_file": "/nowhere/rules.json"}, "cannot be read: No such file"),
        ({"security__config_file": "x", "security__refresh_period": "0s"}, "security.refresh-period"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start(properties: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        opened("file", **properties)


def test_every_fault_of_the_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text('{"schemas": [{"owner": 1}], "x": 1}')
    with pytest.raises(ConfigurationError) as raised:
        opened("FILE", security__config_file=str(path))
    assert [message.removeprefix(f"{path}: ") for _, message in raised.value.faults] == [
        "schemas[0]: 'owner' is neither true nor false",
        "'x' is not known here",
    ]


def test_the_file_is_read_again_after_the_period(tmp_path: Path) -> None:
    path, now = tmp_path / "rules.json", [0.0]
    path.write_text('{"schemas": []}')
    source = FileSecurityConfig(file=str(path), refresh_period=Duration(10))
    found = FileSecurity(source, clock=lambda: now[0])
    path.write_text("{}")
    now[0] = 9.0
    with pytest.raises(LodestarError, match="Cannot drop schema s"):
        found.access(ALICE).check_can_drop_schema("s")
    now[0] = 10.0
    found.access(ALICE).check_can_drop_schema("s")
    path.write_text("{")
    now[0] = 20.0
    for _ in range(2):  # old rules do not go on
        with pytest.raises(LodestarError, match=f"Invalid JSON file '{path}': not JSON") as raised:
            found.access(ALICE)
        assert raised.value.code.name == "GENERIC_INTERNAL_ERROR"
    path.unlink()
    with pytest.raises(LodestarError, match="cannot be read"):
        found.access(ALICE)
