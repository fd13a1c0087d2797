"""Well-known text as Trino 476 reads and prints it."""

from __future__ import annotations

import pytest

from lodestar_server.execution.kernel.geometry.texts import number, shown_geometry, st_astext, st_geometryfromtext


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.30000000000000004"),
        (1e-4, "0.0001"),
        (1e-5, "1.0000000000000000e-05"),
        (1e16, "10000000000000000"),
        (1e17, "1.0000000000000000e+17"),
        (1e300, "1.0000000000000000e+300"),
        (float("inf"), "Infinity"),
    ],
)
def test_numbers_have_shortest_digits_or_seventeen(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("POLYGON ((0 0, 0 1, 1 1, 1 0))", "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"),
        ("LINESTRING (0 0)", "LINESTRING (0 0, 0 0)"),
        ("MULTIPOINT (1 2, 3 4)", "MULTIPOINT ((1 2), (3 4))"),
        ("MULTIPOLYGON (EMPTY, ((0 0, 1 0, 1 1, 0 0)))", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))"),
        ("point (NaN 1)", "POINT EMPTY"),
        ("POINT(1 2) and more", "POINT (1 2)"),
        ("POINT (1e400 0)", "POINT (Infinity 0)"),
    ],
)
def test_reads_what_trino_reads(source: str, text: str) -> None:
    assert st_astext(st_geometryfromtext([source])) == [text]


@pytest.mark.parametrize(
    "source",
    ["", "POINT (1)", "POINT (1,2)", "POINT (inf 1)", "CIRCULARSTRING(0 0, 1 1, 1 0)", "LINESTRING (1 2 3, 4 5 6)"],
)
def test_refuses_what_trino_refuses(source: str) -> None:
    with pytest.raises(ValueError, match="Invalid WKT"):
        st_geometryfromtext([source])


def test_depth_of_collections_is_bounded() -> None:
    with pytest.raises(ValueError, match="Invalid WKT"):
        st_geometryfromtext(["GEOMETRYCOLLECTION(" * 100_000 + "POINT(1 1)"])


def test_a_ring_without_area_has_no_text() -> None:
    geometries = st_geometryfromtext(["POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))"])
    assert shown_geometry(geometries) == ["<invalid geometry>"]
    with pytest.raises(ValueError, match="corrupted geometry"):
        st_astext(geometries)
