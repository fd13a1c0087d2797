"""Geographies: geometries on a sphere of the Earth's size, in degrees of longitude and latitude."""

from __future__ import annotations

from itertools import pairwise
from math import atan2, cos, pi, radians, sin, sqrt, tan
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import check_types, invalid

EARTH_RADIUS_KM = 6371.01
_SUPPORTS = "When applied to SphericalGeography inputs, {} only supports {}"
_LATITUDE = "Latitude must be between -90 and 90"
_LONGITUDE = "Longitude must be between -180 and 180"


def to_spherical_geography(geometries: Any) -> Any:
    """The same. Raises: INVALID_FUNCTION_ARGUMENT for points off the sphere, and for collections in collections."""
    west, south, east, north = shapely.bounds(geometries[~shapely.is_empty(geometries)]).T
    _check(_LATITUDE, 90, south, north)
    _check(_LONGITUDE, 180, west, east)
    return geometries


def _check(message: str, limit: float, *columns: Any) -> None:
    for column in columns:
        if not (np.abs(column) <= limit).all():
            raise invalid(message)


def great_circle_km(latitude1: float, longitude1: float, latitude2: float, longitude2: float) -> float:
    """Between two places in degrees; as `trino_great_circle_distance` has it in SQL."""
    sin1, cos1 = sin(radians(latitude1)), cos(radians(latitude1))
    sin2, cos2 = sin(radians(latitude2)), cos(radians(latitude2))
    turn = radians(longitude1) - radians(longitude2)
    t1 = cos2 * sin(turn)
    t2 = cos1 * sin2 - sin1 * cos2 * cos(turn)
    t3 = sin1 * sin2 + cos1 * cos2 * cos(turn)
    return atan2(sqrt(t1 * t1 + t2 * t2), t3) * EARTH_RADIUS_KM


def spherical_st_distance(left: Any, right: Any) -> list[float | None]:
    """In metres, between points; NULL when one is empty."""
    full = ~(shapely.is_empty(left) | shapely.is_empty(right))
    made: list[float | None] = [None] * len(left)
    for column in (left, right):
        check_types("ST_Distance", column[full], values.POINT, words=_SUPPORTS)
    for index in np.flatnonzero(full).tolist():
        one, other = left[index], right[index]
        made[index] = great_circle_km(one.y, one.x, other.y, other.x) * 1000
    return made


def spherical_st_length(geometries: Any) -> list[float | None]:
    """In metres, of lines; NULL of an empty one."""
    full = ~shapely.is_empty(geometries)
    check_types("ST_Length", geometries[full], values.LINE, values.MULTI_LINE, words=_SUPPORTS)
    return [None if geometry.is_empty else _length(geometry) for geometry in geometries]


def _length(geometry: Any) -> float:
    total = 0.0
    for part in shapely.get_parts(geometry):
        for (x1, y1), (x2, y2) in pairwise(shapely.get_coordinates(part).tolist()):
            total += great_circle_km(y1, x1, y2, x2)
    return total * 1000


def spherical_st_area(geometries: Any) -> list[float | None]:
    """In square metres, of polygons; NULL of an empty one."""
    full = ~shapely.is_empty(geometries)
    check_types("ST_Area", geometries[full], values.POLYGON, values.MULTI_POLYGON, words=_SUPPORTS)
    return [None if geometry.is_empty else _area(geometry) for geometry in geometries]


def _area(geometry: Any) -> float:
    excess = 0.0
    for part in shapely.get_parts(geometry):
        excess += abs(_excess(part.exterior))
        for ring in part.interiors:
            excess -= abs(_excess(ring))
    metres = EARTH_RADIUS_KM * 1000.0
    return abs(excess * metres * metres)


def _turned(angle: float) -> float:
    """A change of course, from -pi to pi."""
    return (angle + 3 * pi) % (2 * pi) - pi


def _excess(ring: Any) -> float:
    """The angles of a ring on the sphere beyond those of a flat one."""
    points = [(radians(x), radians(y)) for x, y in shapely.get_coordinates(ring)[::-1].tolist()][:-1]
    if len(points) < 3:
        raise invalid("Polygon is not valid: a loop contains less then 3 vertices.")
    excess, course, first, last = 0.0, 0.0, None, 0.0
    for (longitude1, latitude1), (longitude2, latitude2) in pairwise([points[-1], *points]):
        if (longitude1, latitude1) == (longitude2, latitude2):
            raise invalid("Polygon is not valid: it has two identical consecutive vertices")
        step = longitude2 - longitude1
        tan1, tan2 = tan(latitude1 / 2), tan(latitude2 / 2)
        excess += 2 * atan2(tan(step / 2) * (tan1 + tan2), 1 + tan1 * tan2)
        sin1, cos1, sin2, cos2 = sin(latitude1), cos(latitude1), sin(latitude2), cos(latitude2)
        start = (atan2(sin(step) * cos2, cos1 * sin2 - sin1 * cos2 * cos(step)) + 2 * pi) % (2 * pi)
        end = (atan2(-sin(step) * cos1, sin1 * cos2 - cos1 * sin2 * cos(step)) + pi) % (2 * pi)
        if first is None:
            first = start
        else:
            course += _turned(start - last)
        course += _turned(end - start)
        last = end
    assert first is not None
    course += _turned(first - last)
    # All turns together are a full circle unless a pole lies inside.
    return abs(excess) - 2 * pi if abs(course) < pi / 4 else excess
