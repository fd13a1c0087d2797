from __future__ import annotations

import random
from functools import partial

import pytest
from tests.fakes.memory_store import MemoryStore

from lodestar_server.plugins.toolkit.files import Version, discard_output
from lodestar_server.plugins.toolkit.stores import object_input
from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem
from lodestar_server.spi.errors import GENERIC_USER_ERROR, LodestarError


def _files(store: MemoryStore) -> ObjectFileSystem:
    return ObjectFileSystem({"b": store}.__getitem__, ("s3", "s3a"), GENERIC_USER_ERROR)


def _filled(*keys: str) -> MemoryStore:
    return MemoryStore(objects={key: key.encode() for key in keys})


def test_a_directory_is_there_because_keys_begin_with_it() -> None:
    files = _files(_filled("t/p=1/x", "t/p=1/y", "t/p=2/x", "t/z", "tt", "t/marker/"))
    assert [(one.location, one.is_directory, one.size) for one in files.list("s3://b/t")] == [
        ("s3://b/t/marker", True, 0),
        ("s3://b/t/p=1", True, 0),
        ("s3://b/t/p=2", True, 0),
        ("s3://b/t/z", False, 3),
    ]
    assert [one.location for one in files.list_recursively("s3a://b/t/")] == [
        "s3a://b/t/p=1/x",
        "s3a://b/t/p=1/y",
        "s3a://b/t/p=2/x",
        "s3a://b/t/z",
    ]
    found = files.find("s3://b/t/p=1")
    assert found is not None and found.is_directory
    assert files.find("s3://b/t/p") is None
    assert files.list("s3://b/nothing") == []
    assert files.read("s3://b/t/z") == b"t/z" and files.read("s3://b/t") is None


def test_a_rename_moves_everything_below() -> None:
    store = _filled("t/a", "t/p/b", "tt")
    _files(store).rename("s3://b/t", "s3a://b/new/place")
    assert store.objects == {"new/place/a": b"t/a", "new/place/p/b": b"t/p/b", "tt": b"tt"}


def test_a_rename_refuses_what_is_there_unless_it_is_its_own() -> None:
    store = _filled("t/a", "n/b")
    files = _files(store)
    with pytest.raises(LodestarError, match="File exists"):
        files.rename("s3://b/t", "s3://b/n")
    files.rename("s3://b/t", "s3://b/n", again=True)
    assert sorted(store.objects) == ["n/a", "n/b"]


def test_a_failed_rename_takes_its_copies_back() -> None:
    store = _filled("t/a", "t/b", "t/c")
    store.broken.add(("copy", "t/b"))
    with pytest.raises(LodestarError, match=r"Failed to move to s3://b/n: out of order"):
        _files(store).rename("s3://b/t", "s3://b/n")
    assert sorted(store.objects) == ["t/a", "t/b", "t/c"]


def test_a_tree_is_deleted_and_a_bucket_is_not() -> None:
    store = _filled("t/a", "t/b/c", "tt")
    files = _files(store)
    files.delete_tree("s3://b/t")
    assert list(store.objects) == ["tt"]
    with pytest.raises(LodestarError, match="whole bucket"):
        files.delete_tree("s3://b/")


def test_an_exclusive_write_tells_who_was_first() -> None:
    files = _files(MemoryStore())
    assert files.write_new("s3://b/x", b"1")
    assert not files.write_new("s3://b/x", b"2")
    assert files.read("s3://b/x") == b"1"


def test_reads_give_the_same_bytes_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("TAIL_BYTES", 100), ("FIRST_AHEAD", 64), ("LARGEST_AHEAD", 256), ("PIECE_BYTES", 90)):
        monkeypatch.setattr(object_input, name, size)
    content = random.Random(1).randbytes(5000)
    store = MemoryStore(objects={"x": content})
    dice = random.Random(2)
    for _ in range(30):
        with _files(store).open_input("s3://b/x") as file:
            for _ in range(40):
                if dice.random() < 0.5:
                    place = dice.choice([0, dice.randrange(5200), 5000 - dice.randrange(150)])
                    assert file.seek(place) == place
                start, length = file.tell(), dice.choice([1, 7, 50, 500, 6000])
                assert file.read(length) == content[start : start + length]
        with _files(store).open_input("s3://b/x", Version(5000, 1)) as file:
            assert b"".join(iter(partial(file.read, 11), b"")) == content


def test_a_footer_is_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(objects={"x": bytes(200_000)})
    with _files(store).open_input("s3://b/x", Version(200_000, 1)) as file:
        file.seek(-8, 2)
        file.read(8)
        file.seek(-30_000, 2)
        file.read(29_992)
    assert store.calls == [("get", "x")]


def test_a_small_file_is_one_request_and_a_large_one_parts() -> None:
    store = MemoryStore(part_size=10)
    files = _files(store)
    with files.open_output("s3://b/small") as file:
        file.write(b"12345")
        assert file.tell() == 5
    with files.open_output("s3://b/large") as file:
        file.write(b"0123456789" * 3)
        file.write(b"x")
        assert "large" not in store.objects
        assert file.tell() == 31
    assert store.calls == [("put", "small"), *[("upload", "large")] * 4, ("put", "large")]
    assert store.objects == {"small": b"12345", "large": b"0123456789" * 3 + b"x"}


def test_what_is_abandoned_leaves_nothing() -> None:
    store = MemoryStore(part_size=10)
    files = _files(store)
    file = files.open_output("s3://b/x")
    file.write(bytes(25))
    discard_output(file)
    with pytest.raises(RuntimeError), files.open_output("s3://b/y") as file:
        raise RuntimeError
    store.broken.add(("upload", "z"))
    file = files.open_output("s3://b/z")
    with pytest.raises(LodestarError, match=r"Failed to write s3://b/z: out of order"):
        file.write(bytes(25))
    file.close()
    assert (store.objects, store.uploads) == ({}, [])


def test_other_schemes_and_missing_names_are_refused() -> None:
    files = _files(MemoryStore())
    for location in ("gs://b/x", "s3:///x"):
        with pytest.raises(LodestarError):
            files.find(location)
