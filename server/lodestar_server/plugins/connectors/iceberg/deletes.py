"""Which rows of a data file are gone: position deletes and equality deletes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import Content, DataFile
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.types import Field
from lodestar_server.plugins.connectors.iceberg.opening import Fetched, read_columns
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError

DELETED_PATH = Field(2_147_483_546, "file_path", ice.STRING, True)
DELETED_POSITION = Field(2_147_483_545, "pos", ice.LONG, True)


class DeletedRows:
    """Of one data file."""

    def __init__(
        self,
        files: FileSystem,
        metadata: TableMetadata,
        file: DataFile,
        deletes: Sequence[tuple[int, DataFile]],
        fetched: Fetched | None = None,
    ) -> None:
        positions = [one for _, one in deletes if one.content is Content.POSITION_DELETES]
        self._positions = _positions(files, file, positions, fetched)
        self._equal: dict[tuple[int, ...], pa.Table] = {}
        groups: dict[tuple[int, ...], list[DataFile]] = {}
        for _, one in deletes:
            if one.content is Content.EQUALITY_DELETES:
                groups.setdefault(tuple(sorted(one.equality_ids or ())), []).append(one)
        self.fields: dict[int, Field] = {}
        for ids, members in groups.items():
            fields = [_field(metadata, id_) for id_ in ids]
            self.fields.update({field.id: field for field in fields})
            batches = [batch for member in members for batch in read_columns(files, member, fields, fetched=fetched)]
            if batches:
                self._equal[ids] = pa.Table.from_batches(batches)

    def kept(self, start: int, batch: pa.RecordBatch, places: dict[int, int]) -> pa.Array | None:
        """Which rows of a batch stay, None for all. `start`: its first row's place in the file; `places`: where the
        columns of `fields` are in it."""
        mask: npt.NDArray[np.bool_] | None = None
        if len(self._positions):
            low, high = np.searchsorted(self._positions, [start, start + batch.num_rows])
            if high > low:
                mask = np.ones(batch.num_rows, np.bool_)
                mask[self._positions[low:high] - start] = False
        for ids, gone in self._equal.items():
            equal = _equal_rows([batch.column(places[id_]) for id_ in ids], gone)
            mask = ~equal if mask is None else mask & ~equal
        return None if mask is None else pa.array(mask)


def _field(metadata: TableMetadata, id_: int) -> Field:
    for schema in (metadata.schema, *reversed(metadata.schemas)):
        found = schema.fields.get(id_)
        if found is not None:
            return found
    not_supported(f"Equality delete on unknown column {id_}")


def _positions(
    files: FileSystem, file: DataFile, deletes: Sequence[DataFile], fetched: Fetched | None
) -> npt.NDArray[np.int64]:
    found = []
    for one in deletes:
        if one.format == "PUFFIN":
            raise LodestarError(GENERIC_INTERNAL_ERROR, "Unexpected PUFFIN file format")
        for batch in read_columns(files, one, [DELETED_PATH, DELETED_POSITION], fetched=fetched):
            chosen = batch.filter(pc.equal(batch.column(0), file.path))
            found.append(chosen.column(1).to_numpy(zero_copy_only=False).astype(np.int64))
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _equal_rows(columns: Sequence[pa.Array], gone: pa.Table) -> npt.NDArray[np.bool_]:
    """NULL equals NULL here."""
    if len(columns) == 1 and not pa.types.is_nested(columns[0].type):
        values = gone.column(0).combine_chunks()
        found: npt.NDArray[np.bool_] = pc.is_in(columns[0], value_set=values).to_numpy(zero_copy_only=False)
        return found
    taken = set(zip(*(map(repr, column.to_pylist()) for column in gone.columns), strict=True))
    rows = zip(*(map(repr, column.to_pylist()) for column in columns), strict=True)
    return np.fromiter((row in taken for row in rows), np.bool_, len(columns[0]))
