"""Manifests and their lists come back as they were written, in both versions of the format."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.manifests import (
    Content,
    DataFile,
    Entry,
    Status,
    read_manifest,
    read_manifest_list,
    write_manifest,
    write_manifest_list,
)
from lodestar_server.plugins.connectors.iceberg.format.metadata import Snapshot
from lodestar_server.plugins.connectors.iceberg.format.partitioning import parse_partitioning
from lodestar_server.plugins.connectors.iceberg.format.schema import read_schema
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf

SCHEMA = read_schema(
    {
        "type": "struct",
        "schema-id": 0,
        "fields": [
            {"id": 1, "name": "Odd Name", "required": False, "type": "decimal(9, 2)"},
            {"id": 2, "name": "d", "required": False, "type": "date"},
            {"id": 3, "name": "s", "required": False, "type": "string"},
            {"id": 4, "name": "f", "required": False, "type": "double"},
        ],
    }
)
SPEC = parse_partitioning(SCHEMA, ['"Odd Name"', "day(d)", "bucket(s, 4)", "f"])
TYPES = [DecimalOf(9, 2), types.DATE, types.STRING, types.DOUBLE]
FILE = DataFile(
    Content.DATA,
    "local:///t/data/a.parquet",
    "PARQUET",
    0,
    (-5, -1, 3, float("inf")),
    100,
    1000,
    column_sizes={1: 10, 3: 20},
    value_counts={1: 100},
    null_counts={1: 0},
    nan_counts={},
    lower_bounds={3: b"a"},
    upper_bounds={3: b"b"},
    split_offsets=(4,),
    sort_order_id=0,
)
NOTHING = replace(
    FILE, path="local:///t/data/b.parquet", partition=(None, None, None, None), column_sizes=None, split_offsets=None
)


@pytest.mark.parametrize("version", [1, 2])
def test_entries(version: int) -> None:
    entries = [
        Entry(Status.ADDED, 7, 3 if version > 1 else 0, 3 if version > 1 else 0, FILE),
        Entry(Status.EXISTING, 6, 2 if version > 1 else 0, 2 if version > 1 else 0, NOTHING),
        Entry(Status.DELETED, 7, 1 if version > 1 else 0, 1 if version > 1 else 0, replace(FILE, path="c")),
    ]
    content, manifest = write_manifest(
        entries,
        path="local:///t/metadata/m0.avro",
        schema=SCHEMA,
        spec=SPEC,
        types_=TYPES,
        version=version,
        snapshot_id=7,
        sequence_number=3,
        deletes=False,
    )
    assert manifest.length == len(content)
    assert (manifest.added_files, manifest.existing_files, manifest.deleted_files) == (1, 1, 1)
    assert (manifest.added_rows, manifest.existing_rows, manifest.deleted_rows) == (100, 100, 100)
    decimals, days, buckets, floats = manifest.partitions
    assert (decimals.contains_null, decimals.lower, decimals.upper) == (True, b"\xfb", b"\xfb")
    assert (days.lower, buckets.lower) == (b"\xff\xff\xff\xff", b"\3\0\0\0")
    assert floats.contains_nan is False

    snapshot = Snapshot(7, 6, 3 if version > 1 else 0, 1, {}, "local:///t/metadata/s.avro", 0)
    (listed,) = read_manifest_list(write_manifest_list([manifest], snapshot, version))
    # Version 1 keeps neither sequence numbers nor kinds of content.
    assert listed == manifest if version > 1 else replace(manifest, sequence_number=0, min_sequence_number=0)

    found = read_manifest(
        content, listed, SPEC, [one.transform.result_type(t) for one, t in zip(SPEC.fields, TYPES, strict=True)]
    )
    assert [(one.status, one.snapshot_id) for one in found] == [(one.status, one.snapshot_id) for one in entries]
    assert [one.sequence_number for one in found] == [one.sequence_number for one in entries]
    assert found[0].file == FILE
    assert found[1].file == NOTHING


def test_deletes() -> None:
    deletes = DataFile(
        Content.EQUALITY_DELETES, "local:///t/data/d.parquet", "PARQUET", 0, (1, 2, 3, 4.0), 5, 50, equality_ids=(1, 3)
    )
    content, manifest = write_manifest(
        [Entry(Status.ADDED, 7, 3, 3, deletes)],
        path="m",
        schema=SCHEMA,
        spec=SPEC,
        types_=TYPES,
        version=2,
        snapshot_id=7,
        sequence_number=3,
        deletes=True,
    )
    assert manifest.holds_deletes
    (entry,) = read_manifest(
        content, manifest, SPEC, [one.transform.result_type(t) for one, t in zip(SPEC.fields, TYPES, strict=True)]
    )
    assert entry.file == replace(deletes, nan_counts=entry.file.nan_counts)
