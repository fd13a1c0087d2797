"""Table metadata: old forms are read, what is not known stays."""

from __future__ import annotations

import gzip

import orjson
import pytest

from lodestar_server.plugins.connectors.iceberg.format.metadata import read_metadata, write_metadata

FIRST = {
    "format-version": 1,
    "location": "local:///t/",
    "last-updated-ms": 5,
    "last-column-id": 1,
    "schema": {"type": "struct", "fields": [{"id": 1, "name": "a", "required": False, "type": "int"}]},
    "partition-spec": [{"name": "a", "transform": "identity", "source-id": 1}],
    "properties": {"k": "v"},
    "current-snapshot-id": -1,
}


def test_the_first_form() -> None:
    table = read_metadata(orjson.dumps(FIRST))
    assert table.location == "local:///t"
    assert table.current_snapshot is None
    assert table.spec.fields[0].id == 1000
    assert table.last_partition_id == 1000
    assert [one.name for one in table.schema.columns] == ["a"]


def test_compressed_metadata() -> None:
    assert read_metadata(gzip.compress(orjson.dumps(FIRST))).properties == {"k": "v"}


def test_what_is_not_known_stays() -> None:
    table = read_metadata(orjson.dumps({**FIRST, "some-day": [1]}))
    written = orjson.loads(write_metadata(table))
    assert written["some-day"] == [1]
    assert read_metadata(write_metadata(table)) == table


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"null"])
def test_what_is_no_metadata(content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_metadata(content)
