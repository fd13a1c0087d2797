"""Files under one directory: whole writes, and nothing outside, whatever the location or the link."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lodestar_server.plugins.toolkit.files import child_of, name_of, parent_of, split_location
from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


@pytest.fixture
def files(root: Path) -> LocalFileSystem:
    return LocalFileSystem(root, GENERIC_INTERNAL_ERROR)


def message(action: Callable[[], object]) -> str:
    with pytest.raises(LodestarError) as caught:
        action()
    assert caught.value.code is GENERIC_INTERNAL_ERROR
    return caught.value.message


def test_location_texts() -> None:
    assert child_of("local:///a", "b") == "local:///a/b"
    assert child_of("local:///", "b") == "local:///b"
    assert parent_of("local:///a/b") == "local:///a"
    assert name_of("local:///a/b%2F/") == "b%2F"
    assert split_location("s3://bucket/a") == ("s3", "bucket/a")
    with pytest.raises(ValueError, match="No scheme for file system location: /a"):
        split_location("/a")


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/etc/passwd", "No scheme for file system location: /etc/passwd"),
        (
            "s3://bucket/a",
            "No factory for location: s3://bucket/a (fs.s3.enabled=true is missing in the catalog's properties)",
        ),
        ("local://host/a", "No factory for location: local://host/a"),
        ("local:///a/../../x", "Invalid location: local:///a/../../x"),
        ("local:///./a", "Invalid location: local:///./a"),
        ("local:///a\0b", "Invalid location: local:///a\0b"),
    ],
)
def test_locations_that_are_none(files: LocalFileSystem, location: str, told: str) -> None:
    assert message(lambda: files.find(location)) == told
    assert message(lambda: files.write(location, b"")) == told


def test_names_are_not_decoded(files: LocalFileSystem, root: Path) -> None:
    files.write("local:///p=a%2Fb/x", b"1")
    assert (root / "p=a%2Fb" / "x").read_bytes() == b"1"


def test_links_that_lead_outside(files: LocalFileSystem, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    (root / "dir").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    for location in ("local:///dir/secret", "local:///file", "local:///dir"):
        for action in (files.find, files.read, files.list, files.delete_tree, files.delete_file, files.open_input):
            told = message(lambda action=action, location=location: action(location))
            assert told == f"Location is outside of the file system: {location}"
    assert message(lambda: files.write("local:///dir/new", b"")).startswith("Location is outside")
    assert [info.name for info in files.list("local:///")] == []
    assert (outside / "secret").read_text() == "x"


def test_links_inside(files: LocalFileSystem, root: Path) -> None:
    files.write("local:///real/a", b"1")
    (root / "link").symlink_to(root / "real")
    (root / "broken").symlink_to(root / "nothing")
    assert files.read("local:///link/a") == b"1"
    assert [info.name for info in files.list("local:///")] == ["link", "real"]
    files.delete_tree("local:///link")
    assert files.read("local:///real/a") == b"1"


def test_what_is_not_there(files: LocalFileSystem) -> None:
    assert files.find("local:///a") is None
    assert files.read("local:///a") is None
    assert files.list("local:///a") == []
    files.delete_file("local:///a")
    files.delete_tree("local:///a")
    assert message(lambda: files.open_input("local:///a")) == "Failed to open local:///a: No such file or directory"


def test_writing(files: LocalFileSystem, root: Path) -> None:
    files.write("local:///a/b", b"one")
    files.write("local:///a/b", b"other")
    assert files.read("local:///a/b") == b"other"
    assert [path.name for path in (root / "a").iterdir()] == ["b"]
    info = files.find("local:///a/b")
    assert info is not None
    assert (info.size, info.is_directory, info.name) == (5, False, "b")


def test_a_failed_write_leaves_nothing(files: LocalFileSystem, root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    assert message(lambda: files.write("local:///a/b", b"x")).startswith("Failed to write local:///a/b: ")
    assert [path.name for path in (root / "a").iterdir()] == ["b"]


def test_listing(files: LocalFileSystem) -> None:
    for name in ("b", "a/x", "a/y/z"):
        files.write(f"local:///{name}", b"1")
    assert [(info.name, info.is_directory) for info in files.list("local:///")] == [("a", True), ("b", False)]
    assert [info.location for info in files.list_recursively("local:///")] == [
        "local:///a/x",
        "local:///a/y/z",
        "local:///b",
    ]


def test_renaming(files: LocalFileSystem) -> None:
    files.write("local:///a/x", b"1")
    files.rename("local:///a", "local:///deep/b")
    assert files.read("local:///deep/b/x") == b"1"
    files.write("local:///c/x", b"2")
    assert message(lambda: files.rename("local:///c", "local:///deep/b")) == (
        "Failed to move to local:///deep/b: File exists"
    )
    files.make_directory("local:///empty")
    files.rename("local:///c", "local:///empty")
    assert files.read("local:///empty/x") == b"2"


def test_streams(files: LocalFileSystem) -> None:
    with files.open_output("local:///a/b") as out:
        out.write(b"12345")
    files.sync_file("local:///a/b")
    files.sync_directory("local:///a")
    with files.open_input("local:///a/b") as source:
        source.seek(2)
        assert source.read() == b"345"
    assert message(lambda: files.open_output("local:///a/b")) == "Failed to create local:///a/b: File exists"


def test_files_by_their_whole_path(files: LocalFileSystem, root: Path, tmp_path: Path) -> None:
    files.write("local:///a/b", b"rows")
    assert files.read(f"file://{root}/a/b") == b"rows"
    assert files.read(f"file:{root}/a/b") == b"rows"
    assert [info.location for info in files.list(f"file://{root}/a")] == [f"file://{root}/a/b"]
    files.rename(f"file://{root}/a/b", "local:///c")
    assert files.read("local:///c") == b"rows"
    (tmp_path / "secret").write_text("x")
    assert message(lambda: files.read(f"file://{tmp_path}/secret")).startswith("No factory for location")
    assert message(lambda: files.read(f"file://{root}/../secret")) == f"Invalid location: file://{root}/../secret"


def test_what_goes_while_a_directory_is_listed(
    root: Path, files: LocalFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        files.write(f"local:///d/{name}", b"x")
    listed = os.scandir

    @contextmanager
    def listed_then_deleted(path: str) -> Iterator[list[os.DirEntry[str]]]:
        with listed(path) as entries:
            found = list(entries)
        (root / "d" / "b").unlink()
        yield found

    monkeypatch.setattr(os, "scandir", listed_then_deleted)
    assert [info.name for info in files.list("local:///d")] == ["a", "c"]
