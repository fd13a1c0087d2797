"""The order and the types of the parts of new geometries, as Trino 476 gives them.

Its results come from Esri's library: rings start at their lowest, leftmost point, points and lines are sorted from
below, and the kinds of the parts say the type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import atan2, dist, fsum
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values

EMPTY = (shapely.Point(), shapely.MultiLineString(), shapely.MultiPolygon())
"""By dimension."""


def _from_below(point: Sequence[float]) -> tuple[float, float]:
    return point[1], point[0]


def _ring(ring: Any, *, hole: bool) -> Any:
    points = shapely.get_coordinates(ring)[:-1]
    if bool(shapely.is_ccw(ring)) == hole:
        points = points[::-1]
    return closed(points, _from_below)


def closed(points: Any, key: Callable[[Any], Any]) -> Any:
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
    for line in _as_drawn(lines, [list(line) for line in merged]):
        made += [line] if line[0] != line[-1] else [line[:-1], line[-2:]]
    return list(map(shapely.LineString, made))


def _as_drawn(pieces: list[Any], merged: list[list[Any]]) -> list[list[Any]]:
    """Each merged line runs as the greater length of its pieces did, from its lower end when both are equal."""
    drawn = {step for piece in pieces for step in pairwise(piece.coords)}
    made = []
    for line in merged:
        along, against = (fsum(dist(*step) for step in pairwise(way) if step in drawn) for way in (line, line[::-1]))
        lower_first = _from_below(line[0]) < _from_below(line[-1])
        made.append(line if along > against or (along == against and lower_first) else line[::-1])
    return made


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


def rings_of(polygon: Any, change: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
    """The rings of a polygon, each changed, as the arguments of another."""
    return change(polygon.exterior), [change(ring) for ring in polygon.interiors]
