"""Locks and the journal of a file metastore, so that a change is whole for everybody, killed processes included.

Everything is below `<catalog dir>/.lodestar/`:

- `locks/<name>`: one per table (`schema.table`) and schema. Who changes holds it alone, nobody lists files meanwhile.
  How that is done depends on the store: `locks.py` for local files, `leases.py` for objects.
- `journal/<id>.json`: the operations of a change that has been decided. It is written and synced first, then the
  operations run, then it is removed. Whoever gets a lock and finds a journal that names it (its writer must be dead,
  for it held the lock) runs the operations again: each of them may be repeated. When an operation fails the others
  are undone; where even that fails the journal stays and decides.
- `staging/<id>.json`: directories that a running write fills. Its writer holds a lock on it; one without an owner is
  cleaned up at the next start.

A warehouse that cannot be written is read without locks.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import orjson

from lodestar_server.plugins.toolkit.files import FileSystem, child_of, name_of, parent_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.leases import StoreLocks
from lodestar_server.plugins.toolkit.metastore.locks import LocalLocks, Locks, Record
from lodestar_server.plugins.toolkit.renewing import PROBE
from lodestar_server.spi.errors import LodestarError

HIDDEN_DIRECTORY = ".lodestar"
STAGING_PREFIX = "_lodestar_staging-"
_CLEANING_SECONDS = 60.0
T = TypeVar("T")

Operation = tuple[str, ...]
"""("write", location, text) | ("move", from, to) | ("delete_tree", location) | ("delete_file", location)."""


class Guard:
    """The hidden directory of one warehouse. Thread-safe."""

    def __init__(self, files: FileSystem, catalog_directory: str) -> None:
        self._files = files
        self._home = child_of(catalog_directory, HIDDEN_DIRECTORY)
        self._journal = child_of(self._home, "journal")
        self._staging = child_of(self._home, "staging")
        self._undecided = False
        is_local = files.local_path(catalog_directory) is not None
        self._locks: Locks = LocalLocks(files, self._home) if is_local else StoreLocks(files, self._home)
        self._clean_again = None if is_local else 0.0
        self._cleaning = threading.Lock()

    def _clean_up_sometimes(self) -> None:
        """A warehouse in a store is not asked at the start: it is cleaned up before the first change, and again as
        long as there are writes whose writers may be dead."""
        with self._cleaning:
            due = self._clean_again is not None and time.monotonic() >= self._clean_again
            self._clean_again = None if due else self._clean_again
        if due:
            self.clean_up()

    # locks
    @contextmanager
    def exclusively(self, *names: str) -> Iterator[None]:
        """Change what the names stand for; nobody else changes or lists it meanwhile. May be nested."""
        self._clean_up_sometimes()
        with ExitStack() as stack:
            for name in sorted(set(names)):
                stack.enter_context(self._locks.exclusively(name))
            self._finish_journals(names)
            yield

    def steadily(self, name: str, read: Callable[[], T]) -> T:
        """What `read` finds while no change is under way."""
        return self._locks.steadily(name, read, lambda: bool(self._journals(name)), lambda: self._finish(name))

    def _finish(self, name: str) -> None:
        with self.exclusively(name):
            pass

    # the journal
    def run(self, names: Sequence[str], operations: Sequence[Operation]) -> None:
        """Run operations whole or not at all; the names are locked exclusively by the caller."""
        if len(operations) > 1 or not all(map(self._is_whole, operations)):
            self._locks.check()
            entry = child_of(self._journal, f"{uuid.uuid4().hex}.json")
            self._files.write(entry, orjson.dumps({"locks": list(names), "operations": operations}))
            self._perform_all(entry, operations)
            self._files.delete_file(entry)
        else:
            self._locks.check()
            for operation in operations:
                self._perform(operation)

    def _is_whole(self, operation: Operation) -> bool:
        """Nobody ever meets half of it: in a store a move is many copies."""
        return operation[0] == "write" or self._files.keeps_directories(operation[1])

    def settle(self, name: str) -> bool:
        """Finish what was decided for a name; whether there was anything."""
        found = bool(self._journals(name))
        if found:
            self._finish(name)
        return found

    def _perform_all(self, entry: str, operations: Sequence[Operation]) -> None:
        undo: list[Operation] = []
        at: Operation = ("nothing",)
        try:
            for at in operations:
                undo.insert(0, self._inverse(at))
                self._perform(at)
        except BaseException:
            try:
                if at[0] == "move" and self._files.find(at[1]) is not None:
                    undo.pop(0)  # what is at the target is something else
                for operation in undo:
                    self._perform(operation)
                self._files.delete_file(entry)
            except BaseException:
                self._undecided = True
                self._locks.leave()
                raise
            raise

    def _inverse(self, operation: Operation) -> Operation:
        match operation:
            case ("move", source, target):
                return ("move", target, source)
            case ("write", location, _) | ("delete_file", location):
                content = self._files.read(location)
                return ("delete_file", location) if content is None else ("write", location, content.decode())
        return ("nothing",)

    def _perform(self, operation: Sequence[str], *, again: bool = False) -> None:
        files = self._files
        match tuple(operation):
            case ("write", location, text):
                files.write(location, text.encode())
            case ("move", source, target):
                # Repeating: the source is gone when it was moved already.
                if files.find(source) is not None:
                    files.rename(source, target, again=again)
            case ("delete_tree", location):
                files.delete_tree(location)
            case ("delete_file", location):
                files.delete_file(location)
            case ("nothing",):
                pass
            case _:
                raise LodestarError(HIVE_METASTORE_ERROR, "Unknown operation in the metastore's journal")

    def _journals(self, *names: str) -> list[tuple[str, Any]]:
        found = []
        for info in self._files.list(self._journal):
            content = self._files.read(info.location) if info.name.endswith(".json") else None
            if content is not None and not info.name.startswith("."):
                entry = orjson.loads(content)
                if not set(names).isdisjoint(entry["locks"]):
                    found.append((info.location, entry))
        return found

    def _finish_journals(self, names: Iterable[str]) -> None:
        if not self._journals(*names):
            return
        # The other locks of the journal are not needed: who holds one of them waits here too, before any change.
        with self._locks.exclusively("recovery"):
            for location, entry in self._journals(*names):
                for operation in entry["operations"]:
                    self._perform(operation, again=True)
                self._files.delete_file(location)

    # staging
    def open_staging(self) -> Staging:
        """A record of directories that will be filled."""
        return Staging(
            self._files, child_of(self._staging, f"{uuid.uuid4().hex}.json"), self._locks, lambda: self._undecided
        )

    def clean_up(self) -> int:
        """Finish what dead processes have decided, remove what they left behind; the number of their writes."""
        for info in self._files.list(self._journal):
            content = self._files.read(info.location) if not info.name.startswith(".") else None
            if content is not None:
                with self.exclusively(*orjson.loads(content)["locks"]):
                    pass
        for info in self._files.list(self._home):
            if info.name.startswith(PROBE):
                self._files.delete_file(info.location)
        records = [info for info in self._files.list(self._staging) if not info.name.startswith(".")]
        cleaned = sum(self._clean(info.location) for info in records)
        if cleaned < len(records):
            self._clean_again = time.monotonic() + _CLEANING_SECONDS
        return cleaned

    def _clean(self, location: str) -> bool:
        directories = self._locks.take_record(location)
        if directories is None:
            return False
        for directory in directories:
            self._files.delete_tree(directory)
        self._files.delete_file(location)
        return True


class Staging:
    """Directories of one write; while it is open they are left alone. A context manager."""

    def __init__(self, files: FileSystem, location: str, locks: Locks, undecided: Callable[[], bool]) -> None:
        self.name = name_of(location).removesuffix(".json")
        self._undecided = undecided
        self._files = files
        self._location = location
        self._locks = locks
        self._record: Record | None = None
        self._directories: list[str] = []
        self._numbers = 0

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    def place(self, location: str, *, new: bool) -> str:
        """A directory in the table's, or beside it."""
        directory = child_of(parent_of(location) if new else location, f"{STAGING_PREFIX}{self.name}")
        self.add(directory)
        return directory

    def add(self, directory: str) -> None:
        """Record a directory before it is made; once is enough."""
        if directory in self._directories:
            return
        if self._record is None:
            self._record = self._locks.open_record(self._location)
        self._directories.append(directory)
        self._record.write(self._directories)

    def close(self) -> None:
        """Remove what is left of the directories, and the record; all stays while a journal may still need it."""
        record, self._record = self._record, None
        if record is None:
            return
        try:
            if not self._undecided():
                for directory in self._directories:
                    self._files.delete_tree(directory)
                self._files.delete_file(self._location)
        finally:
            record.close()
