"""Locks of a warehouse, and those of the local file system: the operating system frees them for a dead process."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import orjson

from lodestar_server.plugins.toolkit.files import FileSystem, child_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR, HIVE_TABLE_LOCK_NOT_ACQUIRED
from lodestar_server.spi.errors import LodestarError

_OPENED = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
T = TypeVar("T")
Told = Callable[[], bool]


class Record(Protocol):
    """The list of a running write's directories; it says that its writer lives."""

    def write(self, directories: list[str]) -> None:
        """Record them; they are all of them."""
        ...

    def close(self) -> None:
        """The writer has gone. The record stays."""
        ...


class Locks(Protocol):
    """Of one warehouse. Thread-safe; a thread that holds a lock may take it again."""

    def exclusively(self, name: str) -> AbstractContextManager[None]:
        """A context manager: nobody else holds it, nobody reads meanwhile. It is waited for."""
        ...

    def steadily(
        self, name: str, read: Callable[[], T], has_journal: Callable[[], bool], finish: Callable[[], None]
    ) -> T:
        """What `read` finds while nobody holds the lock. `finish` does what a dead holder has decided."""
        ...

    def check(self) -> None:
        """Raises: HIVE_TABLE_LOCK_NOT_ACQUIRED when a lock of this thread was lost."""
        ...

    def leave(self) -> None:
        """What this thread holds is for whoever comes after its death: a journal could not be finished."""
        ...

    def open_record(self, location: str) -> Record:
        """A new one."""
        ...

    def take_record(self, location: str) -> list[str] | None:
        """The directories of a record whose writer is dead; None when it lives."""
        ...


class LocalLocks:
    """`Locks` with flock."""

    def __init__(self, files: FileSystem, home: str) -> None:
        self._files = files
        self._directory = child_of(home, "locks")
        self._held = threading.local()

    def _path(self, name: str) -> str:
        path = self._files.local_path(child_of(self._directory, quote(name, safe="")))
        assert path is not None
        return path

    def exclusively(self, name: str) -> AbstractContextManager[None]:
        """Held until the end of the context."""
        return self._lock(name, fcntl.LOCK_EX)

    def steadily(
        self, name: str, read: Callable[[], T], has_journal: Callable[[], bool], finish: Callable[[], None]
    ) -> T:
        """Under a shared lock. A name that was never locked has no file and needs none: it may be read-only."""
        path = self._path(name)
        while True:
            if not os.access(path, os.F_OK):
                found = read()
                if not os.access(path, os.F_OK):  # nobody has ever changed it, not even meanwhile
                    return found
                continue
            with self._lock(name, fcntl.LOCK_SH):
                if not has_journal():
                    return read()
            finish()

    def check(self) -> None:
        """The operating system takes no lock away."""

    def leave(self) -> None:
        """Whoever takes a lock looks for journals anyway."""

    @contextmanager
    def _lock(self, name: str, mode: int) -> Iterator[None]:
        held: set[str] = self._held.__dict__.setdefault("names", set())
        if name in held:
            yield
            return
        handle = self._open(self._path(name))
        try:
            fcntl.flock(handle, mode)
            held.add(name)
            try:
                yield
            finally:
                held.discard(name)
        finally:
            os.close(handle)

    def _open(self, path: str) -> int:
        try:
            try:
                return os.open(path, _OPENED, 0o666)
            except FileNotFoundError:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                return os.open(path, _OPENED, 0o666)
        except OSError as fault:
            raise LodestarError(
                HIVE_TABLE_LOCK_NOT_ACQUIRED, f"Cannot lock {Path(path).name} for writing: {fault.strerror}"
            ) from fault

    def open_record(self, location: str) -> Record:
        """Its writer holds a lock on it."""
        return _LocalRecord(Path(str(self._files.local_path(location))))

    def take_record(self, location: str) -> list[str] | None:
        """None when somebody holds its lock."""
        path = self._files.local_path(location)
        assert path is not None
        try:
            handle = os.open(path, os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            directories: list[str] = orjson.loads(Path(path).read_bytes() or b"[]")
            return directories
        except BlockingIOError:
            return None
        finally:
            os.close(handle)


class _LocalRecord:
    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except OSError as fault:
            raise LodestarError(HIVE_METASTORE_ERROR, f"Cannot write to the warehouse: {fault.strerror}") from fault

    def write(self, directories: list[str]) -> None:
        content = orjson.dumps(directories)
        os.pwrite(self._handle, content, 0)
        os.ftruncate(self._handle, len(content))

    def close(self) -> None:
        os.close(self._handle)
