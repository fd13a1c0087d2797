"""New geometries out of old ones, in the order and with the types that Trino 476 gives.

Its results come from Esri's library: rings start at their lowest, leftmost point, points and lines are sorted from
below, and the kinds of the parts say the type. The coordinates are those of GEOS, which computes exactly where the
other rounds to a tolerance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import atan2, cos, dist, fsum, isinf, isnan, pi, sin
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.measures import dimension, lengths
from lodestar_server.execution.kernel.geometry.values import broken, check_types, invalid, objects

_EMPTY = (shapely.Point(), shapely.MultiLineString(), shapely.MultiPolygon())
"""By dimension."""
_QUARTER = 24
"""Segments of a quarter of a circle."""


def _from_below(point: Sequence[float]) -> tuple[float, float]:
    return point[1], point[0]


def _ring(ring: Any, *, hole: bool) -> Any:
    points = shapely.get_coordinates(ring)[:-1]
    if bool(shapely.is_ccw(ring)) == hole:
        points = points[::-1]
    return _closed(points, _from_below)


def _closed(points: Any, key: Callable[[Any], Any]) -> Any:
    """A ring out of its points, from the least of them by `key`."""
    start = min(range(len(points)), key=lambda index: key(points[index].tolist()))
    points = np.roll(points, -start, axis=0)
    return np.concatenate((points, points[:1]))


def _polygon(polygon: Any) -> Any:
    return shapely.Polygon(_ring(polygon.exterior, hole=False), [_ring(ring, hole=True) for ring in polygon.interiors])


def _line_key(line: Any) -> Any:
    points = shapely.get_coordinates(line).tolist()
    lowest = min(range(len(points)), key=lambda index: _from_below(points[index]))
    (x, y), beside = points[lowest], points[lowest + 1 if lowest + 1 < len(points) else lowest - 1]
    return (y, x), atan2(beside[1] - y, beside[0] - x)


def _merged(lines: list[Any]) -> list[Any]:
    """Lines that only continue each other as one; rings stay as they were.

    A loop that others meet ends before its last segment, which stays apart.
    """
    merged = [line.coords for line in shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))]
    ends = Counter(end for line in merged for end in {line[0], line[-1]})
    if any(line[0] == line[-1] and ends[line[0]] == 1 for line in merged):
        return lines
    made = []
    for line in merged:
        made += [line] if line[0] != line[-1] else [line[:-1], line[-2:]]
    return list(map(shapely.LineString, made))


def _sorted_parts(geometry: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Points, lines and polygons."""
    leaves = [part for leaf in values.leaves(geometry) for part in shapely.get_parts(leaf) if not part.is_empty]
    points = sorted((one for one in leaves if one.geom_type == "Point"), key=lambda one: (one.y, one.x))
    lines = [one for one in leaves if one.geom_type in ("LineString", "LinearRing")]
    lines = sorted(_merged(lines), key=_line_key) if len(lines) > 1 else lines
    polygons = sorted(
        (_polygon(one) for one in leaves if one.geom_type == "Polygon"),
        key=lambda one: _from_below(one.exterior.coords[0]),
    )
    return points, lines, polygons


def arranged(geometry: Any, *, empty: Any, lowest: int = 0) -> Any:
    """A result of GEOS as Trino would give it, without parts of a dimension below `lowest`."""
    points, lines, polygons = _sorted_parts(geometry)
    made = []
    if points and lowest <= 0:
        made.append(points[0] if len(points) == 1 else shapely.MultiPoint(points))
    if lines and lowest <= 1:
        made.append(lines[0] if len(lines) == 1 else shapely.MultiLineString(lines))
    if polygons:
        made.append(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))
    if not made:
        return empty
    return made[0] if len(made) == 1 else shapely.GeometryCollection(made)


def _overlay(operation: Any, left: Any, right: Any) -> Any:
    """Rings that cross themselves are repaired first."""
    try:
        return operation(left, right)
    except shapely.errors.GEOSException:
        return operation(shapely.make_valid(left), shapely.make_valid(right))


def st_difference(left: Any, right: Any) -> Any:
    """What is in the left only."""
    pairs = zip(left, right, strict=True)
    return objects([_difference(one, other) for one, other in pairs])


def _difference(one: Any, other: Any) -> Any:
    collected = _is_collection(one) or _is_collection(other)
    empty = shapely.GeometryCollection() if collected else _EMPTY[dimension(one)]
    if _is_collection(other) and other.is_empty and not _is_collection(one):
        return shapely.GeometryCollection([one])
    if one.is_empty:
        return empty
    if other.is_empty:
        return one
    # What has no area takes none away, and leaves no vertices on a boundary either.
    made = one if dimension(other) < dimension(one) and not collected else _overlay(shapely.difference, one, other)
    return arranged(made, empty=empty)


