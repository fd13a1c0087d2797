from __future__ import annotations

from pathlib import Path

import pytest

from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.stores.routed import FilesByPlace, RoutedFileSystem
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError


def _files(path: Path) -> LocalFileSystem:
    path.mkdir()
    return LocalFileSystem(path, GENERIC_INTERNAL_ERROR)


def test_a_scheme_that_nobody_serves(tmp_path: Path) -> None:
    routed = RoutedFileSystem({"local": _files(tmp_path / "a")}, GENERIC_INTERNAL_ERROR)
    routed.write("local:///f", b"x")
    assert routed.read("local:///f") == b"x"
    with pytest.raises(LodestarError, match="No factory for location: s3://b/k"):
        routed.read("s3://b/k")


def test_a_directory_is_reached_by_its_own_way(tmp_path: Path) -> None:
    inside, outside = _files(tmp_path / "inside"), _files(tmp_path / "outside")
    files = FilesByPlace("local:///home/", inside, outside)
    for location in ("local:///home/a", "local:///homely/b", "local:///c"):
        files.write(location, b"x")
    assert [path.name for path in (tmp_path / "inside").rglob("*") if path.is_file()] == ["a"]
    assert sorted(path.name for path in (tmp_path / "outside").rglob("*") if path.is_file()) == ["b", "c"]
    files.rename("local:///home/a", "local:///home/d")
    assert inside.find("local:///home/d") is not None
    outside.write("local:///home/e", b"y")
    files.rename("local:///home/e", "local:///f")
    assert outside.read("local:///f") == b"y"
