"""Texts of session properties to values and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.catalogs import manager
from tests.fakes.counting_connector import CountingConnector

from lodestar_server.metadata.session_properties import (
    decode_session_properties,
    decode_session_text,
    encode_session_value,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, VARCHAR, ArrayType, MapType, Type


def _positive(value: Any) -> Any:
    if value <= 0:
        raise ValueError("size must be positive")
    return value


class Configurable(CountingConnector):
    def session_properties(self) -> list[PropertyMetadata]:
        return [
            PropertyMetadata("size", "A size", BIGINT, 10, decode=_positive),
            PropertyMetadata("label", "A label", VARCHAR),
        ]


@pytest.mark.parametrize(
    ("type_", "text", "value", "shown"),
    [
        (BOOLEAN, "TRUE", True, "true"),
        (BOOLEAN, "yes", False, "false"),
        (INTEGER, "-7", -7, "-7"),
        (DOUBLE, "0.5", 0.5, "0.5"),
        (VARCHAR, "x y", "x y", "x y"),
        (ArrayType(VARCHAR), '["a","b"]', ("a", "b"), '["a","b"]'),
        (MapType(VARCHAR, BIGINT), '{"a":1}', (("a", 1),), '{"a":1}'),
    ],
)
def test_values(type_: Type, text: str, value: Any, shown: str) -> None:
    assert decode_session_text(type_, text) == value
    assert encode_session_value(type_, value) == shown


def test_null_is_shown_as_nothing() -> None:
    assert encode_session_value(VARCHAR, None) == ""


@pytest.mark.parametrize(
    ("texts", "expected"),
    [({}, {"size": 10, "label": None}), ({"size": "5", "label": "x"}, {"size": 5, "label": "x"})],
)
def test_defaults(tmp_path: Path, texts: dict[str, str], expected: dict[str, Any]) -> None:
    catalog = manager(tmp_path).add("c", "configurable", Configurable())
    assert decode_session_properties(catalog, texts) == expected


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"nosuch": "1"}, "Session property 'c.nosuch' does not exist"),
        ({"size": "0"}, "Session property 'c.size' is invalid: size must be positive"),
    ],
)
def test_refusals(tmp_path: Path, texts: dict[str, str], message: str) -> None:
    catalog = manager(tmp_path).add("c", "configurable", Configurable())
    with pytest.raises(LodestarError) as caught:
        decode_session_properties(catalog, texts)
    assert (caught.value.code.name, caught.value.message) == ("INVALID_SESSION_PROPERTY", message)
