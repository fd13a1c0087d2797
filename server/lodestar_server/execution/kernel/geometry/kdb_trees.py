"""Trees that part the plane into rectangles of about as many geometries each; at rest they are JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import inf, isinf, isnan, nextafter
from typing import Any

import numpy as np
import shapely

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.geometry.values import broken, invalid
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_MAX_DEPTH = 500
_PARTITIONS = 100
"""Parts that a tree is built for: Trino's default of hash partitions."""

_Box = tuple[float, float, float, float]


def kdb_tree(texts: Sequence[str]) -> list[bytes]:
    """CAST of a text. Raises: INVALID_CAST_ARGUMENT."""
    made = []
    for text in texts:
        try:
            made.append(f'{{"root":{_node(json.loads(text)["root"])}}}'.encode())
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(marked(INVALID_CAST_ARGUMENT, "Invalid JSON string for KDB tree")) from None
    return made


def _node(node: Any) -> str:
    extent = _extent(tuple(float(node["extent"][side]) for side in _SIDES))
    if node.get("leafId") is None:
        return f'{{"extent":{extent},"left":{_node(node["left"])},"right":{_node(node["right"])}}}'
    if node.get("left") or node.get("right") or int(node["leafId"]) < 0:
        raise ValueError(node)
    return f'{{"extent":{extent},"leafId":{int(node["leafId"])}}}'


def _extent(box: Sequence[float]) -> str:
    sides = (f'"{side}":{java_double(value)}' for side, value in zip(_SIDES, box, strict=True))
    return f"{{{','.join(sides)}}}"


def spatial_partitions(trees: Sequence[bytes], geometries: Any) -> list[list[int] | None]:
    """The leaves that a geometry's bounds meet; a point has one. NULL of an empty geometry."""
    return _partitions(trees, geometries, [0.0] * len(trees))


def near_spatial_partitions(trees: Sequence[bytes], geometries: Any, distances: Any) -> list[list[int] | None]:
    """The leaves within a distance. Raises: INVALID_FUNCTION_ARGUMENT."""
    for distance in distances.tolist():
        if isnan(distance):
            raise invalid("distance is NaN")
        if isinf(distance):
            raise invalid("distance is infinite")
        if distance < 0:
            raise invalid("distance is negative")
    return _partitions(trees, geometries, distances.tolist())


def _partitions(trees: Sequence[bytes], geometries: Any, distances: Sequence[float]) -> list[list[int] | None]:
    known: dict[bytes, Any] = {}
    made: list[list[int] | None] = []
    for tree, bounds, distance in zip(trees, shapely.bounds(geometries).tolist(), distances, strict=True):
        if isnan(bounds[0]):
            made.append(None)
            continue
        if tree not in known:
            known[tree] = json.loads(tree)["root"]
        west, south, east, north = bounds
        made.append(_leaves(known[tree], (west - distance, south - distance, east + distance, north + distance)))
    return made


def _leaves(root: Any, box: _Box) -> list[int]:
    found = list(_meeting(root, box))
    west, south, east, north = box
    if found and west == east and south == north:
        for leaf in found:
            if west < leaf["extent"]["xmax"] and south < leaf["extent"]["ymax"]:
                return [leaf["leafId"]]
        place = f"({java_double(west)}, {java_double(south)})"
        raise broken(f"Cannot find half-open partition extent for a point: {place}")
    return [leaf["leafId"] for leaf in found]


def _meeting(node: Any, box: _Box) -> Iterator[Any]:
    extent = node["extent"]
    if extent["xmin"] > box[2] or extent["xmax"] < box[0] or extent["ymin"] > box[3] or extent["ymax"] < box[1]:
        return
    if "leafId" in node:
        yield node
        return
    yield from _meeting(node["left"], box)
    yield from _meeting(node["right"], box)


def spatial_partitioning(rows: Sequence[Any]) -> list[str | None]:
    """A tree for the geometries of a group; NULL when all are empty."""
    return [_partitioning(row) for row in rows]


def _partitioning(geometries: Any) -> str | None:
    bounds = shapely.bounds(geometries[~shapely.is_empty(geometries)])
    if len(bounds) == 0:
        return None
    west, south = bounds[:, 0].min(), bounds[:, 1].min()
    east, north = nextafter(bounds[:, 2].max(), inf), nextafter(bounds[:, 3].max(), inf)
    most = (len(bounds) + _PARTITIONS - 1) // _PARTITIONS
    extent = tuple(map(float, (west, south, east, north)))
    return f'{{"root":{_built(most, extent, bounds[:, :2], iter(range(len(bounds))), 0)}}}'


def _built(most: int, extent: Sequence[float], corners: Any, numbers: Iterator[int], depth: int) -> str:
    """The JSON of a node over lower left corners, parted along the longer side if it can be."""
    if len(corners) > most and depth < _MAX_DEPTH:
        axis = 0 if extent[2] - extent[0] >= extent[3] - extent[1] else 1
        for side in (axis, 1 - axis):
            ordered = corners[np.lexsort((corners[:, 1 - side], corners[:, side]))]
            line = ordered[:, side]
            middle = line[(len(line) - 1) // 2]
            index = int(np.searchsorted(line, middle, side="right"))
            if index == len(line):
                continue
            split = float((middle + line[index]) / 2)
            low, high = list(extent), list(extent)
            low[side + 2] = high[side] = split
            left = _built(most, low, ordered[:index], numbers, depth + 1)
            right = _built(most, high, ordered[index:], numbers, depth + 1)
            return f'{{"extent":{_extent(extent)},"left":{left},"right":{right}}}'
    return f'{{"extent":{_extent(extent)},"leafId":{next(numbers)}}}'
