"""Geometries as GeoJSON and KML."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from math import floor
from typing import Any
from xml.etree import ElementTree

import shapely

from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import invalid, objects


def from_geojson_geometry(texts: Sequence[str]) -> Any:
    """Raises: INVALID_FUNCTION_ARGUMENT, Invalid GeoJSON."""
    return values.oriented(objects([_from_text(text) for text in texts]))


_UNREADABLE = "Could not parse Geometry from Json string."


def _from_text(text: str) -> Any:
    try:
        document = json.loads(text)
    except RecursionError:
        raise invalid(f"Invalid GeoJSON: {_UNREADABLE}") from None
    except json.JSONDecodeError as error:
        shown = text[error.pos : error.pos + 1]
        raise invalid(
            f"Invalid GeoJSON: Unexpected character ({shown}) at position {error.pos}."
            if shown
            else f"Invalid GeoJSON: Unexpected token END OF FILE at position {error.pos}."
        ) from None
    if not isinstance(document, dict):
        raise invalid(f"Invalid GeoJSON: {_UNREADABLE}")
    try:
        return _from_document(document)
    except RecursionError:
        raise invalid(f"Invalid GeoJSON: {_UNREADABLE}") from None


def _from_document(document: dict[str, Any]) -> Any:
    kind = document.get("type")
    if kind is None:
        raise invalid(f"Invalid GeoJSON: {_UNREADABLE}  No 'type' property found.")
    if kind == "Feature":
        return _from_document(document.get("geometry") or {})
    if kind == "FeatureCollection":
        return shapely.GeometryCollection([_from_document(one) for one in document.get("features", [])])
    if kind == "GeometryCollection":
        return shapely.GeometryCollection([_from_document(one) for one in document.get("geometries", [])])
    make = _MAKERS.get(kind)
    if make is None:
        raise invalid(f"Invalid GeoJSON: Could not parse Geometry from GeoJson string.  Unsupported 'type':{kind}")
    try:
        return make(_flat(document.get("coordinates") or []))
    except (TypeError, ValueError, IndexError, RecursionError, shapely.errors.ShapelyError):
        raise invalid(f"Invalid GeoJSON: Could not parse {kind} from GeoJson string.") from None


def _flat(coordinates: Any) -> Any:
    """Two dimensions of what may have more."""
    if isinstance(coordinates, str):
        raise TypeError(coordinates)
    if coordinates and isinstance(coordinates[0], int | float):
        return tuple(map(float, coordinates[:2]))
    return [_flat(one) for one in coordinates]


def _polygon(rings: Any) -> Any:
    if any(ring and ring[0] != ring[-1] for ring in rings):
        raise ValueError("a ring that is not closed")
    return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()


_MAKERS: dict[str, Callable[[Any], Any]] = {
    "Point": lambda place: shapely.Point(place) if place else shapely.Point(),
    "LineString": shapely.LineString,
    "Polygon": _polygon,
    "MultiPoint": shapely.MultiPoint,
    "MultiLineString": shapely.MultiLineString,
    "MultiPolygon": lambda polygons: shapely.MultiPolygon(list(map(_polygon, polygons))),
}

_REFERENCE = ',"crs":{"type":"name","properties":{"name":"EPSG:0"}}}'


_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e7
"""Numbers with at most eight places; others as Java writes a double."""
_SCALE = 1e8


def to_geojson_geometry(geometries: Any) -> list[str]:
    """As JTS writes it: the reference system at the end."""
    return [_document(geometry)[:-1] + _REFERENCE for geometry in geometries]


def _document(geometry: Any) -> str:
    if geometry.geom_type == "GeometryCollection":
        members = ",".join(map(_document, geometry.geoms))
        return f'{{"type":"GeometryCollection","geometries":[{members}]}}'
    return f'{{"type":"{geometry.geom_type}","coordinates":{_coordinates(geometry)}}}'


def _coordinates(geometry: Any) -> str:
    match geometry.geom_type:
        case "Point":
            return "[]" if geometry.is_empty else _place(geometry.x, geometry.y)
        case "LineString":
            return _path(geometry, backwards=False)
        case "Polygon":
            rings = [] if geometry.is_empty else [geometry.exterior, *geometry.interiors]
            return f"[{','.join(_path(ring, backwards=True) for ring in rings)}]"
    return f"[{','.join(map(_coordinates, geometry.geoms))}]"


def _path(line: Any, *, backwards: bool) -> str:
    points = shapely.get_coordinates(line).tolist()
    return f"[{','.join(_place(x, y) for x, y in (reversed(points) if backwards else points))}]"


def _place(x: float, y: float) -> str:
    return f"[{_number(x)},{_number(y)}]"


def _number(value: float) -> str:
    if abs(value) < _PLAIN_FROM or value >= _PLAIN_TO:
        return java_double(value)
    return str(floor(value * _SCALE + 0.5) / _SCALE).removesuffix(".0")


def st_geomfromkml(texts: Sequence[str]) -> Any:
    """Raises: INVALID_FUNCTION_ARGUMENT, Invalid KML."""
    return values.oriented(objects([_from_kml(text) for text in texts]))


def _from_kml(text: str) -> Any:
    # Documents that define entities are refused: they can grow without bound.
    if "<!" in text.replace("<!--", ""):
        raise invalid(f"Invalid KML: {text}")
    try:
        return _kml_geometry(ElementTree.fromstring(text))
    except (
        ElementTree.ParseError,
        LookupError,
        ValueError,
        RecursionError,
        StopIteration,
        shapely.errors.ShapelyError,
    ):
        raise invalid(f"Invalid KML: {text}") from None


def _kml_points(element: Any) -> list[list[float]]:
    places = next(one.text or "" for one in element.iter() if _tag(one) == "coordinates")
    return [list(map(float, place.split(",")[:2])) for place in places.split()]


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _kml_rings(element: Any, boundary: str) -> list[Any]:
    return [_kml_points(one) for one in element if _tag(one) == boundary]


def _kml_geometry(element: Any) -> Any:
    match _tag(element):
        case "Point":
            return shapely.Point(_kml_points(element)[0])
        case "LineString" | "LinearRing":
            return shapely.LineString(_kml_points(element))
        case "Polygon":
            return shapely.Polygon(_kml_rings(element, "outerBoundaryIs")[0], _kml_rings(element, "innerBoundaryIs"))
        case "MultiGeometry":
            parts = list(map(_kml_geometry, element))
            kinds = {part.geom_type for part in parts}
            if kinds == {"Point"}:
                return shapely.MultiPoint(parts)
            if kinds == {"LineString"}:
                return shapely.MultiLineString(parts)
            if kinds == {"Polygon"}:
                return shapely.MultiPolygon(parts)
            return shapely.GeometryCollection(parts)
    raise ValueError(element.tag)
