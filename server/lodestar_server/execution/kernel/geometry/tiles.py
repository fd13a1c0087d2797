"""Map tiles of Bing: 23 bits of x, 23 of y and five of the zoom level in one number."""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, atan, atan2, cos, degrees, exp, pi, radians, sin
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.geometry.spheres import EARTH_RADIUS_KM, great_circle_km
from lodestar_server.execution.kernel.geometry.values import invalid, leaves

_MAX_ZOOM = 23
_MAX_LATITUDE, _MAX_LONGITUDE = 85.05112878, 180.0
_PIXELS = 256
_LATITUDE = f"Latitude must be between -{_MAX_LATITUDE} and {_MAX_LATITUDE}"
_LONGITUDE = f"Longitude must be between -{_MAX_LONGITUDE} and {_MAX_LONGITUDE}"
_LATITUDE_SPAN = "Latitude span for the geometry must be in [-85.05, 85.05] range"
_LONGITUDE_SPAN = "Longitude span for the geometry must be in [-180.00, 180.00] range"
_MAX_RADIUS_KM = 1_000
_MAX_TILES = 1_000_000
_MAX_COMPLEXITY = 25_000_000
_COARSE_ZOOM = 10
_TOO_COMPLEX = (
    "The zoom level is too high or the geometry is too complex to compute a set of covering Bing tiles. "
    "Please use a lower zoom level or convert the geometry to its bounding box using the ST_Envelope function."
)


def _code(x: int, y: int, zoom: int) -> int:
    return x << 28 | y << 5 | zoom


def _check_zoom(zooms: Any) -> None:
    if (zooms <= 0).any():
        raise invalid("Zoom level must be > 0")
    if (zooms > _MAX_ZOOM).any():
        raise invalid(f"Zoom level must be <= {_MAX_ZOOM}")


def _check_place(latitudes: Any, longitudes: Any, latitude: str = _LATITUDE, longitude: str = _LONGITUDE) -> None:
    if not (np.abs(latitudes) <= _MAX_LATITUDE).all():
        raise invalid(latitude)
    if not (np.abs(longitudes) <= _MAX_LONGITUDE).all():
        raise invalid(longitude)


def bing_tile(x: Any, y: Any, zooms: Any) -> Any:
    """Raises: INVALID_FUNCTION_ARGUMENT."""
    _check_zoom(zooms)
    x, y, zooms = (column.astype(np.int64) for column in (x, y, zooms))
    sides = np.left_shift(1, zooms)
    wrong = (x < 0) | (x >= sides) | (y < 0) | (y >= sides)
    if wrong.any():
        index = np.argmax(wrong)
        raise invalid(
            f"XY coordinates for a Bing tile at zoom level {zooms[index]} must be within [0, {sides[index]}) range"
        )
    return x << 28 | y << 5 | zooms


def quadkey_tile(keys: Sequence[str]) -> list[int]:
    """Raises: INVALID_FUNCTION_ARGUMENT."""
    return [_from_key(key) for key in keys]


def _from_key(key: str) -> int:
    if not key:
        raise invalid("QuadKey must not be empty string")
    if len(key.encode()) > _MAX_ZOOM:
        raise invalid(f"QuadKey must be {_MAX_ZOOM} characters or less")
    x = y = 0
    for letter in key:
        digit = "0123".find(letter)
        if digit < 0:
            raise invalid(f"Invalid QuadKey digit sequence: {key}")
        x, y = x << 1 | digit & 1, y << 1 | digit >> 1
    return _code(x, y, len(key))


def _parts(tile: int) -> tuple[int, int, int]:
    return tile >> 28, tile >> 5 & 0x7FFFFF, tile & 0x1F


def bing_tile_quadkey(tiles: Any) -> list[str]:
    """A digit for each zoom level."""
    return [_key(*_parts(tile)) for tile in tiles.tolist()]


def _key(x: int, y: int, zoom: int) -> str:
    return "".join(str((x >> bit & 1) + 2 * (y >> bit & 1)) for bit in range(zoom - 1, -1, -1))


def _columns(longitudes: Any, zooms: Any) -> Any:
    return _cells((longitudes + 180) / 360, zooms)


def _rows(latitudes: Any, zooms: Any) -> Any:
    sines = np.sin(latitudes * pi / 180)
    return _cells(0.5 - np.log((1 + sines) / (1 - sines)) / (4 * pi), zooms)


