"""New geometries out of one: hulls, centers, simpler shapes and buffers, with the coordinates of GEOS."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import cos, dist, fsum, isinf, isnan, pi, sin
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.arrangement import EMPTY, arranged, closed, rings_of
from lodestar_server.execution.kernel.geometry.measures import dimension, lengths
from lodestar_server.execution.kernel.geometry.values import check_types, invalid, objects

_QUARTER = 24
"""Segments of a quarter of a circle."""


def st_convexhull(geometries: Any) -> Any:
    """Points and empty geometries stay themselves."""
    return objects([_hull(geometry) for geometry in geometries])


def _hull(geometry: Any) -> Any:
    if geometry.is_empty or geometry.geom_type == "Point":
        return geometry
    made = shapely.convex_hull(geometry)
    given = list(map(tuple, shapely.get_coordinates(geometry).tolist()))
    if made.geom_type == "LineString":
        return made if made.coords[0] == min(made.coords, key=given.index) else shapely.reverse(made)
    if made.geom_type != "Polygon":
        return made
    # From the point that was given first.
    points = shapely.get_coordinates(shapely.orient_polygons(made).exterior)[:-1]
    return shapely.Polygon(closed(points, lambda point: given.index(tuple(point))))


def convex_hull_agg(rows: Sequence[Any]) -> Any:
    """Geometry by geometry, a lesser dimension before the hull so far."""
    made = []
    for row in rows:
        hull = None
        for geometry in row:
            parts = [geometry] if hull is None else sorted((hull, geometry), key=dimension)
            hull = _hull(parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts))
        made.append(hull)
    return objects(made)


def st_centroid(geometries: Any) -> Any:
    """An empty point of an empty geometry."""
    kinds = (values.POINT, values.MULTI_POINT, values.LINE, values.MULTI_LINE, values.POLYGON, values.MULTI_POLYGON)
    check_types("ST_Centroid", geometries, *kinds)
    made = shapely.centroid(geometries)
    for index in np.flatnonzero(np.isin(values.types(geometries), (values.LINE, values.MULTI_LINE))):
        if geometries[index].length:
            made[index] = _middle(geometries[index])
    return made


def _middle(lines: Any) -> Any:
    """The mean of the middles of segments, each weighted by its length, with sums that are rounded once."""
    shares = []
    for line in shapely.get_parts(lines):
        for (x, y), (to_x, to_y) in pairwise(shapely.get_coordinates(line).tolist()):
            length = dist((x, y), (to_x, to_y))
            shares.append(((x + to_x) / 2 * length, (y + to_y) / 2 * length))
    total = float(lengths([lines])[0])
    return shapely.Point(*(fsum(share) / total for share in zip(*shares, strict=True)))


def simplify_geometry(geometries: Any, tolerances: Any) -> Any:
    """Keeps the topology. Raises: INVALID_FUNCTION_ARGUMENT."""
    if np.isnan(tolerances).any():
        raise invalid("distanceTolerance is NaN")
    if (tolerances < 0).any():
        raise invalid("distanceTolerance is negative")
    pairs = zip(geometries, tolerances.tolist(), strict=True)
    return values.oriented(objects([_simplified(geometry, tolerance) for geometry, tolerance in pairs]))


def _simplified(geometry: Any, tolerance: float) -> Any:
    if tolerance == 0:
        return geometry
    made = shapely.simplify(geometry, tolerance)
    if made.geom_type not in ("Polygon", "MultiPolygon"):
        return made
    # A ring that lost its first point starts at the first that it kept, in the order that was given.
    given: dict[tuple[float, ...], int] = {}
    for index, point in enumerate(shapely.get_coordinates(geometry).tolist()):
        given.setdefault(tuple(point), index)
    polygons = [
        shapely.Polygon(
            *rings_of(part, lambda ring: closed(shapely.get_coordinates(ring)[:-1], lambda p: given[tuple(p)]))
        )
        for part in shapely.get_parts(made)
        if not part.is_empty
    ]
    return shapely.MultiPolygon(polygons) if made.geom_type == "MultiPolygon" else (polygons or [made])[0]


def st_buffer(geometries: Any, distances: Any) -> Any:
    """All points within a distance; NULL of an empty geometry. Raises: INVALID_FUNCTION_ARGUMENT."""
    made = []
    for geometry, distance in zip(geometries, distances.tolist(), strict=True):
        if isnan(distance):
            raise invalid("distance is NaN")
        if distance < 0:
            raise invalid("distance is negative")
        if distance == 0:
            made.append(geometry)
        elif geometry.is_empty:
            made.append(None)
        elif isinf(distance):
            made.append(shapely.MultiPolygon())
        elif geometry.geom_type == "Point":
            made.append(_circle(geometry.x, geometry.y, distance))
        else:
            result = shapely.buffer(geometry, distance, quad_segs=_QUARTER)
            made.append(arranged(result, empty=EMPTY[2]))
    return objects(made)


def _circle(x: float, y: float, radius: float) -> Any:
    """Turned step by step from the top of each quarter, which is where its rounding comes from."""
    step = pi / 2 / _QUARTER
    turn_x, turn_y = cos(step), sin(step)
    quarter = [(0.0, radius)]
    for _ in range(_QUARTER - 1):
        a, b = quarter[-1]
        quarter.append((a * turn_x + b * turn_y, b * turn_x - a * turn_y))
    points: list[tuple[float, float]] = []
    for sign_x, sign_y, swapped in ((1, 1, False), (-1, 1, True), (-1, -1, False), (1, -1, True)):
        for a, b in reversed(quarter):
            p, q = (b, a) if swapped else (a, b)
            points.append((x + sign_x * p, y + sign_y * q))
    return shapely.Polygon([points[-1], *points])
