"""Counts and bounds of several files together, from what manifests tell of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile
from lodestar_server.plugins.connectors.iceberg.format.types import Field
from lodestar_server.plugins.connectors.iceberg.format.values import from_bytes
from lodestar_server.spi.values import frozen

_FLOATS = (ice.FLOAT, ice.DOUBLE)


@frozen
class ColumnFigures:
    """Of one column; None is not known. `low` and `high` are raw values, `size` is in bytes on disk."""

    nulls: int | None
    nans: int | None
    low: Any
    high: Any
    size: int | None


@frozen
class PartitionFigures:
    """Of several files."""

    records: int
    columns: Mapping[int, ColumnFigures]


Identity = Callable[[DataFile], Mapping[int, Any]]
"""Raw values of the columns that are the same in all of a file, by column id."""


def partition_figures(
    files: Sequence[DataFile], fields: Iterable[Field], identity: Identity = lambda _: {}
) -> PartitionFigures:
    """A count is known when it is known of every file; a bound when it is known of every file that has values."""
    known = [(one, identity(one)) for one in files]
    return PartitionFigures(sum(one.records for one in files), {one.id: _column(known, one) for one in fields})


_Known = Sequence[tuple[DataFile, Mapping[int, Any]]]


def _column(files: _Known, field: Field) -> ColumnFigures:
    sizes = [size for one, _ in files if (size := (one.column_sizes or {}).get(field.id)) is not None]
    return ColumnFigures(
        _sum(_nulls(one, values, field.id) for one, values in files),
        _sum((one.nan_counts or {}).get(field.id) for one, _ in files),
        _bound(files, field, upper=False),
        _bound(files, field, upper=True),
        sum(sizes) if sizes else None,
    )


def _nulls(file: DataFile, values: Mapping[int, Any], id_: int) -> int | None:
    if id_ in values:
        return file.records if values[id_] is None else 0
    return (file.null_counts or {}).get(id_)


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _bound(files: _Known, field: Field, *, upper: bool) -> Any:
    found = []
    for one, values in files:
        nulls = _nulls(one, values, field.id)
        if nulls is not None and nulls == one.records:
            continue  # no value to bound
        if field.id in values:
            found.append(values[field.id])
            continue
        content = ((one.upper_bounds if upper else one.lower_bounds) or {}).get(field.id)
        if content is None:
            return None
        value = from_bytes(field.type, content)
        if field.type in _FLOATS and value != value:
            return None
        found.append(value)
    if not found:
        return None
    return max(found) if upper else min(found)
