"""Geometries as text: the parser and the printer of Esri's library, which Trino 476 uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite, isnan
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry import values
from lodestar_server.execution.kernel.geometry.values import broken, check_types, invalid

_TOKEN = re.compile(r"\s*([A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[(),])")
_PLAIN = re.compile(
    r"\s*(?:multi)?(?:point|linestring|polygon)\s*\((?:[-+.\d\s(),]|\de)*\)\s*", re.ASCII | re.IGNORECASE
)
"""What GEOS may read: no collection, whose depth it does not limit, no curve, no third dimension, nothing empty."""
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e17
_DIGITS = 17


def st_geometryfromtext(texts: list[str]) -> Any:
    """Raises: INVALID_FUNCTION_ARGUMENT, Invalid WKT."""
    distinct = list(dict.fromkeys(texts))
    if len(distinct) <= len(texts) // 2:
        places = {one: index for index, one in enumerate(distinct)}
        return st_geometryfromtext(distinct)[[places[one] for one in texts]]
    made = np.empty(len(texts), dtype=object)
    plain = np.fromiter((_PLAIN.fullmatch(one) is not None for one in texts), bool, len(texts))
    if plain.any():
        with np.errstate(over="ignore"):
            made[plain] = shapely.from_wkt(np.array(texts, dtype=object)[plain], on_invalid="ignore")
        made[shapely.has_z(made) | shapely.has_m(made)] = None
    for index in np.flatnonzero(shapely.is_missing(made)):
        made[index] = parse(texts[index])
    return values.oriented(made)


def st_linefromtext(texts: list[str]) -> Any:
    """Of lines only."""
    made = st_geometryfromtext(texts)
    check_types("ST_LineFromText", made, values.LINE)
    return made


def st_polygon(texts: list[str]) -> Any:
    """Of polygons only."""
    made = st_geometryfromtext(texts)
    check_types("ST_Polygon", made, values.POLYGON)
    return made


def st_astext(geometries: Any) -> list[str]:
    """Raises: GENERIC_INTERNAL_ERROR for a polygon whose outer ring has no area, as Trino does."""
    plain = _points_text(geometries)
    return [text(geometry) for geometry in geometries] if plain is None else plain


def shown_geometry(geometries: Any) -> list[str]:
    """As results show it."""
    plain = _points_text(geometries)
    if plain is not None:
        return plain
    made = []
    for geometry in geometries:
        try:
            made.append(text(geometry))
        except ValueError:
            made.append("<invalid geometry>")
    return made


def _points_text(geometries: Any) -> list[str] | None:
    """Of nothing but points, at once."""
    if (values.types(geometries) != values.POINT).any() or shapely.is_empty(geometries).any():
        return None
    pairs = zip(shapely.get_x(geometries).tolist(), shapely.get_y(geometries).tolist(), strict=True)
    return [f"POINT ({number(x)} {number(y)})" for x, y in pairs]


class _Parser:
    """Of one text: unclosed rings and lines of one point are taken as they are by Esri's parser."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens: list[str] = []
        position, end = 0, len(source.rstrip())
        while position < end:
            match = _TOKEN.match(source, position)
            if match is None:
                # Trino reads no further than the geometry goes.
                break
            self.tokens.append(match[1].upper())
            position = match.end()
        self.tokens += ["", ""]
        self.position = 0
        self.depth = 0

    def refused(self) -> ValueError:
        return invalid(f"Invalid WKT: {self.source}")

    def take(self, *expected: str) -> str:
        token = self.tokens[self.position]
        if expected and token not in expected:
            raise self.refused()
        self.position += 1
        return token

    def number(self) -> float:
        token = self.take()
        if token == "NAN":
            return float("nan")
        if not token or token.isalpha() or token in "(),":
            raise self.refused()
        return float(token)

    def point(self) -> tuple[float, float]:
        return self.number(), self.number()

    def listed(self, item: Callable[[], Any]) -> list[Any]:
        """Items in parentheses, or EMPTY."""
        if self.take("(", "EMPTY") == "EMPTY":
            return []
        made = [item()]
        while self.take(",", ")") == ",":
            made.append(item())
        return made

    def line(self) -> Any:
        points = self.listed(self.point)
        return shapely.LineString(points * 2 if len(points) == 1 else points)

    def ring(self) -> Any:
        points = self.listed(self.point)
        while points and (points[0] != points[-1] or len(points) < 3):
            points.append(points[0])
        if len(points) == 3:
            # Given as points, GEOS would make four of them.
            return shapely.from_wkt(f"LINEARRING ({', '.join(f'{x!r} {y!r}' for x, y in points)})")
        return shapely.LinearRing(points)

    def polygon(self) -> Any:
        rings = [ring for ring in self.listed(self.ring) if not ring.is_empty]
        return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()

    def members(self) -> list[tuple[float, float]]:
        """The points of a multipoint, all of them in parentheses or none."""
        return self.listed(self.member if self.tokens[self.position + 1] == "(" else self.point)

    def member(self) -> tuple[float, float]:
        self.take("(")
        made = self.point()
        self.take(")")
        return made

    def geometry(self) -> Any:
        self.depth += 1
        if self.depth > 100:
            raise self.refused()
        kind = self.take()
        if self.tokens[self.position] in ("Z", "M", "ZM"):
            raise broken("Only 2D points with no ID nor M attribute are supported")
        made: Any
        match kind:
            case "POINT":
                points = self.listed(self.point)
                if len(points) > 1:
                    raise self.refused()
                made = point(*points[0]) if points else shapely.Point()
            case "LINESTRING":
                made = self.line()
            case "POLYGON":
                made = self.polygon()
            case "MULTIPOINT":
                made = shapely.MultiPoint(self.members())
            case "MULTILINESTRING":
                made = shapely.MultiLineString([line for line in self.listed(self.line) if not line.is_empty])
            case "MULTIPOLYGON":
                made = shapely.MultiPolygon([one for one in self.listed(self.polygon) if not one.is_empty])
            case "GEOMETRYCOLLECTION":
                made = shapely.GeometryCollection(self.listed(self.geometry))
            case _:
                raise self.refused()
        self.depth -= 1
        return made


