"""Locks, the journal and staging directories of a file metastore."""

from __future__ import annotations

import threading
from pathlib import Path

import orjson
import pytest

from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR
from lodestar_server.plugins.toolkit.metastore.guard import Guard
from lodestar_server.spi.errors import LodestarError


@pytest.fixture
def files(tmp_path: Path) -> LocalFileSystem:
    return LocalFileSystem(tmp_path, HIVE_FILESYSTEM_ERROR)


@pytest.fixture
def guard(files: LocalFileSystem) -> Guard:
    return Guard(files, "local:///m")


def journal(files: LocalFileSystem, locks: list[str], operations: list[tuple[str, ...]]) -> None:
    """What a process leaves that died after its decision."""
    content = orjson.dumps({"locks": locks, "operations": operations})
    files.write("local:///m/.lodestar/journal/dead.json", content)


def test_operations_are_whole(guard: Guard, files: LocalFileSystem) -> None:
    files.write("local:///m/old", b"old")
    files.write("local:///m/taken", b"taken")
    with guard.exclusively("s.t"), pytest.raises(LodestarError):
        guard.run(
            ["s.t"],
            [
                ("write", "local:///m/old", "new"),
                ("write", "local:///m/other", "other"),
                ("move", "local:///m/old", "local:///m/taken"),
            ],
        )
    assert files.read("local:///m/old") == b"old"
    assert files.read("local:///m/other") is None
    assert files.list("local:///m/.lodestar/journal") == []


def test_what_was_decided_is_finished_by_the_next(guard: Guard, files: LocalFileSystem) -> None:
    files.write("local:///m/a/x", b"x")
    journal(files, ["s.t"], [("move", "local:///m/a", "local:///m/b"), ("write", "local:///m/c", "c")])
    with guard.exclusively("s.other"):
        assert files.read("local:///m/b/x") is None
    with guard.exclusively("s.t"):
        assert files.read("local:///m/b/x") == b"x"
        assert files.read("local:///m/c") == b"c"
    assert files.list("local:///m/.lodestar/journal") == []


def test_half_of_it_may_be_done_already(guard: Guard, files: LocalFileSystem) -> None:
    files.write("local:///m/b/x", b"x")
    journal(files, ["s.t"], [("move", "local:///m/a", "local:///m/b"), ("delete_file", "local:///m/gone")])
    assert guard.clean_up() == 0
    assert files.read("local:///m/b/x") == b"x"
    assert files.list("local:///m/.lodestar/journal") == []


def test_readers_finish_it_too(guard: Guard, files: LocalFileSystem) -> None:
    with guard.exclusively("s.t"):
        pass
    journal(files, ["s.t"], [("write", "local:///m/a", "1"), ("write", "local:///m/b", "2")])
    assert guard.steadily("s.t", lambda: files.read("local:///m/b")) == b"2"


def test_readers_wait_for_a_change(guard: Guard, files: LocalFileSystem) -> None:
    seen: list[bytes | None] = []
    entered = threading.Event()
    reader = threading.Thread(target=lambda: seen.append(guard.steadily("s.t", lambda: files.read("local:///m/a"))))
    with guard.exclusively("s.t"):
        reader.start()
        entered.wait(0)
        files.write("local:///m/a", b"1")
    reader.join(10)
    assert seen == [b"1"]


def test_nothing_is_written_for_reading(guard: Guard, tmp_path: Path) -> None:
    assert guard.steadily("s.t", lambda: 1) == 1
    assert list(tmp_path.iterdir()) == []


def test_locks_may_be_nested(guard: Guard) -> None:
    with guard.exclusively("a", "b"), guard.exclusively("b"):
        pass


def test_staging_is_removed_with_its_owner(guard: Guard, files: LocalFileSystem) -> None:
    with guard.open_staging() as staging:
        staging.add("local:///m/new")
        files.write("local:///m/new/x", b"x")
        assert guard.clean_up() == 0
        assert files.read("local:///m/new/x") == b"x"
    assert files.find("local:///m/new") is None
    assert files.list("local:///m/.lodestar/staging") == []


def test_staging_of_the_dead_is_removed(guard: Guard, files: LocalFileSystem) -> None:
    files.write("local:///m/new/x", b"x")
    files.write("local:///m/.lodestar/staging/dead.json", orjson.dumps(["local:///m/new"]))
    assert guard.clean_up() == 1
    assert files.find("local:///m/new") is None
    assert files.list("local:///m/.lodestar/staging") == []
