"""Rows of a page by the partition they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle
from lodestar_server.plugins.connectors.hive.partition_names import write_value
from lodestar_server.plugins.toolkit.metastore.partition_names import make_partition_name
from lodestar_server.spi.types.values import arrow_to_values


class PartitionSplitter:
    """Knows which columns of the pages are partition keys."""

    def __init__(self, columns: Sequence[HiveColumnHandle]) -> None:
        keys = [(column, place) for place, column in enumerate(columns) if column.kind is ColumnKind.PARTITION_KEY]
        self._keys = sorted(keys, key=lambda key: key[0].index)

    @property
    def partitioned(self) -> bool:
        """Without keys there is one part, `None`."""
        return bool(self._keys)

    def name_of(self, values: Sequence[str]) -> str:
        """`p=a/q=1`."""
        return make_partition_name([column.name for column, _ in self._keys], values)

    def split(self, page: pa.RecordBatch) -> Iterator[tuple[tuple[str, ...] | None, pa.RecordBatch]]:
        """Partition values and their rows. Raises: HIVE_INVALID_PARTITION_VALUE."""
        for values, places in self.places(page):
            yield values, page if places is None else page.take(places)

    def places(self, page: pa.RecordBatch) -> Iterator[tuple[tuple[str, ...] | None, pa.Array | None]]:
        """Partition values and which rows are theirs, None for all of them. Raises: HIVE_INVALID_PARTITION_VALUE.

        Each partition comes once: NULL and an empty text are the same one, and its files have one writer.
        """
        if not self._keys:
            yield None, None
            return
        codes = np.zeros(page.num_rows, dtype=np.int64)
        texts: list[list[str]] = []
        for column, place in self._keys:
            encoded = _comparable(page.column(place)).dictionary_encode(null_encoding="encode")
            indices = encoded.indices.to_numpy(zero_copy_only=False)
            first = _first_rows(indices, len(encoded.dictionary))
            values = arrow_to_values(column.type, page.column(place).take(pa.array(first, pa.int64())))
            texts.append([write_value(column.type, value) for value in values])
            codes = codes * len(texts[-1]) + indices
        order = np.argsort(codes, kind="stable")
        sorted_codes = codes[order]
        starts = np.flatnonzero(np.concatenate([[True], sorted_codes[1:] != sorted_codes[:-1]]))
        places = pa.array(order, pa.int64())
        parts: dict[tuple[str, ...], list[pa.Array]] = {}
        for start, end in zip(starts, [*starts[1:], page.num_rows], strict=True):
            code = int(sorted_codes[start])
            found = []
            for choices in reversed(texts):
                code, which = divmod(code, len(choices))
                found.append(choices[which])
            parts.setdefault(tuple(reversed(found)), []).append(places.slice(start, end - start))
        for names, some in parts.items():
            yield names, None if len(parts) == 1 else some[0] if len(some) == 1 else pa.concat_arrays(some)


def _comparable(values: pa.Array) -> pa.Array:
    if pa.types.is_struct(values.type):  # timestamps with more than six digits
        micros = pc.cast(values.field("t"), pa.int64()).cast(pa.string())
        joined = pc.binary_join_element_wise(micros, values.field("p").cast(pa.string()), ".")
        return pc.if_else(values.is_null(), pa.nulls(len(values), pa.string()), joined)
    return values


def _first_rows(indices: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """For each dictionary index a row that has it."""
    first = np.zeros(count, dtype=np.int64)
    first[indices[::-1]] = np.arange(len(indices) - 1, -1, -1)
    return first