def _is_collection(geometry: Any) -> bool:
    return bool(geometry.geom_type == "GeometryCollection")


def st_intersection(left: Any, right: Any) -> Any:
    """What is in both."""
    return objects([_intersection(one, other) for one, other in zip(left, right, strict=True)])


def _intersection(one: Any, other: Any) -> Any:
    empty = shapely.GeometryCollection() if _is_collection(one) or _is_collection(other) else _EMPTY[2]
    if one.is_empty or other.is_empty:
        return empty
    return arranged(_overlay(shapely.intersection, one, other), empty=empty)


def st_symdifference(left: Any, right: Any) -> Any:
    """What is in one of both, of the greater dimension only. Raises: as Trino, an internal error for a collection."""
    return objects([_symmetric_difference(one, other) for one, other in zip(left, right, strict=True)])


def _symmetric_difference(one: Any, other: Any) -> Any:
    if _is_collection(one) or _is_collection(other):
        raise broken("ST_SymDifference does not take a collection of geometries")
    if one.is_empty != other.is_empty:
        return other if one.is_empty else one
    greatest = max(dimension(one), dimension(other))
    if dimension(one) == dimension(other):
        result = _overlay(shapely.symmetric_difference, one, other)
    else:
        result = max(one, other, key=dimension)
    return arranged(result, empty=_EMPTY[greatest], lowest=greatest)


def st_union(left: Any, right: Any) -> Any:
    """What is in either."""
    return objects([_united(pair) for pair in zip(left, right, strict=True)])


def geometry_union(rows: Sequence[Any]) -> Any:
    """Of all that are not NULL; NULL of no element."""
    return objects([_united([one for one in row if one is not None]) if len(row) else None for row in rows])


def _united(geometries: Sequence[Any]) -> Any:
    """Each dimension by itself, then what is not covered by a greater one."""
    leaves = [leaf for geometry in geometries for leaf in values.leaves(geometry)]
    if not leaves:
        return shapely.GeometryCollection()
    if len({dimension(leaf) for leaf in leaves}) == 1 and sum(not leaf.is_empty for leaf in leaves) == 1:
        return max(leaves, key=lambda leaf: not leaf.is_empty)
    made: Any = None
    for size in (2, 1, 0):
        layer = [leaf for leaf in leaves if dimension(leaf) == size]
        if not layer:
            continue
        union = shapely.union_all(shapely.make_valid(layer))
        if made is None:
            made = union
        elif not union.is_empty:
            rest = _overlay(shapely.difference, union, made)
            made = _touched(made, union)
            made = made if rest.is_empty else _both(made, rest)
    dimensions = set(map(dimension, leaves))
    return arranged(made, empty=_EMPTY[max(dimensions)] if len(dimensions) == 1 else shapely.GeometryCollection())


def _touched(made: Any, union: Any) -> Any:
    """Polygons and lines with a vertex more wherever a point of the union, or an end of what it shares, is on them."""
    parts = [part for leaf in values.leaves(made) for part in shapely.get_parts(leaf) if not part.is_empty]
    edges = [shapely.boundary(part) if part.geom_type == "Polygon" else part for part in parts]
    places = shapely.points(shapely.get_coordinates(shapely.intersection(edges, union)))
    return shapely.GeometryCollection([_with_vertices(part, places) for part in parts])


def _with_vertices(part: Any, places: Any) -> Any:
    if part.geom_type == "Polygon":
        return shapely.Polygon(*_rings(part, lambda ring: _path(ring, places)))
    return shapely.LineString(_path(part, places))


def _path(line: Any, places: Any) -> list[Any]:
    points = list(line.coords)
    found = {point: shapely.line_locate_point(line, shapely.Point(point)) for point in points}
    for place in places[shapely.distance(line, places) == 0]:
        found.setdefault((place.x, place.y), shapely.line_locate_point(line, place))
    made = sorted(found, key=found.__getitem__)
    return [*made, points[0]] if line.is_closed else made


def _both(greater: Any, rest: Any) -> Any:
    return shapely.GeometryCollection([*values.leaves(rest), *values.leaves(greater)])


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
    return shapely.Polygon(_closed(points, lambda point: given.index(tuple(point))))


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
            *_rings(part, lambda ring: _closed(shapely.get_coordinates(ring)[:-1], lambda p: given[tuple(p)]))
        )
        for part in shapely.get_parts(made)
        if not part.is_empty
    ]
    return shapely.MultiPolygon(polygons) if made.geom_type == "MultiPolygon" else (polygons or [made])[0]


def _rings(polygon: Any, change: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
    """The rings of a polygon, each changed, as the arguments of another."""
    return change(polygon.exterior), [change(ring) for ring in polygon.interiors]


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
            made.append(arranged(result, empty=_EMPTY[2]))
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
