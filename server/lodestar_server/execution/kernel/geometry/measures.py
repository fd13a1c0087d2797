"""Numbers of geometries."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import check_types, invalid, where_not_empty

_LINES = (values.LINE, values.MULTI_LINE)


def st_area(geometries: Any) -> Any:
    """Of collections, the sum over their parts."""
    return shapely.area(geometries)


def st_length(geometries: Any) -> Any:
    """Of lines."""
    check_types("ST_Length", geometries, *_LINES)
    return lengths(geometries)


def lengths(geometries: Any) -> Any:
    """Of lines, rounded once: the lengths of the segments are summed with more bits than they have."""
    lines, owners = shapely.get_parts(geometries, return_index=True)
    points, places = shapely.get_coordinates(lines, return_index=True)
    inside = places[1:] == places[:-1]
    steps = np.diff(points, axis=0)[inside]
    made = np.zeros(len(geometries), dtype=np.longdouble)
    np.add.at(made, owners[places[1:][inside]], np.sqrt((steps * steps).sum(axis=1)))
    return made.astype(np.float64)


def st_distance(left: Any, right: Any) -> Any:
    """NULL when one is empty."""
    return where_not_empty(np.nan_to_num(shapely.distance(left, right)), np.where(shapely.is_empty(left), left, right))


def st_coorddim(geometries: Any) -> Any:
    """Always two: more dimensions are refused when a geometry is made."""
    return np.full(len(geometries), 2, dtype=np.int8)


_DIMENSIONS = {
    values.POINT: 0,
    values.MULTI_POINT: 0,
    values.LINE: 1,
    values.MULTI_LINE: 1,
    values.POLYGON: 2,
    values.MULTI_POLYGON: 2,
}


def dimension(geometry: Any) -> int:
    """0 to 2; the greatest of a collection's parts, 0 of none."""
    kind = int(shapely.get_type_id(geometry))
    if kind == values.COLLECTION:
        return max(map(dimension, geometry.geoms), default=0)
    return _DIMENSIONS[kind]


def st_dimension(geometries: Any) -> list[int]:
    """Of empty geometries too, by their type."""
    return list(map(dimension, geometries))


def st_numgeometries(geometries: Any) -> Any:
    """None of an empty geometry."""
    return np.where(shapely.is_empty(geometries), 0, shapely.get_num_geometries(geometries))


def st_numinteriorring(geometries: Any) -> Any:
    """Holes; NULL of an empty polygon."""
    check_types("ST_NumInteriorRing", geometries, values.POLYGON)
    return where_not_empty(shapely.get_num_interior_rings(geometries), geometries)


def _rings(geometry: Any) -> int:
    polygons = [one for one in shapely.get_parts(values.leaves(geometry)) if one.geom_type == "Polygon"]
    return sum(1 + len(one.interiors) for one in polygons if not one.is_empty)


_WITH_RINGS = (values.POLYGON, values.MULTI_POLYGON, values.COLLECTION)


def st_numpoints(geometries: Any) -> Any:
    """The point that closes a ring does not count again."""
    counts = shapely.get_num_coordinates(geometries)
    for index in np.flatnonzero(np.isin(values.types(geometries), _WITH_RINGS)):
        counts[index] -= _rings(geometries[index])
    return counts


def st_x(geometries: Any) -> Any:
    """NULL of an empty point."""
    check_types("ST_X", geometries, values.POINT)
    return _bound(geometries, 0)


def st_y(geometries: Any) -> Any:
    """NULL of an empty point."""
    check_types("ST_Y", geometries, values.POINT)
    return _bound(geometries, 1)


def _bound(geometries: Any, index: int) -> Any:
    return where_not_empty(shapely.bounds(geometries)[:, index], geometries)


def st_xmin(geometries: Any) -> Any:
    """NULL of an empty geometry."""
    return _bound(geometries, 0)


def st_ymin(geometries: Any) -> Any:
    """NULL of an empty geometry."""
    return _bound(geometries, 1)


def st_xmax(geometries: Any) -> Any:
    """NULL of an empty geometry."""
    return _bound(geometries, 2)


def st_ymax(geometries: Any) -> Any:
    """NULL of an empty geometry."""
    return _bound(geometries, 3)


def line_locate_point(lines: Any, points: Any) -> Any:
    """Where on the line, from 0 to 1, the place nearest to the point is; NULL when one is empty."""
    empty = shapely.is_empty(lines) | shapely.is_empty(points)
    _check_kind("First argument to line_locate_point must be a LineString or a MultiLineString", lines, empty, _LINES)
    _check_kind("Second argument to line_locate_point must be a Point", points, empty, (values.POINT,))
    with np.errstate(invalid="ignore"):
        made = shapely.line_locate_point(lines, points) / shapely.length(lines)
    return where_not_empty(made, np.where(shapely.is_empty(lines), lines, points))


def _check_kind(message: str, geometries: Any, empty: Any, allowed: tuple[int, ...]) -> None:
    wrong = ~np.isin(values.types(geometries), allowed) & ~empty
    if wrong.any():
        raise invalid(f"{message}. Got: {geometries[np.argmax(wrong)].geom_type}")
