"""Pieces of geometries and places on them."""

from __future__ import annotations

from itertools import pairwise
from math import floor, isnan, nan
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.measures import lengths
from lodestar_server.execution.kernel.geometry.values import broken, check_types, invalid, objects


def st_boundary(geometries: Any) -> Any:
    """Points of lines, lines of polygons. Raises: as Trino, an internal error for a collection."""
    return objects([_boundary(geometry) for geometry in geometries])


def _boundary(geometry: Any) -> Any:
    match geometry.geom_type:
        case "GeometryCollection":
            raise broken("Internal error")
        case "Point" | "MultiPoint":
            return shapely.MultiPoint()
        case "Polygon" | "MultiPolygon":
            polygons = [part for part in shapely.get_parts(geometry) if not part.is_empty]
            rings = [ring for part in polygons for ring in (part.exterior, *part.interiors)]
            return shapely.MultiLineString([ring.coords for ring in rings])
    made = shapely.boundary(geometry)
    points = sorted(map(tuple, shapely.get_coordinates(made).tolist()), key=lambda point: (point[1], point[0]))
    return shapely.MultiPoint(points)


def _end(function: str, geometries: Any, index: int) -> Any:
    check_types(function, geometries, values.LINE)
    return shapely.get_point(geometries, index)


def st_startpoint(geometries: Any) -> Any:
    """NULL of an empty line."""
    return _end("ST_StartPoint", geometries, 0)


def st_endpoint(geometries: Any) -> Any:
    """NULL of an empty line."""
    return _end("ST_EndPoint", geometries, -1)


def st_pointn(geometries: Any, indexes: Any) -> Any:
    """From 1; NULL outside."""
    check_types("ST_PointN", geometries, values.LINE)
    return np.where(indexes > 0, shapely.get_point(geometries, indexes - 1), None)


def st_envelope(geometries: Any) -> Any:
    """The bounding rectangle, even one without area; an empty polygon of an empty geometry."""
    bounds = shapely.bounds(geometries)
    empty = shapely.is_empty(geometries)
    # From the lower left corner against the clock.
    west, south, east, north = np.where(empty[:, None], 0.0, bounds).T
    corners = np.stack((west, south, east, south, east, north, west, north, west, south), axis=1).reshape(-1, 5, 2)
    return np.where(empty, shapely.Polygon(), shapely.polygons(corners))


def st_envelopeaspts(geometries: Any) -> list[Any]:
    """The lower left and the upper right corner; NULL of an empty geometry."""
    return [
        None if geometry.is_empty else [shapely.Point(west, south), shapely.Point(east, north)]
        for geometry, (west, south, east, north) in zip(geometries, shapely.bounds(geometries).tolist(), strict=True)
    ]


def _line_of(ring: Any) -> Any:
    return shapely.LineString(ring.coords)


def st_exteriorring(geometries: Any) -> Any:
    """NULL of an empty polygon."""
    check_types("ST_ExteriorRing", geometries, values.POLYGON)
    return objects([None if geometry.is_empty else _line_of(geometry.exterior) for geometry in geometries])


def st_interiorrings(geometries: Any) -> list[Any]:
    """NULL of an empty polygon."""
    check_types("ST_InteriorRings", geometries, values.POLYGON)
    return [None if geometry.is_empty else list(map(_line_of, geometry.interiors)) for geometry in geometries]


def st_interiorringn(geometries: Any, indexes: Any) -> Any:
    """From 1; NULL outside."""
    check_types("ST_InteriorRingN", geometries, values.POLYGON)
    made = []
    for geometry, index in zip(geometries, indexes.tolist(), strict=True):
        rings = geometry.interiors
        made.append(_line_of(rings[index - 1]) if 1 <= index <= len(rings) else None)
    return objects(made)


def st_geometries(geometries: Any) -> list[Any]:
    """Of a collection its parts, of another itself; NULL of an empty geometry."""
    return [None if geometry.is_empty else _members(geometry) for geometry in geometries]


def _members(geometry: Any) -> list[Any]:
    return list(getattr(geometry, "geoms", (geometry,)))


def st_geometryn(geometries: Any, indexes: Any) -> Any:
    """From 1; NULL outside and of an empty geometry."""
    made = []
    for geometry, index in zip(geometries, indexes.tolist(), strict=True):
        members = [] if geometry.is_empty else _members(geometry)
        made.append(members[index - 1] if 1 <= index <= len(members) else None)
    return objects(made)


def st_points(geometries: Any) -> list[Any]:
    """Every vertex, rings in Trino's own order; NULL of an empty geometry."""
    return [None if geometry.is_empty else _vertices(geometry) for geometry in geometries]


def _vertices(geometry: Any) -> list[Any]:
    made: list[Any] = []
    for leaf in values.leaves(geometry):
        for part in shapely.get_parts(leaf):
            if part.geom_type == "Polygon":
                rings = (part.exterior, *part.interiors) if not part.is_empty else ()
                coordinates = [shapely.get_coordinates(ring)[::-1] for ring in rings]
            else:
                coordinates = [shapely.get_coordinates(part)]
            made += [point for one in coordinates for point in shapely.points(one)]
    return made


_MOST_PLACES = 1_000_000
"""Of one line; Trino goes on until it has no memory left."""


def line_interpolate_point(geometries: Any, fractions: Any) -> Any:
    """NULL of an empty line."""
    pairs = zip(geometries, fractions.tolist(), strict=True)
    return objects([None if line.is_empty else _places(line, fraction, repeated=False)[0] for line, fraction in pairs])


def line_interpolate_points(geometries: Any, fractions: Any) -> list[Any]:
    """At every multiple of the fraction; NULL of an empty line."""
    pairs = zip(geometries, fractions.tolist(), strict=True)
    return [None if line.is_empty else _places(line, fraction, repeated=True) for line, fraction in pairs]


def _places(line: Any, fraction: float, *, repeated: bool) -> list[Any]:
    check_types("line_interpolate_point", objects([line]), values.LINE)
    if fraction < 0 or fraction > 1:
        raise invalid("fraction must be between 0 and 1")
    points = shapely.get_coordinates(line)
    if fraction in (0, 1):
        return [shapely.Point(points[0 if fraction == 0 else -1])]
    if isnan(fraction):
        return [] if repeated else [shapely.Point(points[-1])]
    if repeated and fraction * _MOST_PLACES < 1:
        raise invalid(f"fraction must not be less than 1 / {_MOST_PLACES}: there would be more points than that")
    wanted = floor(1 / fraction) if repeated else 1
    total = float(lengths([line])[0])
    made: list[Any] = []
    done, goal = 0.0, fraction
    for before, after in pairwise(points):
        share = float(np.hypot(*(after - before))) / total if total else nan
        while goal < done + share and len(made) < wanted:
            made.append(shapely.Point(before + (after - before) * ((goal - done) / share)))
            goal += fraction
        done += share
    if len(made) < wanted:
        made.append(shapely.Point(points[-1]))
    return made


def geometry_nearest_points(left: Any, right: Any) -> list[Any]:
    """A point of each; NULL when one is empty."""
    made: list[Any] = []
    for line in shapely.shortest_line(left, right):
        made.append(None if line is None or line.is_empty else [shapely.Point(place) for place in line.coords])
    return made
