"""Between columns of DuckDB and arrays of shapely's objects, and what a geometry looks like at rest.

At rest a geometry is WKB, little endian, two dimensions; the outer ring of a polygon runs against the clock, its holes
with it (Trino's own order is the reverse, which only ST_Points and GeoJSON show). A ring without area stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.geospatial import GEOMETRIES, GEOMETRY
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, INVALID_FUNCTION_ARGUMENT

POINT, LINE, RING, POLYGON, MULTI_POINT, MULTI_LINE, MULTI_POLYGON, COLLECTION = range(8)
"""Shapely's numbers of the types."""

TYPE_NAMES = {
    POINT: "POINT",
    LINE: "LINE_STRING",
    POLYGON: "POLYGON",
    MULTI_POINT: "MULTI_POINT",
    MULTI_LINE: "MULTI_LINE_STRING",
    MULTI_POLYGON: "MULTI_POLYGON",
    COLLECTION: "GEOMETRY_COLLECTION",
}
"""As messages say them."""

OGC_NAMES = {
    POINT: "Point",
    LINE: "LineString",
    POLYGON: "Polygon",
    MULTI_POINT: "MultiPoint",
    MULTI_LINE: "MultiLineString",
    MULTI_POLYGON: "MultiPolygon",
    COLLECTION: "GeometryCollection",
}

_WKB = pa.binary()
_ARROW = {
    GEOMETRY: _WKB,
    GEOMETRIES: pa.list_(_WKB),
    "POINTS": pa.struct([("f0", _WKB), ("f1", _WKB)]),
    "BLOB": pa.binary(),
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "INTEGER[]": pa.list_(pa.int32()),
    "BIGINT[]": pa.list_(pa.int64()),
}


def invalid(message: str) -> ValueError:
    """An argument that Trino refuses."""
    return ValueError(marked(INVALID_FUNCTION_ARGUMENT, message))


def broken(message: str) -> ValueError:
    """A failure that Trino reports as its own."""
    return ValueError(marked(GENERIC_INTERNAL_ERROR, message))


def call(
    function: Callable[..., Any], columns: Sequence[Any], parameters: Sequence[str], result: str
) -> pa.Array | pa.ChunkedArray:
    """`function` over the rows that have every argument; the others are NULL.

    It gets arrays: of geometries, of lists of geometries (None inside stands for NULL), of numbers, or lists of texts;
    it gives an array, a list (None stands for NULL) or an Arrow array of as many rows.
    """
    columns = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
    present = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        if column.null_count:
            present &= column.is_valid().to_numpy(zero_copy_only=False)
    complete = bool(present.all())
    if not complete:
        columns = [column.filter(pa.array(present)) for column in columns]
    if len(columns[0]) == 0:
        return pa.nulls(len(present), _ARROW[result])
    made = _encode(function(*(_decode(c, p) for c, p in zip(columns, parameters, strict=True))), result)
    if complete:
        return made
    rows = np.cumsum(present) - 1
    return made.take(pa.array(rows, mask=~present))


def _decode(column: pa.Array, type_: str) -> Any:
    if type_ == GEOMETRY:
        return read(column)
    if type_ == GEOMETRIES:
        everything = read(column.flatten())
        ends = np.cumsum(column.value_lengths().to_numpy(zero_copy_only=False))
        return np.split(everything, ends[:-1])
    if type_ in ("VARCHAR", "BLOB"):
        return column.to_pylist()
    return column.to_numpy(zero_copy_only=False)


def _encode(made: Any, type_: str) -> pa.Array:
    if isinstance(made, pa.Array):
        return made
    if type_ == GEOMETRY:
        return write(made)
    if type_ == GEOMETRIES:
        lengths = [0 if one is None else len(one) for one in made]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        parts = [part for one in made if one is not None for part in one]
        missing = pa.array([one is None for one in made])
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), write(parts), mask=missing)
    if type_ == "POINTS":
        pairs = [(None, None) if one is None else one for one in made]
        sides = [write([pair[side] for pair in pairs]) for side in (0, 1)]
        missing = pa.array([one is None for one in made])
        return pa.StructArray.from_arrays(sides, ["f0", "f1"], mask=missing)
    return pa.array(made, type=_ARROW[type_])


