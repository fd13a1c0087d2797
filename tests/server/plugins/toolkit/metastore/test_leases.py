from __future__ import annotations

import threading
from collections.abc import Callable

import orjson
import pytest
from tests.fakes.memory_store import MemoryStore
from tests.fakes.processes import ended_process

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.guard import Guard
from lodestar_server.plugins.toolkit.metastore.leases import StoreLocks
from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem
from lodestar_server.spi.errors import LodestarError

LOCK = "w/.lodestar/locks/s.t/lock"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def files(store: MemoryStore) -> ObjectFileSystem:
    return ObjectFileSystem({"b": store}.__getitem__, ("s3",), HIVE_METASTORE_ERROR)


@pytest.fixture
def locks(files: ObjectFileSystem) -> StoreLocks:
    return StoreLocks(files, "s3://b/w/.lodestar")


def _never() -> bool:
    return False


def _nothing() -> None: ...


def _in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_lock_is_an_object_and_a_change_leaves_a_trace(store: MemoryStore, locks: StoreLocks) -> None:
    with locks.exclusively("s.t"), locks.exclusively("s.t"):
        assert LOCK in store.objects
    (first,) = store.objects
    assert first.startswith("w/.lodestar/locks/s.t/changed-")
    with locks.exclusively("s.t"):
        pass
    (second,) = store.objects
    assert second != first


def test_another_process_waits(store: MemoryStore, files: ObjectFileSystem, locks: StoreLocks) -> None:
    other = StoreLocks(files, "s3://b/w/.lodestar")
    order: list[str] = []

    def wait() -> None:
        with other.exclusively("s.t"):
            order.append("second")

    with locks.exclusively("s.t"):
        thread = _in_thread(wait)
        while store.calls.count(("put", LOCK)) < 2:  # it has tried
            pass
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_the_lock_of_the_dead_is_taken_away(store: MemoryStore, locks: StoreLocks) -> None:
    store.objects[LOCK] = b'{"token":"dead"}'
    store.ages[LOCK] = 1000
    with locks.exclusively("s.t"):
        assert store.objects[LOCK] != b'{"token":"dead"}'
    assert LOCK not in store.objects


def test_a_holder_that_is_no_process_any_more_is_not_waited_for(store: MemoryStore, files: ObjectFileSystem) -> None:
    dead = ended_process()
    store.objects[LOCK] = orjson.dumps({"token": "dead", "process": dead})
    record = "w/.lodestar/staging/dead.json"
    store.objects |= {record: orjson.dumps({"directories": ["s3://b/dead"], "process": dead}), "dead/x": b""}
    assert (
        StoreLocks(files, "s3://b/w/.lodestar").steadily("s.t", lambda: 1, _never, lambda: store.objects.pop(LOCK)) == 1
    )
    with Guard(files, "s3://b/w").exclusively("s.t"):
        assert record not in store.objects and "dead/x" not in store.objects


def test_a_lost_lock_is_noticed_before_anything_is_decided(store: MemoryStore, files: ObjectFileSystem) -> None:
    guard = Guard(files, "s3://b/w")
    with pytest.raises(LodestarError, match=r"The lock of s\.t was lost"), guard.exclusively("s.t"):
        store.objects[LOCK] = b'{"token":"of somebody else"}'
        guard.run(["s.t"], [("write", "s3://b/x", "x")])
    assert "x" not in store.objects
    assert store.objects[LOCK] == b'{"token":"of somebody else"}'


def test_readers_read_again_when_something_changed(locks: StoreLocks) -> None:
    seen: list[int] = []

    def read() -> int:
        seen.append(len(seen))
        if len(seen) == 1:

            def change() -> None:
                with locks.exclusively("s.t"):
                    pass

            _in_thread(change).join()
        return seen[-1]

    assert locks.steadily("s.t", read, _never, _nothing) == 1
    assert locks.steadily("s.t", read, _never, _nothing) == 2


def test_readers_finish_what_the_dead_have_decided(store: MemoryStore, files: ObjectFileSystem) -> None:
    store.objects[LOCK] = b'{"token":"dead"}'
    store.ages[LOCK] = 1000
    store.objects["w/.lodestar/journal/1.json"] = (
        b'{"locks":["s.t"],"operations":[["move","s3://b/new","s3://b/t"],["write","s3://b/t/d","d"]]}'
    )
    store.objects |= {"t/a": b"a", "new/a": b"a", "new/b": b"b"}  # half moved
    guard = Guard(files, "s3://b/w")
    found = guard.steadily("s.t", lambda: sorted(info.name for info in files.list("s3://b/t")))
    assert found == ["a", "b", "d"]
    assert not [key for key in store.objects if key.startswith(("new/", "w/.lodestar/journal"))]


def test_staging_of_the_dead_goes_with_the_first_change(store: MemoryStore, files: ObjectFileSystem) -> None:
    for name, age in (("dead", 1000), ("alive", 0)):
        record = f"w/.lodestar/staging/{name}.json"
        store.objects[record] = f'["s3://b/{name}"]'.encode()
        store.ages[record] = age
        store.objects[f"{name}/x"] = b""
    with Guard(files, "s3://b/w").exclusively("s.t"):
        pass
    assert "alive/x" in store.objects and "dead/x" not in store.objects


def test_staging_of_a_writer_is_recorded_before_it_is_filled(store: MemoryStore, files: ObjectFileSystem) -> None:
    guard = Guard(files, "s3://b/w")
    with guard.open_staging() as staging:
        staging.add("s3://b/stage")
        record = orjson.loads(store.objects[f"w/.lodestar/staging/{staging.name}.json"])
        assert record["directories"] == ["s3://b/stage"]
        store.objects["stage/x"] = b""
    assert store.objects == {}


def test_what_could_not_be_undone_keeps_its_lock(store: MemoryStore, files: ObjectFileSystem) -> None:
    guard = Guard(files, "s3://b/w")
    store.broken |= {("put", "y"), ("delete", "x")}
    with pytest.raises(LodestarError), guard.exclusively("s.t"):
        guard.run(["s.t"], [("write", "s3://b/x", "x"), ("write", "s3://b/y", "y")])
    assert LOCK in store.objects
    assert [key for key in store.objects if "/journal/" in key]


def test_half_a_move_of_the_dead_is_finished(store: MemoryStore, files: ObjectFileSystem) -> None:
    store.objects |= {"new/a": b"a", "new/.d": b"d", "t/a": b"a", LOCK: b'{"token":"dead"}'}
    store.ages[LOCK] = 1000
    store.objects["w/.lodestar/journal/1.json"] = b'{"locks":["s.t"],"operations":[["move","s3://b/new","s3://b/t"]]}'
    guard = Guard(files, "s3://b/w")
    assert guard.settle("s.t")
    assert sorted(key for key in store.objects if not key.startswith("w/")) == ["t/.d", "t/a"]
    assert not guard.settle("s.t")


def test_a_move_in_a_store_is_decided_before_it_begins(store: MemoryStore, files: ObjectFileSystem) -> None:
    guard = Guard(files, "s3://b/w")
    store.objects |= {"new/a": b"a"}
    with guard.exclusively("s.t"):
        guard.run(["s.t"], [("move", "s3://b/new", "s3://b/t")])
    decided = next(at for at, call in enumerate(store.calls) if call[0] == "put" and "/journal/" in call[1])
    assert decided < store.calls.index(("copy", "new/a"))
