"""Geometries, geographies and map tiles. Most calls are one call of a function in Python."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.python.geospatial import NAMES
from lodestar_server.execution.kernel.functions.registry import (
    GroupCall,
    ScalarCall,
    aggregate,
    scalar,
    scalar_template,
)
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import SPHERICAL_GEOGRAPHY, VarcharType

_BY_TYPE = ("st_area", "st_length", "st_distance", "bing_tile", "bing_tiles_around", "spatial_partitions")
_OTHERS = ("convex_hull_agg", "spatial_partitioning", "kdb_tree")

for _name in sorted(NAMES - {*_BY_TYPE, *_OTHERS}):
    if not _name.startswith(("spherical_", "quadkey_", "shown_", "near_")):
        scalar_template(_name, f"trino_{_name}({{*}})", total=False)


@scalar("st_area", "st_length", "st_distance")
def _measured(call: ScalarCall) -> Sql:
    kind = "spherical_" if call.types[0] == SPHERICAL_GEOGRAPHY else ""
    return sql.call(f"trino_{kind}{call.function.name}", *call.arguments)


@scalar("to_geometry", total=True)
def _to_geometry(call: ScalarCall) -> Sql:
    """A geography is held as a geometry is."""
    return call.arguments[0]


@scalar("bing_tile")
def _bing_tile(call: ScalarCall) -> Sql:
    name = "trino_quadkey_tile" if isinstance(call.types[0], VarcharType) else "trino_bing_tile"
    return sql.call(name, *call.arguments)


@scalar("bing_tiles_around")
def _bing_tiles_around(call: ScalarCall) -> Sql:
    return sql.call("trino_bing_tiles_near" if len(call.arguments) == 3 else "trino_bing_tiles_around", *call.arguments)


@scalar("spatial_partitions")
def _spatial_partitions(call: ScalarCall) -> Sql:
    name = "trino_spatial_partitions" if len(call.arguments) == 2 else "trino_near_spatial_partitions"
    return sql.call(name, *call.arguments)


@scalar("bing_tile_coordinates", total=True)
def _bing_tile_coordinates(call: ScalarCall) -> Sql:
    def pair(tile: Sql) -> Sql:
        x = sql.fragment("CAST({0} >> 28 AS INTEGER)", tile)
        y = sql.fragment("CAST(({0} >> 5) & 8388607 AS INTEGER)", tile)
        return sql.case([(sql.is_not_null(tile), sql.struct(f0=x, f1=y))])

    return sql.let(call.arguments[0], pair)


scalar_template("bing_tile_zoom_level", "CAST({0} & 31 AS TINYINT)")


_RANGES = (("Latitude", 90), ("Longitude", 180), ("Latitude", 90), ("Longitude", 180))
_EARTH_RADIUS_KM = 6371.01


@scalar("great_circle_distance")
def _great_circle_distance(call: ScalarCall) -> Sql:
    """In SQL: DuckDB's trigonometry rounds as Java's does."""

    def distance(*degrees: Sql) -> Sql:
        checks = [
            (
                sql.fragment(f"({{0}} NOT BETWEEN -{limit} AND {limit})", value),
                call.fail(f"{name} must be between -{limit} and {limit}"),
            )
            for value, (name, limit) in zip(degrees, _RANGES, strict=True)
        ]
        sin1, cos1, sin2, cos2 = (
            sql.fragment(f"{function}(radians({{0}}))", degrees[index])
            for index in (0, 2)
            for function in ("sin", "cos")
        )
        turn = sql.fragment("(radians({0}) - radians({1}))", degrees[1], degrees[3])
        formula = (
            f"(atan2(sqrt(({{3}} * sin({{4}})) * ({{3}} * sin({{4}}))"
            " + ({1} * {2} - {0} * {3} * cos({4})) * ({1} * {2} - {0} * {3} * cos({4}))),"
            f" {{0}} * {{2}} + {{1}} * {{3}} * cos({{4}})) * {_EARTH_RADIUS_KM})"
        )
        return sql.case(checks, sql.fragment(formula, sin1, cos1, sin2, cos2, turn))

    return call.strict(distance)


@aggregate("geometry_union_agg", "convex_hull_agg", "spatial_partitioning")
def _collected(call: GroupCall) -> Sql:
    """Over the list of the group's geometries: NULL for a group without one."""
    value = call.arguments[0]
    name = "geometry_union" if call.function.name == "geometry_union_agg" else call.function.name
    return sql.call(f"trino_{name}", call.apply("list", value, where=sql.is_not_null(value)))
