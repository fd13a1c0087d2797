"""Geometries out of coordinates and points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import invalid


def st_point(x: Any, y: Any) -> Any:
    """Empty when a coordinate is not a number."""
    made = shapely.points(x, y)
    bad = np.isnan(x) | np.isnan(y)
    return np.where(bad, shapely.Point(), made) if bad.any() else made


def st_linestring(rows: Sequence[Any]) -> list[Any]:
    """Through points. Raises: INVALID_FUNCTION_ARGUMENT."""
    return [_line(points) for points in rows]


def _line(points: Any) -> Any:
    before = None
    for index, point in enumerate(points, 1):
        if point is None:
            raise invalid(f"Invalid input to ST_LineString: null point at index {index}")
        if point.geom_type != "Point":
            raise invalid(f"ST_LineString takes only an array of valid points, {point.geom_type} was passed")
        if point.is_empty:
            raise invalid(f"Invalid input to ST_LineString: empty point at index {index}")
        if before is not None and (point.x, point.y) == (before.x, before.y):
            raise invalid(f"Invalid input to ST_LineString: consecutive duplicate points at index {index}")
        before = point
    return shapely.LineString(points) if len(points) > 1 else shapely.LineString()


def st_multipoint(rows: Sequence[Any]) -> list[Any]:
    """NULL of no points. Raises: INVALID_FUNCTION_ARGUMENT."""
    return [_multipoint(points) for points in rows]


def _multipoint(points: Any) -> Any:
    for index, point in enumerate(points, 1):
        if point is None:
            raise invalid(f"Invalid input to ST_MultiPoint: null at index {index}")
        if point.geom_type != "Point":
            kind = values.OGC_NAMES[int(shapely.get_type_id(point))]
            raise invalid(f"Invalid input to ST_MultiPoint: geometry is not a point: {kind} at index {index}")
        if point.is_empty:
            raise invalid(f"Invalid input to ST_MultiPoint: empty point at index {index}")
    return shapely.MultiPoint(list(points)) if len(points) else None
