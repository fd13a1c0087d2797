from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.scripted_http import answer, document, scripted

from lodestar_server.plugins.toolkit.stores.s3.mapping_source import MappingSource, load_mappings
from lodestar_server.plugins.toolkit.stores.s3.settings import S3MappingSettings
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.plugin import load_group
from lodestar_server.spi.session import Identity


def _settings(**more: str) -> S3MappingSettings:
    return load_group(
        S3MappingSettings,
        {"s3.security-mapping.enabled": "true"}
        | {f"s3.security-mapping.{key.replace('_', '-')}": value for key, value in more.items()},
    )


def _mappings(role: str) -> dict[str, Any]:
    return {"mappings": [{"iamRole": role}]}


def _role(source: MappingSource) -> Any:
    return dict(source.standing(Identity("alice"), GENERIC_INTERNAL_ERROR).changes("b", ""))["iamRole"]


def test_a_file_is_read_again_after_its_period(tmp_path: Path) -> None:
    clock, file = ManualClock(), tmp_path / "mappings.json"
    file.write_text(json.dumps(_mappings("one")))
    source = MappingSource(_settings(config_file=str(file), refresh_period="30s"), clock)
    assert _role(source) == "one"
    file.write_text(json.dumps(_mappings("two")))
    clock.advance(29)
    assert _role(source) == "one"
    clock.advance(1)
    assert _role(source) == "two"


def test_without_a_period_it_is_read_once(tmp_path: Path) -> None:
    clock, file = ManualClock(), tmp_path / "mappings.json"
    file.write_text(json.dumps(_mappings("one")))
    source = MappingSource(_settings(config_file=str(file)), clock)
    source.load()
    file.unlink()
    clock.advance(1e6)
    assert _role(source) == "one"


def test_mappings_that_cannot_be_read_again_count_no_more(tmp_path: Path) -> None:
    clock, file = ManualClock(), tmp_path / "mappings.json"
    file.write_text(json.dumps(_mappings("one")))
    source = MappingSource(_settings(config_file=str(file), refresh_period="1s"), clock)
    source.load()
    clock.advance(2)
    file.write_text("{}")
    for _ in range(2):
        with pytest.raises(LodestarError, match="S3 security mappings have no list 'mappings'"):
            _role(source)
    file.write_text(json.dumps(_mappings("two")))
    assert _role(source) == "two"


def test_an_address_and_a_pointer() -> None:
    server = scripted([document({"data": [{"of/s3": _mappings("far")}]}), answer(500)])
    try:
        settings = _settings(config_uri=f"{server.url}/mappings", json_pointer="/data/0/of~1s3")
        assert dict(load_mappings(settings)[0].values) == {"iamRole": "far"}
        with pytest.raises(ValueError, match="S3 security mappings cannot be read: HTTP Error 500"):
            load_mappings(settings)
    finally:
        server.close()


def test_other_addresses_are_refused() -> None:
    with pytest.raises(ValueError, match="is not an HTTP address"):
        load_mappings(_settings(config_uri="file:///etc/passwd"))
