"""Properties files as Java writes and reads them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lodestar_server.metadata.catalog_store import FileCatalogStore, format_properties, parse_properties


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"connector.name": "memory"},
        {"a": "", "b": " leading and trailing ", "c": "a=b:c#d!e"},
        {"key with = and : and #": "x", "!bang": "y"},
        {"path": "C:\\tmp\\", "lines": "a\nb\r\tc\f", "text": "żółw 🐍"},
    ],
)
def test_round_trip(properties: dict[str, str]) -> None:
    assert parse_properties(format_properties(properties)) == properties


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# note\n! note\n\n  a = 1\nb:2\nc 3\nd", {"a": "1", "b": "2", "c": "3", "d": ""}),
        ("a=one,\\\n   two\nb=3", {"a": "one,two", "b": "3"}),
        ("a=\\u017c\\u00f3\\tx\\q", {"a": "żó\txq"}),
        ("a=ends with backslash\\\\\nb=1", {"a": "ends with backslash\\", "b": "1"}),
        ("a\\=b=c", {"a=b": "c"}),
    ],
)
def test_reading(text: str, expected: dict[str, str]) -> None:
    assert parse_properties(text) == expected


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    store = FileCatalogStore(tmp_path / "catalog")
    assert store.load() == {}
    store.save("c", "postgresql", {"connection-password": "secret"})
    store.save("c", "postgresql", {"connection-password": "other"})
    (path,) = (tmp_path / "catalog").iterdir()
    assert path.name == "c.properties"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.load() == {"c": {"connector.name": "postgresql", "connection-password": "other"}}
    store.remove("c")
    store.remove("c")
    assert store.load() == {}
