"""Values of columns that are not in the file: partition keys and hidden columns."""

from __future__ import annotations

import re
from typing import Any

from lodestar_server.plugins.connectors.hive.handles import (
    BUCKET,
    FILE_SIZE,
    MODIFIED,
    PARTITION,
    PATH,
    ColumnKind,
    HiveColumnHandle,
    HiveSplit,
)
from lodestar_server.plugins.toolkit.files import name_of

_BUCKET_FILE = re.compile(r"(0\d+)_\d+.*|.*_bucket-(\d+).*|bucket_(\d+).*")
_PICOSECONDS_PER_MILLISECOND = 1_000_000_000
_NANOSECONDS_PER_MILLISECOND = 1_000_000


def constant_of(column: HiveColumnHandle, split: HiveSplit) -> Any:
    """The value in every row of the split, as in `ir.Constant`."""
    if column.kind is ColumnKind.PARTITION_KEY:
        return split.values[column.index]
    match column.name:
        case name if name == PATH:
            return split.location
        case name if name == FILE_SIZE:
            return split.size
        case name if name == MODIFIED:
            millis = split.modified_nanos // _NANOSECONDS_PER_MILLISECOND
            return (millis * _PICOSECONDS_PER_MILLISECOND, "UTC")
        case name if name == PARTITION:
            return split.partition
        case name if name == BUCKET:
            return bucket_of(name_of(split.location))
    raise ValueError(f"not a constant: {column}")


def bucket_of(file: str) -> int | None:
    """The number of the bucket that a file's name tells."""
    match = _BUCKET_FILE.fullmatch(file)
    return None if match is None else int(next(group for group in match.groups() if group is not None))