def parse(source: str) -> Any:
    """A geometry of Esri's dialect of WKT. Raises: INVALID_FUNCTION_ARGUMENT."""
    return _Parser(source).geometry()


def point(x: float, y: float) -> Any:
    """Empty when a coordinate is not a number."""
    return shapely.Point() if isnan(x) or isnan(y) else shapely.Point(x, y)


def text(geometry: Any) -> str:
    """WKT as Esri's library prints it."""
    kind = values.OGC_NAMES[int(shapely.get_type_id(geometry))]
    body = _BODIES[kind](geometry)
    return f"{kind.upper()} {body}"


def _joined(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)})" if parts else "EMPTY"


def _points(geometry: Any) -> str:
    return _joined([f"{number(x)} {number(y)}" for x, y in shapely.get_coordinates(geometry).tolist()])


def _polygon(geometry: Any) -> str:
    if not geometry.is_empty and shapely.area(shapely.Polygon(geometry.exterior)) == 0:
        raise broken("corrupted geometry")
    rings = [] if geometry.is_empty else [geometry.exterior, *geometry.interiors]
    return _joined([_points(ring) for ring in rings])


_BODIES: dict[str, Callable[[Any], str]] = {
    "Point": _points,
    "LineString": _points,
    "Polygon": _polygon,
    "MultiPoint": lambda geometry: _joined([_points(part) for part in geometry.geoms]),
    "MultiLineString": lambda geometry: _joined([_points(part) for part in geometry.geoms]),
    "MultiPolygon": lambda geometry: _joined([_polygon(part) for part in geometry.geoms]),
    "GeometryCollection": lambda geometry: _joined([text(part) for part in geometry.geoms]),
}


def number(value: float) -> str:
    """Shortest digits; seventeen and an exponent outside 0.0001 … 1e17."""
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    shown = repr(value)
    if "e" not in shown:
        return shown.removesuffix(".0")
    if _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        return f"{Decimal(shown):f}"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits))
    exponent += len(figures) - 1
    figures = figures.ljust(_DIGITS, "0")
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