def _cells(shares: Any, zooms: Any) -> Any:
    sizes = _PIXELS * np.left_shift(np.int64(1), np.asarray(zooms, dtype=np.int64))
    return np.clip(shares * sizes, 0, sizes - 1).astype(np.int64) // _PIXELS


def bing_tile_at(latitudes: Any, longitudes: Any, zooms: Any) -> Any:
    """The tile of a place. Raises: INVALID_FUNCTION_ARGUMENT."""
    _check_place(latitudes, longitudes)
    _check_zoom(zooms)
    return _columns(longitudes, zooms) << 28 | _rows(latitudes, zooms) << 5 | zooms


def _corner(x: int, y: int, zoom: int) -> tuple[float, float]:
    """Longitude and latitude of a tile's upper left corner."""
    size = _PIXELS << zoom
    across = min(max(x * _PIXELS, 0), size) / size - 0.5
    down = 0.5 - min(max(y * _PIXELS, 0), size) / size
    return 360 * across, 90 - 360 * atan(exp(-down * 2 * pi)) / pi


def _box(x: int, y: int, zoom: int) -> tuple[float, float, float, float]:
    west, north = _corner(x, y, zoom)
    east, south = _corner(x + 1, y + 1, zoom)
    return west, south, east, north


def _polygon(west: float, south: float, east: float, north: float) -> Any:
    return shapely.Polygon([(west, south), (east, south), (east, north), (west, north)])


def bing_tile_polygon(tiles: Any) -> list[Any]:
    """The rectangle of a tile."""
    return [_polygon(*_box(*_parts(tile))) for tile in tiles.tolist()]


def bing_tiles_near(latitudes: Any, longitudes: Any, zooms: Any) -> list[list[int]]:
    """The tile of a place and those around it."""
    _check_place(latitudes, longitudes)
    _check_zoom(zooms)
    made = []
    for x, y, zoom in zip(
        _columns(longitudes, zooms).tolist(), _rows(latitudes, zooms).tolist(), zooms.tolist(), strict=True
    ):
        side = 1 << zoom
        made.append(
            [
                _code(x + i, y + j, zoom)
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                if 0 <= x + i < side and 0 <= y + j < side
            ]
        )
    return made


def bing_tiles_around(latitudes: Any, longitudes: Any, zooms: Any, radii: Any) -> list[list[int]]:
    """The tiles that a circle needs. Raises: INVALID_FUNCTION_ARGUMENT."""
    _check_place(latitudes, longitudes)
    _check_zoom(zooms)
    if not (radii >= 0).all():
        raise invalid("Radius must be >= 0")
    if not (radii <= _MAX_RADIUS_KM).all():
        raise invalid("Radius must be <= 1,000 km")
    rows = zip(latitudes.tolist(), longitudes.tolist(), zooms.tolist(), radii.tolist(), strict=True)
    return [_around(*row) for row in rows]


def _moved_latitude(latitude: float, ratio: float, bearing: float) -> float:
    place = radians(latitude)
    made = degrees(asin(sin(place) * cos(ratio) + cos(place) * sin(ratio) * cos(radians(bearing))))
    return min(max(made, -_MAX_LATITUDE), _MAX_LATITUDE)


def _moved_longitude(latitude: float, longitude: float, ratio: float, bearing: float) -> float:
    place = radians(latitude)
    across = atan2(sin(radians(bearing)) * sin(ratio) * cos(place), cos(ratio) - sin(place) * sin(place))
    made = degrees(radians(longitude) + across)
    if made > _MAX_LONGITUDE:
        return made - 2 * _MAX_LONGITUDE
    return made + 2 * _MAX_LONGITUDE if made < -_MAX_LONGITUDE else made


