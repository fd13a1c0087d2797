"""Bloom filters of files that are written: which columns have one, as pyarrow's writers want to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from lodestar_server.spi.values import frozen

DEFAULT_FRACTION = 0.05


@frozen
class BloomFilters:
    """Columns by name, and the fraction of lookups that may say yes wrongly."""

    columns: tuple[str, ...] = ()
    fraction: float = DEFAULT_FRACTION

    def parquet(self, rows: int) -> dict[str, Any]:
        """Options of a ParquetWriter whose row groups have at most so many rows."""
        if not self.columns:
            return {}
        wanted = {"ndv": max(rows, 1), "fpp": self.fraction}
        return {"bloom_filter_options": dict.fromkeys(self.columns, wanted)}

    def orc(self, schema: pa.Schema) -> dict[str, Any]:
        """Options of an ORCWriter: it counts types, those inside of others too, from the row itself, which is 0."""
        ids = type_ids(schema)
        places = [ids[name] for name in self.columns if name in ids]
        return {"bloom_filter_columns": places, "bloom_filter_fpp": self.fraction} if places else {}


def type_ids(schema: pa.Schema) -> dict[str, int]:
    """The number of each top column's type in an ORC file of this schema."""
    found = {}
    following = 1
    for field in schema:
        found[field.name] = following
        following += _types(field.type)
    return found


def _types(type_: pa.DataType) -> int:
    inside: Sequence[pa.DataType] = ()
    if pa.types.is_map(type_):
        inside = (type_.key_type, type_.item_type)
    elif pa.types.is_list(type_) or pa.types.is_large_list(type_):
        inside = (type_.value_type,)
    elif pa.types.is_struct(type_):
        inside = [field.type for field in type_]
    return 1 + sum(map(_types, inside))
