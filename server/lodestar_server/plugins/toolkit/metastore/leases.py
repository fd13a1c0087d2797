"""Locks of a warehouse in an object store: objects that a holder makes, renews and removes.

`locks/<name>/lock` is there while somebody holds the lock; it was made by a write that fails when something is there.
Its holder writes it again every few seconds: one that was not written for longer belongs to a dead process and is
taken away, under a lock of its own (`<name>~<token>`), so that only one of many removes it. Ages are told by the
store's clock; a holder of this machine that is no process any more is known at once. `locks/<name>/changed-<token>`
has another name after each change: who reads lists the directory before and after, and reads again when it is not the
same.

A store without conditional writes (`s3.exclusive-create=false`, or one that ignores the condition) excludes the
threads of one process only.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar
from urllib.parse import quote

import orjson

from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem, child_of, name_of, parent_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_TABLE_LOCK_NOT_ACQUIRED
from lodestar_server.plugins.toolkit.metastore.locks import Record
from lodestar_server.plugins.toolkit.processes import has_ended, this_process
from lodestar_server.plugins.toolkit.renewing import LEASE_SECONDS, Renewer, StoreClock
from lodestar_server.spi.errors import LodestarError

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_LONGEST_WAIT = 600.0
_LOCK = "lock"
_CHANGED = "changed-"

T = TypeVar("T")
_mutex = threading.Lock()
_threads: dict[str, threading.Lock] = {}


def _thread_lock(place: str) -> threading.Lock:
    """Threads of this process wait for each other without asking the store, whichever way they reach it."""
    with _mutex:
        return _threads.setdefault(place, threading.Lock())


class _Lease:
    """An object that is written again and again."""

    def __init__(self, location: str, content: bytes, token: str | None) -> None:
        self.location = location
        self.content = content
        self.token = token
        self.lost = False


class StoreLocks:
    """`Locks` with objects. `lease_seconds`: what was not renewed for so long is dead."""

    def __init__(self, files: FileSystem, home: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self._files = files
        self._home = home
        self._directory = child_of(home, "locks")
        self._lease_seconds = lease_seconds
        self._held = threading.local()
        self._renewer = Renewer(lease_seconds)
        self._clock = StoreClock(files, home)

    def _place(self, name: str) -> str:
        return child_of(self._directory, quote(name, safe="~"))

    # holding
    def exclusively(self, name: str) -> AbstractContextManager[None]:
        """Held until the end of the context."""
        return self._hold(name)

    @contextmanager
    def _hold(self, name: str) -> Iterator[None]:
        held: dict[str, _Lease] = self._held.__dict__.setdefault("leases", {})
        if name in held:
            yield
            return
        with _thread_lock(self._place(name)):
            lease = held[name] = self._acquire(name)
            try:
                yield
            finally:
                del held[name]
                self._release(name, lease)

    def _acquire(self, name: str) -> _Lease:
        place = child_of(self._place(name), _LOCK)
        token = uuid.uuid4().hex
        content = orjson.dumps({"token": token, "process": this_process()})
        deadline = time.monotonic() + _LONGEST_WAIT
        pause = _FIRST_PAUSE
        while not self._made(place, content):
            found = self._files.find(place)
            if found is None:
                continue
            if self._is_dead(found) or self._has_ended(place):
                self._take_away(name, place)
                continue
            if time.monotonic() > deadline:
                raise LodestarError(HIVE_TABLE_LOCK_NOT_ACQUIRED, f"Cannot lock {name} for writing: somebody holds it")
            time.sleep(random.uniform(0.5, 1.0) * pause)
            pause = min(_LONGEST_PAUSE, 2 * pause)
        lease = _Lease(place, content, token)
        self._keep(lease)
        return lease

    def _made(self, place: str, content: bytes) -> bool:
        # An answer may have been lost on the way back: then what is there is ours.
        return self._files.write_new(place, content) or self._files.read(place) == content

    def _take_away(self, name: str, place: str) -> None:
        content = self._files.read(place)
        if content is None:
            return
        with self._hold(f"{name}~{orjson.loads(content)['token']}"):
            found = self._files.find(place)
            same = self._files.read(place) == content and found is not None
            if same and found is not None and (_process_ended(content) or self._is_dead(found)):
                self._files.delete_file(place)

    def _release(self, name: str, lease: _Lease) -> None:
        self._drop(lease)
        if lease.lost:
            return
        if "~" not in name:
            place = parent_of(lease.location)
            old = [info.location for info in self._files.list(place) if info.name.startswith(_CHANGED)]
            self._files.write(child_of(place, f"{_CHANGED}{lease.token}"), b"")
            for one in old:
                self._files.delete_file(one)
        self._files.delete_file(lease.location)

    def check(self) -> None:
        """Somebody may have thought this process dead, after a long silence."""
        for name, lease in self._held.__dict__.get("leases", {}).items():
            if lease.lost or self._files.read(lease.location) != lease.content:
                lease.lost = True
                raise LodestarError(HIVE_TABLE_LOCK_NOT_ACQUIRED, f"The lock of {name} was lost to somebody else")

    def leave(self) -> None:
        """The locks stay, and are written no more."""
        for lease in self._held.__dict__.get("leases", {}).values():
            self._drop(lease)
            lease.lost = True

    # reading
    def steadily(
        self, name: str, read: Callable[[], T], has_journal: Callable[[], bool], finish: Callable[[], None]
    ) -> T:
        """Between two looks at the lock that see the same. A dead holder's journal is where its lock is."""
        place = self._place(name)
        pause = _FIRST_PAUSE
        while True:
            before = self._files.list(place)
            lock = next((info for info in before if info.name == _LOCK), None)
            if lock is None:
                found = read()
                if _names(before) == _names(self._files.list(place)):
                    return found
                continue
            if name in self._held.__dict__.get("leases", {}):
                return read()
            if self._is_dead(lock) or self._has_ended(lock.location):
                finish()
                continue
            time.sleep(random.uniform(0.5, 1.0) * pause)
            pause = min(_LONGEST_PAUSE, 2 * pause)

    # ages
    def _is_dead(self, info: FileInfo) -> bool:
        return self._clock.age(info) > self._lease_seconds

    def _has_ended(self, place: str) -> bool:
        """The holder was a process of this machine, and is no more."""
        content = self._files.read(place)
        return content is not None and _process_ended(content)

    # renewal
    def _keep(self, lease: _Lease) -> None:
        self._renewer.keep(lease.location, lambda: self._renew(lease))

    def _drop(self, lease: _Lease) -> None:
        self._renewer.drop(lease.location)

    def _renew(self, lease: _Lease) -> None:
        if lease.token is not None and self._files.read(lease.location) != lease.content:
            lease.lost = True
            self._renewer.forget(lease.location)
        else:
            self._files.write(lease.location, lease.content)

    # records
    def open_record(self, location: str) -> Record:
        """Renewed while its writer lives."""
        return _StoreRecord(self, location)

    def put_record(self, lease: _Lease, directories: list[str]) -> None:
        """Write it, and again and again from now on."""
        self._drop(lease)
        lease.content = orjson.dumps({"directories": directories, "process": this_process()})
        self._files.write(lease.location, lease.content)
        self._keep(lease)

    def drop_record(self, lease: _Lease) -> None:
        """Write it no more."""
        self._drop(lease)

    def take_record(self, location: str) -> list[str] | None:
        """None when it was renewed lately."""
        found = self._files.find(location)
        content = None if found is None else self._files.read(location)
        if found is None or content is None or not (_process_ended(content) or self._is_dead(found)):
            return None
        record = orjson.loads(content)
        directories: list[str] = record["directories"] if isinstance(record, dict) else record
        return directories


class _StoreRecord:
    def __init__(self, locks: StoreLocks, location: str) -> None:
        self._locks = locks
        self._lease = _Lease(location, b"[]", None)

    def write(self, directories: list[str]) -> None:
        self._locks.put_record(self._lease, directories)

    def close(self) -> None:
        self._locks.drop_record(self._lease)


def _process_ended(content: bytes) -> bool:
    record = orjson.loads(content)
    return isinstance(record, dict) and has_ended(str(record.get("process", "")))


def _names(found: list[FileInfo]) -> list[str]:
    return [name_of(info.location) for info in found]