def _around(latitude: float, longitude: float, zoom: int, radius: float) -> list[int]:
    side = 1 << zoom
    ratio = radius / EARTH_RADIUS_KM
    x, y = int(_columns(longitude, zoom)), int(_rows(latitude, zoom))
    top, bottom = (int(_rows(_moved_latitude(latitude, ratio, bearing), zoom)) for bearing in (0, 180))
    left, right = (int(_columns(_moved_longitude(latitude, longitude, ratio, b), zoom)) for b in (270, 90))
    across = right + side - left + 1 if right < left else right - left + 1
    total = across * (bottom - top + 1)
    if total > _MAX_TILES:
        raise invalid(
            "The number of tiles covering input rectangle exceeds the limit of 1M. "
            f"Number of tiles: {total}. Radius: {radius:.1f} km. Zoom level: {zoom}."
        )
    made = [_code((left + i) % side, y, zoom) for i in range(across)]
    made += [_code(x, row, zoom) for row in range(top, bottom + 1) if row != y]
    # Of the four corners of the rectangle, only what the circle reaches: right then left, above then below.
    for edge, step, inner in ((right, -1, 0), (left, 1, 1)):
        column = edge
        while column != x:
            for rows, below in ((range(top, y), 1), (range(bottom, y, -1), 0)):
                inside = False
                for row in rows:
                    if not inside:
                        there_longitude, there_latitude = _corner(column + inner, row + below, zoom)
                        inside = great_circle_km(latitude, longitude, there_latitude, there_longitude) <= radius
                    if inside:
                        made.append(_code(column, row, zoom))
            column = (column + step) % side
    return made


def geometry_to_bing_tiles(geometries: Any, zooms: Any) -> list[list[int]]:
    """The tiles that geometries need. Raises: INVALID_FUNCTION_ARGUMENT."""
    _check_zoom(zooms)
    return [_covering(geometry, zoom) for geometry, zoom in zip(geometries, zooms.tolist(), strict=True)]


def _is_point_or_rectangle(geometry: Any, bounds: tuple[float, float, float, float]) -> bool:
    if geometry.geom_type == "Point":
        return True
    if geometry.geom_type != "Polygon" or geometry.interiors or len(geometry.exterior.coords) != 5:
        return False
    west, south, east, north = bounds
    corners = {(west, south), (west, north), (east, south), (east, north)}
    return all(point in corners for point in geometry.exterior.coords)


def _covering(geometry: Any, zoom: int) -> list[int]:
    if geometry.is_empty:
        return []
    west, south, east, north = bounds = geometry.bounds
    _check_place(np.array([south, north]), np.array([west, east]), _LATITUDE_SPAN, _LONGITUDE_SPAN)
    simple = _is_point_or_rectangle(geometry, bounds)
    left, top = int(_columns(west, zoom)), int(_rows(north, zoom))
    right, bottom = int(_columns(east, zoom)), int(_rows(south, zoom))
    # A tile that only touches the right or lower side is not needed.
    corner = _corner(right, bottom, zoom)
    right, bottom = right - (corner[0] == east), bottom - (corner[1] == south)
    count = (right - left + 1) * (bottom - top + 1)
    if simple and count > _MAX_TILES:
        raise invalid(
            f"The number of tiles covering input rectangle exceeds the limit of 1M. Number of tiles: {count}. "
            f"Rectangle: xMin={west:.2f}, yMin={south:.2f}, xMax={east:.2f}, yMax={north:.2f}. Zoom level: {zoom}."
        )
    if not simple and count >= 2**31:
        raise invalid("The zoom level is too high to compute a set of covering Bing tiles.")
    if not simple and count * int(shapely.get_num_coordinates(geometry)) > _MAX_COMPLEXITY:
        raise invalid(_TOO_COMPLEX)
    if simple:
        return [_code(x, y, zoom) for x in range(left, right + 1) for y in range(top, bottom + 1)]
    shapely.prepare(geometry)
    made: list[int] = []
    if zoom <= _COARSE_ZOOM:
        for x in range(left, right + 1):
            for y in range(top, bottom + 1):
                if shapely.intersects(geometry, _polygon(*_box(x, y, zoom))):
                    made.append(_code(x, y, zoom))
        return made
    shift = zoom - _COARSE_ZOOM
    for x in range(left >> shift, (right >> shift) + 1):
        for y in range(top >> shift, (bottom >> shift) + 1):
            _subtiles(geometry, zoom, (x, y, _COARSE_ZOOM), made)
    return made


def _subtiles(geometry: Any, zoom: int, tile: tuple[int, int, int], made: list[int]) -> None:
    """The tiles of `zoom` within a larger one that meet the geometry."""
    x, y, level = tile
    box = _polygon(*_box(*tile))
    if not shapely.intersects(geometry, box):
        return
    if level == zoom:
        made.append(_code(*tile))
        return
    if any(shapely.contains(leaf, box) for leaf in leaves(geometry)):
        side = 1 << (zoom - level)
        made += [_code(x * side + i, y * side + j, zoom) for i in range(side) for j in range(side)]
        return
    for i in (0, 1):
        for j in (0, 1):
            _subtiles(geometry, zoom, (2 * x + i, 2 * y + j, level + 1), made)
