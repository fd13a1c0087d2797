"""What two geometries share and do not: coordinates as GEOS computes them, exactly where Esri's library rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.arrangement import EMPTY, arranged, rings_of
from lodestar_server.execution.kernel.geometry.measures import dimension
from lodestar_server.execution.kernel.geometry.values import broken, objects


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
    empty = shapely.GeometryCollection() if collected else EMPTY[dimension(one)]
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
    empty = shapely.GeometryCollection() if _is_collection(one) or _is_collection(other) else EMPTY[2]
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
    return arranged(result, empty=EMPTY[greatest], lowest=greatest)


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
    return arranged(made, empty=EMPTY[max(dimensions)] if len(dimensions) == 1 else shapely.GeometryCollection())


def _touched(made: Any, union: Any) -> Any:
    """Polygons and lines with a vertex more wherever a point of the union, or an end of what it shares, is on them."""
    parts = [part for leaf in values.leaves(made) for part in shapely.get_parts(leaf) if not part.is_empty]
    edges = shapely.union_all([shapely.boundary(part) if part.geom_type == "Polygon" else part for part in parts])
    places = shapely.points(shapely.get_coordinates(shapely.intersection(edges, union)))
    if not len(places):
        return made
    tree = shapely.STRtree(places)
    return shapely.GeometryCollection([_with_vertices(part, tree) for part in parts])


def _with_vertices(part: Any, places: shapely.STRtree) -> Any:
    if part.geom_type == "Polygon":
        return shapely.Polygon(*rings_of(part, lambda ring: _path(ring, places)))
    return shapely.LineString(_path(part, places))


def _path(line: Any, places: shapely.STRtree) -> list[Any]:
    points = list(line.coords)
    new = [(one.x, one.y) for one in places.geometries[places.query(line, predicate="intersects")]]
    if not set(new) - set(points):
        return points
    where = {point: shapely.line_locate_point(line, shapely.Point(point)) for point in [*new, *points]}
    made = sorted(where, key=where.__getitem__)
    return [*made, points[0]] if line.is_closed else made


def _both(greater: Any, rest: Any) -> Any:
    return shapely.GeometryCollection([*values.leaves(rest), *values.leaves(greater)])
