"""Geometries as bytes and as encoded polylines."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import broken, check_types, invalid, objects

_MAX_COLLECTIONS = 1000


def st_geomfrombinary(blobs: Sequence[bytes]) -> Any:
    """Of WKB. Raises: INVALID_FUNCTION_ARGUMENT."""
    if any(map(_is_deep, blobs)):
        raise invalid("Invalid WKB")
    made = shapely.from_wkb(objects(blobs), on_invalid="ignore")
    if not np.isin(values.types(made), [*values.TYPE_NAMES, -1]).all():
        raise invalid("Invalid WKB")
    if shapely.is_missing(made).any():
        raise invalid("Invalid WKB")
    return values.oriented(made)


def _is_deep(blob: bytes) -> bool:
    """It may hold so many collections in each other that GEOS, which reads them by recursion, would not survive."""
    collections = blob.count(b"\x07\0\0\0") + blob.count(b"\0\0\0\x07")
    return b"\x07" in blob[1:5] and collections > _MAX_COLLECTIONS


def st_asbinary(geometries: Any) -> Any:
    """WKB, little endian."""
    return values.write(geometries)


_HEADER = 5
_SHAPES = (None, values.POINT, values.LINE, values.POLYGON, values.MULTI_POINT, values.MULTI_LINE, values.MULTI_POLYGON)


def geometry_from_hadoop_shape(blobs: Sequence[bytes]) -> Any:
    """Of a number of a reference system, a type and a shape of an Esri shapefile. Raises: INVALID_FUNCTION_ARGUMENT."""
    return values.oriented(objects([_hadoop_shape(blob) for blob in blobs]))


def _hadoop_shape(blob: bytes) -> Any:
    if len(blob) <= _HEADER:
        raise invalid("Hadoop shape input is too short")
    kind = struct.unpack_from("b", blob, 4)[0]
    if not 0 <= kind < len(_SHAPES):
        raise invalid(f"Invalid Hadoop shape type: {kind}")
    try:
        made = _shape(blob[_HEADER:])
    except (struct.error, ValueError, shapely.errors.ShapelyError):
        raise invalid("Invalid Hadoop shape") from None
    wanted = _SHAPES[kind]
    parts = list(shapely.get_parts(made))
    match wanted:
        case values.MULTI_POINT:
            return shapely.MultiPoint(parts)
        case values.MULTI_LINE:
            return shapely.MultiLineString(parts)
        case values.MULTI_POLYGON:
            return shapely.MultiPolygon(parts)
    if wanted is not None and (len(parts) > 1 or int(shapely.get_type_id(parts[0])) != wanted):
        raise invalid("Invalid Hadoop shape")
    return parts[0] if len(parts) == 1 else made


_NULL_SHAPE, _POINT_SHAPE, _LINE_SHAPE, _POLYGON_SHAPE, _MULTI_POINT_SHAPE = 0, 1, 3, 5, 8
_BOX = 36
"""Bytes of a shape's number and its bounds."""


def _shape(data: bytes) -> Any:
    kind = struct.unpack_from("<i", data)[0]
    if kind == _NULL_SHAPE:
        return shapely.Point()
    if kind == _POINT_SHAPE:
        return shapely.Point(struct.unpack_from("<2d", data, 4))
    if kind == _MULTI_POINT_SHAPE:
        (count,) = struct.unpack_from("<i", data, _BOX)
        return shapely.MultiPoint(_coordinates(data, _BOX + 4, count))
    if kind not in (_LINE_SHAPE, _POLYGON_SHAPE):
        raise ValueError(kind)
    paths, count = struct.unpack_from("<2i", data, _BOX)
    starts = struct.unpack_from(f"<{paths}i", data, _BOX + 8)
    points = _coordinates(data, _BOX + 8 + 4 * paths, count)
    pieces = np.split(points, starts[1:])
    if kind == _LINE_SHAPE:
        return shapely.MultiLineString(list(pieces))
    polygons: list[tuple[Any, list[Any]]] = []
    for piece in pieces:
        # An outer ring runs with the clock.
        if polygons and shapely.is_ccw(shapely.LinearRing(piece)):
            polygons[-1][1].append(piece)
        else:
            polygons.append((piece, []))
    return shapely.MultiPolygon(polygons)


def _coordinates(data: bytes, offset: int, count: int) -> Any:
    return np.frombuffer(data, "<f8", count * 2, offset).reshape(-1, 2)


_SCALE = 1e5
_LOW, _MORE, _FIRST = 0x1F, 0x20, 63


def to_encoded_polyline(geometries: Any) -> list[str]:
    """Five digits after the point, differences of latitude and longitude in groups of five bits."""
    check_types("encode_polyline", geometries, values.MULTI_POINT, values.LINE)
    return [_encoded(shapely.get_coordinates(geometry).tolist()) for geometry in geometries]


def _encoded(points: list[list[float]]) -> str:
    made: list[str] = []
    before = (0, 0)
    for x, y in points:
        place = (floor(y * _SCALE + 0.5), floor(x * _SCALE + 0.5))
        for now, last in zip(place, before, strict=True):
            value = (now - last) << 1
            value = ~value if value < 0 else value
            while value >= _MORE:
                made.append(chr((_MORE | (value & _LOW)) + _FIRST))
                value >>= 5
            made.append(chr(value + _FIRST))
        before = place
    return "".join(made)


def from_encoded_polyline(texts: Sequence[str]) -> Any:
    """A line. Raises: as Trino, an internal error for a text that breaks off."""
    return objects([_decoded(text) for text in texts])


def _decoded(text: str) -> Any:
    numbers: list[int] = []
    position = 0
    while position < len(text) or len(numbers) % 2:
        value = shift = 0
        while True:
            if position >= len(text):
                raise broken(f"Index {position} out of bounds for length {len(text)}")
            bits = ord(text[position]) - _FIRST
            position += 1
            value += (bits & ~_MORE if bits >= _MORE else bits) << shift
            shift += 5
            if bits < _MORE:
                break
        numbers.append(~(value >> 1) if value & 1 else value >> 1)
    latitudes, longitudes = np.cumsum(numbers[::2]), np.cumsum(numbers[1::2])
    points = np.stack((longitudes * (1 / _SCALE), latitudes * (1 / _SCALE)), axis=1)
    return shapely.LineString(points[:0] if len(points) == 1 else points)