def objects(geometries: Sequence[Any]) -> Any:
    """An array of geometries."""
    made = np.empty(len(geometries), dtype=object)
    made[:] = geometries
    return made


_REPEATS = 4
"""Rows a geometry must stand in, on average, to be worth preparing."""

_POINT_WKB = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])
"""Points are most of what there is, so a column of nothing else is read and written without a call for each."""


def read(column: pa.Array) -> Any:
    """Geometries of a column of WKB, None for NULL."""
    points = _points_of(column)
    if points is not None:
        return shapely.points(points["x"], points["y"])
    if column.null_count:
        return shapely.from_wkb(objects(column.to_pylist()))
    # A constant is one geometry in every row: read once and prepared for many questions.
    coded = column.dictionary_encode()
    distinct = shapely.from_wkb(objects(coded.dictionary.to_pylist()))
    if len(distinct) <= len(column) // _REPEATS:
        shapely.prepare(distinct)
    return distinct[coded.indices.to_numpy()]


def _points_of(column: pa.Array) -> Any:
    """The column as an array of `_POINT_WKB` when it is one."""
    if column.type != _WKB or column.null_count or len(column) == 0:
        return None
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    start, end = int(offsets[0]), int(offsets[-1])
    if end - start != _POINT_WKB.itemsize * len(column) or (np.diff(offsets) != _POINT_WKB.itemsize).any():
        return None
    points = np.frombuffer(column.buffers()[2], np.uint8)[start:end].view(_POINT_WKB)
    plain = (points["order"] == 1) & (points["type"] == 1) & ~np.isnan(points["x"])
    return points if plain.all() else None


def write(geometries: Any) -> pa.Array:
    """A column of WKB."""
    if not isinstance(geometries, np.ndarray):
        geometries = objects(geometries)
    if len(geometries) and (types(geometries) == POINT).all() and not shapely.is_empty(geometries).any():
        points = np.empty(len(geometries), _POINT_WKB)
        points["order"], points["type"] = 1, 1
        points["x"], points["y"] = shapely.get_x(geometries), shapely.get_y(geometries)
        offsets = np.arange(len(geometries) + 1, dtype=np.int32) * _POINT_WKB.itemsize
        buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(points.tobytes())]
        return pa.Array.from_buffers(_WKB, len(geometries), buffers)
    return pa.array(shapely.to_wkb(geometries, output_dimension=2, byte_order=1), type=_WKB)


def oriented(geometries: Any) -> Any:
    """The same with rings as they are at rest."""
    turned = shapely.orient_polygons(geometries)
    return np.where(shapely.area(geometries) > 0, turned, geometries)


def types(geometries: Any) -> Any:
    """The number of each geometry's type."""
    return shapely.get_type_id(geometries)


def check_types(function: str, geometries: Any, *allowed: int, words: str = "{} only applies to {}") -> None:
    """Raises: INVALID_FUNCTION_ARGUMENT naming the first type that is not allowed; sets are told in Trino's order."""
    kinds = types(geometries)
    wrong = ~np.isin(kinds, allowed)
    if wrong.any():
        kind = int(kinds[np.argmax(wrong)])
        order = [one for one in (POINT, MULTI_POINT, LINE, MULTI_LINE, POLYGON, MULTI_POLYGON) if one in allowed]
        names = " or ".join(TYPE_NAMES[one] for one in order)
        raise invalid(f"{words.format(function, names)}. Input type is: {TYPE_NAMES[kind]}")


def where_not_empty(values: Any, geometries: Any) -> pa.Array:
    """Numbers, NULL for empty geometries."""
    return pa.array(values, mask=np.asarray(shapely.is_empty(geometries)))


def leaves(geometry: Any) -> list[Any]:
    """The geometries of a collection, at any depth; any other geometry is its own."""
    if geometry.geom_type != "GeometryCollection":
        return [geometry]
    return [leaf for part in geometry.geoms for leaf in leaves(part)]
