"""Whether geometries are well formed. Source: answers of Trino 476, whose reasons are those of Esri's library."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import check_types

_LINES = (values.LINE, values.MULTI_LINE)


def st_geometrytype(geometries: Any) -> list[str]:
    """`ST_Point` …"""
    names = {**values.OGC_NAMES, values.COLLECTION: "GeomCollection"}
    return [f"ST_{names[kind]}" for kind in values.types(geometries).tolist()]


def st_isclosed(geometries: Any) -> Any:
    """Every line ends where it starts."""
    check_types("ST_IsClosed", geometries, *_LINES)
    return shapely.is_closed(geometries) | shapely.is_empty(geometries)


def st_isempty(geometries: Any) -> Any:
    """No point."""
    return shapely.is_empty(geometries)


def st_isring(geometries: Any) -> Any:
    """Closed and simple."""
    check_types("ST_IsRing", geometries, values.LINE)
    return shapely.is_ring(geometries) & ~shapely.is_empty(geometries)


def st_issimple(geometries: Any) -> Any:
    """No odd points; a polygon has to be valid."""
    return np.fromiter((geometry.is_empty or _valid(geometry) for geometry in geometries), bool, len(geometries))


def st_isvalid(geometries: Any) -> Any:
    """Every part is simple."""
    return np.fromiter(map(_valid, geometries), bool, len(geometries))


def _valid(geometry: Any) -> bool:
    return all(_leaf_valid(leaf) for leaf in values.leaves(geometry))


def _leaf_valid(geometry: Any) -> bool:
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return bool(shapely.is_valid(geometry))
    if geometry.geom_type in ("LineString", "MultiLineString"):
        return bool(shapely.is_simple(geometry) and _degenerate(geometry) is None)
    return bool(shapely.is_simple(geometry))


def geometry_invalid_reason(geometries: Any) -> list[str | None]:
    """NULL for a valid one."""
    return [_reason(geometry) for geometry in geometries]


def _reason(geometry: Any) -> str | None:
    for leaf in values.leaves(geometry):
        if not _leaf_valid(leaf):
            return _leaf_reason(leaf)
    return None


def _leaf_reason(geometry: Any) -> str:
    if geometry.geom_type == "MultiPoint":
        first = _repeated(shapely.get_coordinates(geometry).tolist())
        return _near("Repeated points", first, first)
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        vertices = np.concatenate([path[:-1] for path in _paths(geometry)])
        for index, path in enumerate(_paths(geometry)):
            if len(path) < 4:
                # The library gives the number of the ring as if it were a vertex's.
                return _near("Structure", vertices[index], vertices[0])
    degenerate = _degenerate(geometry)
    if degenerate is not None:
        return _near("Degenerate segments", degenerate)
    pair = _crossing(geometry)
    if pair is not None:
        return _near("Intersecting or overlapping segments", *pair)
    touched = _repeated([point for path in _paths(geometry) for point in path[:-1].tolist()])
    if touched is not None:
        return _near("Self-tangency", touched, touched)
    return _near("RingOrientation", _paths(geometry)[0][1])


def _near(reason: str, *points: Any) -> str:
    places = (f"({java_double(float(x))} {java_double(float(y))})" for x, y in points)
    return f"{reason} at or near {' and '.join(places)}"


def _paths(geometry: Any) -> list[Any]:
    """Coordinates of each line or ring, rings in Trino's own order."""
    made = []
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            made += [shapely.get_coordinates(ring)[::-1] for ring in (part.exterior, *part.interiors)]
        else:
            made.append(shapely.get_coordinates(part))
    return made


def _repeated(points: list[Any]) -> Any:
    seen = set()
    for point in map(tuple, points):
        if point in seen:
            return point
        seen.add(point)
    return None


def _degenerate(geometry: Any) -> Any:
    """The first point of a segment without length."""
    for path in _paths(geometry):
        same = (path[1:] == path[:-1]).all(axis=1)
        if same.any():
            return path[np.argmax(same)]
    return None


def _crossing(geometry: Any) -> Any:
    """Where the first two segments start that share more than an end."""
    starts, ends = (np.concatenate(one) for one in zip(*((p[:-1], p[1:]) for p in _paths(geometry)), strict=True))
    segments = shapely.linestrings(np.stack((starts, ends), axis=1))
    tree = shapely.STRtree(segments)
    pairs = tree.query(segments, predicate="intersects")
    for one, other in sorted(pairs.T.tolist()):
        if one < other:
            shared = shapely.intersection(segments[one], segments[other])
            corners = [starts[one], ends[one], starts[other], ends[other]]
            at_end = shared.geom_type == "Point" and sum((c == shared.coords[0]).all() for c in corners) > 1
            if not at_end:
                return starts[one], starts[other]
    return None
