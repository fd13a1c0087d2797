"""Columns of geometries."""

from __future__ import annotations

import pyarrow as pa
import shapely

from lodestar_server.execution.kernel.geometry import values


def test_points_are_written_as_any_geometry_is() -> None:
    points = values.objects([shapely.Point(1, 2), shapely.Point(-0.5, 1e300)])
    column = values.write(points)
    assert column.to_pylist() == [shapely.to_wkb(point, byte_order=1) for point in points]
    assert values.read(column.slice(1))[0] == points[1]


def test_mixed_columns_keep_their_order() -> None:
    given = [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)]), shapely.Point(), shapely.Point(1, 2)]
    read = values.read(values.write(given))
    assert [shapely.to_wkt(one) for one in read] == [shapely.to_wkt(one) for one in given]


def test_rows_without_an_argument_are_null() -> None:
    left, right = pa.array([1.0, None, 3.0]), pa.array([4.0, 5.0, None])
    made = values.call(lambda a, b: a + b, (left, right), ("DOUBLE", "DOUBLE"), "DOUBLE")
    assert made.to_pylist() == [5.0, None, None]


def test_lists_of_geometries_keep_their_nulls() -> None:
    point = shapely.to_wkb(shapely.Point(1, 2), byte_order=1)
    column = pa.array([[point, None], [], None], type=pa.list_(pa.binary()))
    made = values.call(lambda rows: [len(row) for row in rows], (column,), ("GEOMETRY[]",), "BIGINT")
    assert made.to_pylist() == [2, 0, None]
