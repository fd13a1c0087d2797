"""What the metastore knows of a table or partition after files were written to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from lodestar_server.plugins.toolkit.files import child_of
from lodestar_server.plugins.toolkit.metastore.figures import Figures, Known, merge_figures
from lodestar_server.plugins.toolkit.metastore.interface import PartFigures, PartWrite
from lodestar_server.plugins.toolkit.metastore.model import Partition, Table
from lodestar_server.plugins.toolkit.metastore.partition_names import make_partition_name

BASIC = ("numFiles", "numRows", "rawDataSize", "totalSize")
QUERY_ID = "trino_query_id"
VERSION = "trino_version"
TRINO_VERSION = "476"

Described = TypeVar("Described", Table, Partition)


def basic_parameters(part: PartWrite | None) -> dict[str, str]:
    """The basic figures of a write, zero for none."""
    counts = (0, 0, 0, 0) if part is None else (len(part.files), part.rows, part.memory_size, part.size)
    return {name: str(count) for name, count in zip(BASIC, counts, strict=True)}


def _added(parameters: Mapping[str, str], part: PartWrite, fresh: bool) -> dict[str, str]:
    """Basic figures with those of a write; figures that were not known stay unknown."""
    added = basic_parameters(part)
    if not fresh:
        for name in BASIC:
            old = parameters.get(name)
            if old is None or not old.lstrip("-").isdigit() or int(old) < 0:
                added.pop(name)
            else:
                added[name] = str(int(old) + int(added[name]))
    kept = {name: value for name, value in parameters.items() if name not in BASIC}
    return {**kept, **added}


def _rows(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("numRows", "")
    return int(text) if text.isdigit() else None


def _grown(old: Table | Partition, part: PartWrite) -> dict[str, Figures]:
    return merge_figures(Known(_rows(old.parameters), old.statistics), Known(part.rows, part.statistics))


def add_to_table(table: Table, part: PartWrite, fresh: bool) -> Table:
    """After files were added to a table without partitions; `fresh`: they are all it has."""
    empty = fresh or _rows(table.parameters) == 0
    return replace(
        table,
        parameters=_added(table.parameters, part, fresh),
        statistics=dict(part.statistics) if empty else _grown(table, part),
    )


def add_to_partition(partition: Partition, part: PartWrite, fresh: bool) -> Partition:
    """The same for a partition."""
    empty = fresh or _rows(partition.parameters) == 0
    return replace(
        partition,
        parameters=_added(partition.parameters, part, fresh),
        statistics=dict(part.statistics) if empty else _grown(partition, part),
    )


def new_partition(table: Table, part: PartWrite) -> Partition:
    """A partition that did not exist, with the table's columns and format."""
    assert part.values is not None
    name = make_partition_name([column.name for column in table.partition_columns], part.values)
    return Partition(
        part.values,
        table.columns,
        {VERSION: TRINO_VERSION, QUERY_ID: part.query_id, **basic_parameters(part)},
        table.storage_format,
        table.serde_parameters,
        table.bucketing,
        child_of(table.location, name),
        dict(part.statistics),
    )


def analyzed(described: Described, figures: PartFigures) -> Described:
    """With the figures of an ANALYZE; of the basic ones only the number of rows is known then, unless it is 0."""
    rows = basic_parameters(None) if figures.rows == 0 else {"numRows": str(figures.rows)}
    kept = {name: value for name, value in described.parameters.items() if name not in BASIC}
    return replace(
        described,
        parameters={**kept, **rows},
        statistics={**described.statistics, **figures.statistics},
    )


def without_figures(described: Described) -> Described:
    """Nothing is known of the rows."""
    kept = {name: value for name, value in described.parameters.items() if name not in BASIC}
    return replace(described, parameters=kept, statistics={})
