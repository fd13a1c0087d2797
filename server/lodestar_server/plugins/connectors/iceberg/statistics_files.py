"""Statistics files: sketches of distinct values, written beside a snapshot and found through the metadata."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.puffin import Blob, read_puffin, write_puffin
from lodestar_server.plugins.connectors.iceberg.sketches import merged
from lodestar_server.plugins.connectors.iceberg.statistics import THETA
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.plugins.toolkit.files import child_of

CREATED_BY = "Lodestar"


def with_statistics(
    tables: IcebergTables,
    base: TableMetadata,
    snapshot_id: int,
    query_id: str,
    sketches: Mapping[int, Sequence[bytes]],
    *,
    complete: bool = False,
) -> TableMetadata:
    """The metadata with a statistics file of the snapshot.

    `complete`: the sketches are of all rows; else of those that the snapshot has added, and those before are merged in
    where they are known.
    """
    snapshot = base.snapshot(snapshot_id)
    if snapshot is None:
        return base
    old: Mapping[int, bytes] = {}
    first = snapshot.parent_id is None or base.snapshot(snapshot.parent_id) is None
    if not complete and not first:
        old = known_sketches(tables, base, snapshot.parent_id)
        parent = base.snapshot(snapshot.parent_id)
        if parent is not None and parent.summary.get("total-records") == "0":
            first = True
    blobs = []
    for id_, parts in sorted(sketches.items()):
        if not complete and not first and id_ not in old:
            continue  # nothing is known of the rows before
        sketch = merged([*parts, *([old[id_]] if id_ in old and not complete else [])])
        blobs.append(
            Blob(
                THETA,
                (id_,),
                snapshot_id,
                snapshot.sequence_number,
                sketch.to_bytes(),
                {"ndv": str(sketch.estimate)},
            )
        )
    if complete:
        blobs += _kept(tables, base, snapshot_id, set(sketches))
    if not blobs:
        return base
    content, footer = write_puffin(blobs, CREATED_BY)
    location = child_of(child_of(base.location, "metadata"), f"{query_id}-{uuid.uuid4()}.stats")
    tables.files.write(location, content)
    line = {
        "snapshot-id": snapshot_id,
        "statistics-path": location,
        "file-size-in-bytes": len(content),
        "file-footer-size-in-bytes": footer,
        "blob-metadata": [
            {
                "type": one.type,
                "snapshot-id": one.snapshot_id,
                "sequence-number": one.sequence_number,
                "fields": list(one.fields),
                "properties": dict(one.properties),
            }
            for one in blobs
        ],
    }
    others = tuple(one for one in base.statistics if one["snapshot-id"] != snapshot_id)
    return replace(base, statistics=(*others, line))


def _kept(tables: IcebergTables, base: TableMetadata, snapshot_id: int, analyzed: set[int]) -> list[Blob]:
    """Statistics of the same snapshot about other columns."""
    for one in base.statistics:
        if one["snapshot-id"] == snapshot_id:
            return [blob for blob in _blobs(tables, one["statistics-path"]) if not analyzed.intersection(blob.fields)]
    return []


def known_sketches(tables: IcebergTables, base: TableMetadata, snapshot_id: int | None) -> dict[int, bytes]:
    """Column id → sketch, from the newest statistics of the snapshot or one before it."""
    by_snapshot = {one["snapshot-id"]: one for one in base.statistics}
    for snapshot in base.ancestors(snapshot_id):
        line = by_snapshot.get(snapshot.id)
        if line is not None:
            found = {}
            for blob in _blobs(tables, line["statistics-path"]):
                if blob.type == THETA and len(blob.fields) == 1:
                    found[blob.fields[0]] = blob.content
            return found
        if snapshot.operation not in ("append", "replace") or snapshot.summary.get("added-records", "0") != "0":
            # Rows have changed since the statistics before.
            if snapshot.operation != "delete":
                return {}
    return {}


def _blobs(tables: IcebergTables, location: str) -> list[Blob]:
    content = tables.files.read(location)
    if content is None:
        return []
    try:
        return read_puffin(content)
    except (ValueError, KeyError, struct.error):
        return []
