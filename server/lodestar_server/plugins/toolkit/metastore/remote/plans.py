"""What a write over a remote metastore is about to do, as it stands in its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import Enum
from typing import Any

import orjson

from lodestar_server.plugins.toolkit.files import child_of
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.model import Partition
from lodestar_server.plugins.toolkit.metastore.remote.registry import Values
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.values import frozen


class Kind(Enum):
    """Who decides whether a write has happened."""

    ROWS = "rows"
    """The outcome beside the journal: done or undone, whoever writes it first."""

    TABLE = "table"
    """The metastore: the table is there, and the query that has made it is the journal's."""


@frozen
class Plan:
    """`adds` and `removes`: locations of files. `partitions`: those that get rows, as they are made when missing.

    `figures`: the basic figures before and after, of the table (no values) or of partitions.
    """

    kind: Kind
    table: SchemaTableName
    query_id: str
    adds: tuple[str, ...]
    removes: tuple[str, ...] = ()
    partitions: tuple[Partition, ...] = ()
    figures: Mapping[Values, tuple[Mapping[str, str], Mapping[str, str]]] = field(default_factory=dict)

    def to_bytes(self, location: str) -> bytes:
        """`location`: of the table. What is below it is told from there, so that it may be renamed."""
        return documents.dump(
            {
                "kind": self.kind.value,
                "schema": self.table.schema,
                "table": self.table.table,
                "queryId": self.query_id,
                "adds": [_short(one, location) for one in self.adds],
                "removes": [_short(one, location) for one in self.removes],
                "partitions": [
                    {
                        "values": list(one.values),
                        "location": _short(one.location, location),
                        "document": documents.document_of(one),
                    }
                    for one in self.partitions
                ],
                "figures": [
                    {"values": list(values), "before": dict(before), "after": dict(after)}
                    for values, (before, after) in self.figures.items()
                ],
            }
        )


def read_plan(content: bytes, location: str) -> Plan:
    """The inverse. Raises: HIVE_INVALID_METADATA."""
    found: dict[str, Any] = documents.load(content, "a write's journal")
    return Plan(
        Kind(found["kind"]),
        SchemaTableName(found["schema"], found["table"]),
        found["queryId"],
        tuple(_long(one, location) for one in found["adds"]),
        tuple(_long(one, location) for one in found["removes"]),
        tuple(
            replace(
                documents.read_partition(tuple(one["values"]), one["document"], ""),
                location=_long(one["location"], location),
            )
            for one in found["partitions"]
        ),
        {tuple(one["values"]): (one["before"], one["after"]) for one in found["figures"]},
    )


def outcome(done: bool, token: str) -> bytes:
    """What is written beside the journal by whoever decides."""
    return orjson.dumps({"done": done, "by": token})


def is_done(content: bytes) -> bool:
    """The inverse."""
    return bool(orjson.loads(content)["done"])


def _short(place: str, location: str) -> str:
    home = child_of(location, "")
    return place.removeprefix(home) if place.startswith(home) else place


def _long(place: str, location: str) -> str:
    return place if "://" in place or place.startswith("file:/") else child_of(location, place)
