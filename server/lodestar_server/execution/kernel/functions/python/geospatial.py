"""The functions over geometries and map tiles that DuckDB calls back for: their signatures only.

The work is in `execution/kernel/geometry`, which needs shapely and is imported by the first call. A geometry is WKB in
DuckDB and an array of shapely's objects there; a tile is its 64-bit code.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lodestar_server.execution.kernel.functions.python.registry import arrow_function

GEOMETRY, GEOMETRIES = "GEOMETRY", "GEOMETRY[]"
PLAIN = {GEOMETRY: "BLOB", GEOMETRIES: "BLOB[]", "POINTS": "STRUCT(f0 BLOB, f1 BLOB)"}
"""Our names of types → DuckDB's; other names are DuckDB's own."""

_ROOM = "lodestar_server.execution.kernel.geometry"

_RELATIONS = (
    "st_contains",
    "st_crosses",
    "st_disjoint",
    "st_equals",
    "st_intersects",
    "st_overlaps",
    "st_touches",
    "st_within",
)

_TABLE: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "texts": {
        "st_geometryfromtext": (("VARCHAR",), GEOMETRY),
        "st_linefromtext": (("VARCHAR",), GEOMETRY),
        "st_polygon": (("VARCHAR",), GEOMETRY),
        "st_astext": ((GEOMETRY,), "VARCHAR"),
        "shown_geometry": ((GEOMETRY,), "VARCHAR"),
    },
    "binaries": {
        "st_geomfrombinary": (("BLOB",), GEOMETRY),
        "st_asbinary": ((GEOMETRY,), "BLOB"),
        "geometry_from_hadoop_shape": (("BLOB",), GEOMETRY),
        "to_encoded_polyline": ((GEOMETRY,), "VARCHAR"),
        "from_encoded_polyline": (("VARCHAR",), GEOMETRY),
    },
    "documents": {
        "from_geojson_geometry": (("VARCHAR",), GEOMETRY),
        "to_geojson_geometry": ((GEOMETRY,), "VARCHAR"),
        "st_geomfromkml": (("VARCHAR",), GEOMETRY),
    },
    "constructors": {
        "st_point": (("DOUBLE", "DOUBLE"), GEOMETRY),
        "st_linestring": ((GEOMETRIES,), GEOMETRY),
        "st_multipoint": ((GEOMETRIES,), GEOMETRY),
    },
    "measures": {
        "st_area": ((GEOMETRY,), "DOUBLE"),
        "st_length": ((GEOMETRY,), "DOUBLE"),
        "st_distance": ((GEOMETRY, GEOMETRY), "DOUBLE"),
        "st_coorddim": ((GEOMETRY,), "TINYINT"),
        "st_dimension": ((GEOMETRY,), "TINYINT"),
        "st_numgeometries": ((GEOMETRY,), "INTEGER"),
        "st_numinteriorring": ((GEOMETRY,), "BIGINT"),
        "st_numpoints": ((GEOMETRY,), "BIGINT"),
        "st_x": ((GEOMETRY,), "DOUBLE"),
        "st_y": ((GEOMETRY,), "DOUBLE"),
        "st_xmin": ((GEOMETRY,), "DOUBLE"),
        "st_xmax": ((GEOMETRY,), "DOUBLE"),
        "st_ymin": ((GEOMETRY,), "DOUBLE"),
        "st_ymax": ((GEOMETRY,), "DOUBLE"),
        "line_locate_point": ((GEOMETRY, GEOMETRY), "DOUBLE"),
    },
    "relations": {
        **dict.fromkeys(
            (
                "st_contains",
                "st_crosses",
                "st_disjoint",
                "st_equals",
                "st_intersects",
                "st_overlaps",
                "st_touches",
                "st_within",
            ),
            ((GEOMETRY, GEOMETRY), "BOOLEAN"),
        ),
        "st_relate": ((GEOMETRY, GEOMETRY, "VARCHAR"), "BOOLEAN"),
    },
    "validity": {
        "st_geometrytype": ((GEOMETRY,), "VARCHAR"),
        "st_isclosed": ((GEOMETRY,), "BOOLEAN"),
        "st_isempty": ((GEOMETRY,), "BOOLEAN"),
        "st_isring": ((GEOMETRY,), "BOOLEAN"),
        "st_issimple": ((GEOMETRY,), "BOOLEAN"),
        "st_isvalid": ((GEOMETRY,), "BOOLEAN"),
        "geometry_invalid_reason": ((GEOMETRY,), "VARCHAR"),
    },
    "parts": {
        "st_boundary": ((GEOMETRY,), GEOMETRY),
        "st_startpoint": ((GEOMETRY,), GEOMETRY),
        "st_endpoint": ((GEOMETRY,), GEOMETRY),
        "st_envelope": ((GEOMETRY,), GEOMETRY),
        "st_envelopeaspts": ((GEOMETRY,), GEOMETRIES),
        "st_exteriorring": ((GEOMETRY,), GEOMETRY),
        "st_geometries": ((GEOMETRY,), GEOMETRIES),
        "st_geometryn": ((GEOMETRY, "INTEGER"), GEOMETRY),
        "st_interiorringn": ((GEOMETRY, "INTEGER"), GEOMETRY),
        "st_interiorrings": ((GEOMETRY,), GEOMETRIES),
        "st_pointn": ((GEOMETRY, "INTEGER"), GEOMETRY),
        "st_points": ((GEOMETRY,), GEOMETRIES),
        "line_interpolate_point": ((GEOMETRY, "DOUBLE"), GEOMETRY),
        "line_interpolate_points": ((GEOMETRY, "DOUBLE"), GEOMETRIES),
        "geometry_nearest_points": ((GEOMETRY, GEOMETRY), "POINTS"),
    },
    "operations": {
        "st_buffer": ((GEOMETRY, "DOUBLE"), GEOMETRY),
        "st_centroid": ((GEOMETRY,), GEOMETRY),
        "st_convexhull": ((GEOMETRY,), GEOMETRY),
        "convex_hull_agg": ((GEOMETRIES,), GEOMETRY),
        "simplify_geometry": ((GEOMETRY, "DOUBLE"), GEOMETRY),
    },
    "overlays": {
        "st_difference": ((GEOMETRY, GEOMETRY), GEOMETRY),
        "st_intersection": ((GEOMETRY, GEOMETRY), GEOMETRY),
        "st_symdifference": ((GEOMETRY, GEOMETRY), GEOMETRY),
        "st_union": ((GEOMETRY, GEOMETRY), GEOMETRY),
        "geometry_union": ((GEOMETRIES,), GEOMETRY),
    },
    "spheres": {
        "to_spherical_geography": ((GEOMETRY,), GEOMETRY),
        "spherical_st_area": ((GEOMETRY,), "DOUBLE"),
        "spherical_st_length": ((GEOMETRY,), "DOUBLE"),
        "spherical_st_distance": ((GEOMETRY, GEOMETRY), "DOUBLE"),
    },
    "kdb_trees": {
        "kdb_tree": (("VARCHAR",), "BLOB"),
        "spatial_partitions": (("BLOB", GEOMETRY), "INTEGER[]"),
        "near_spatial_partitions": (("BLOB", GEOMETRY, "DOUBLE"), "INTEGER[]"),
        "spatial_partitioning": ((GEOMETRIES,), "VARCHAR"),
    },
    "tiles": {
        "bing_tile": (("INTEGER", "INTEGER", "INTEGER"), "BIGINT"),
        "quadkey_tile": (("VARCHAR",), "BIGINT"),
        "bing_tile_quadkey": (("BIGINT",), "VARCHAR"),
        "bing_tile_at": (("DOUBLE", "DOUBLE", "INTEGER"), "BIGINT"),
        "bing_tile_polygon": (("BIGINT",), GEOMETRY),
        "bing_tiles_near": (("DOUBLE", "DOUBLE", "INTEGER"), "BIGINT[]"),
        "bing_tiles_around": (("DOUBLE", "DOUBLE", "INTEGER", "DOUBLE"), "BIGINT[]"),
        "geometry_to_bing_tiles": ((GEOMETRY, "INTEGER"), "BIGINT[]"),
    },
}


def _register(module: str, name: str, parameters: tuple[str, ...], result: str) -> None:
    def run(*columns: Any) -> Any:
        values = import_module(f"{_ROOM}.values")
        function = getattr(import_module(f"{_ROOM}.{module}"), name)
        return values.call(function, columns, parameters, result)

    held = [PLAIN.get(parameter, parameter) for parameter in parameters]
    arrow_function(f"trino_{name}", held, PLAIN.get(result, result))(run)


for _module, _functions in _TABLE.items():
    for _name, (_parameters, _result) in _functions.items():
        _register(_module, _name, _parameters, _result)

NAMES = frozenset(name for functions in _TABLE.values() for name in functions)
"""Functions that have a callback `trino_<name>`."""
