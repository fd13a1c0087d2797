"""`local:///a/b`: files under one directory of the local file system; nothing outside is touched, links included."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from lodestar_server.plugins.toolkit.files import FileInfo, Version, child_of, no_factory, split_location
from lodestar_server.spi.errors import ErrorCode, LodestarError
from lodestar_server.spi.page import RemoteFiles

SCHEME = "local"
WHOLE_SCHEME = "file"
"""`file:///directory/a/b` is the same file as `local:///a/b` when `directory` is the file system's: other engines that
share a metastore with us name files so."""


class LocalFileSystem:
    """A `FileSystem`. `error` is the code of every failure."""

    def __init__(self, root: Path, error: ErrorCode) -> None:
        self._error = error
        self.root: str | None = str(root.resolve())
        self._base = self.root.rstrip("/")

    def local_path(self, location: str) -> str:
        """Raises the given code for another scheme and for a path that leaves the root."""
        return self._checked(location)

    def _path(self, location: str) -> Path:
        return Path(self._checked(location))

    def _checked(self, location: str) -> str:
        # Asked for every file of every scan: texts, because paths as objects cost four times as much.
        try:
            scheme, rest = split_location(location)
        except ValueError as fault:
            raise LodestarError(self._error, str(fault)) from None
        if scheme == WHOLE_SCHEME and self._within(rest):
            rest = rest.removeprefix(self._base)
        elif scheme != SCHEME or not rest.startswith("/"):
            shown = f"No factory for location: {location}" if scheme == SCHEME else no_factory(location)
            raise LodestarError(self._error, shown)
        parts = [part for part in rest.split("/") if part]
        if any(part in (".", "..") or "\0" in part for part in parts):
            raise LodestarError(self._error, f"Invalid location: {location}")
        path = self._base
        for part in parts:
            path = f"{path}/{part}"
            # The last part may be a link too: what counts is where it leads. The root itself is resolved.
            if os.path.islink(path) and not self._within(os.path.realpath(path)):  # noqa: PTH114
                raise LodestarError(self._error, f"Location is outside of the file system: {location}")
        return path or "/"

    def _within(self, path: str) -> bool:
        return path == self.root or path.startswith(self._base + "/")

    def find(self, location: str) -> FileInfo | None:
        """What is there."""
        path = self._path(location)
        with self._telling("look at", location):
            try:
                return _info(location, path.stat(), path.is_dir())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def list(self, location: str) -> list[FileInfo]:
        """In the order of the names; broken links, links that lead outside and what goes meanwhile are left out."""
        path = self._path(location)
        found = []
        with self._telling("list", location):
            try:
                with os.scandir(path) as entries:
                    for entry in entries:
                        inside = child_of(location, entry.name)
                        if entry.is_symlink() and not self._leads_inside(inside):
                            continue
                        # Others write and delete here at the same time: what they leave is listed nevertheless.
                        with suppress(FileNotFoundError):
                            found.append(_info(inside, entry.stat(), entry.is_dir()))
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(found, key=lambda info: info.location)

    def _leads_inside(self, location: str) -> bool:
        try:
            return self._path(location).exists()
        except LodestarError:
            return False

    def list_recursively(self, location: str) -> Iterator[FileInfo]:
        """Depth first, in the order of the names."""
        for info in self.list(location):
            if info.is_directory:
                yield from self.list_recursively(info.location)
            else:
                yield info

    def read(self, location: str) -> bytes | None:
        """None when it is not there."""
        path = self._checked(location)
        with self._telling("read", location):
            try:
                with FileIO(path) as file:
                    return file.readall()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, location: str, content: bytes) -> None:
        """Beside, then by rename."""
        path = self._path(location)
        aside = path.with_name(f".{uuid.uuid4().hex}.new")
        with self._telling("write", location):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with aside.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
            _sync(path.parent)

    def write_new(self, location: str, content: bytes) -> bool:
        """Beside, then by a link, which fails when something is there."""
        path = self._path(location)
        aside = path.with_name(f".{uuid.uuid4().hex}.new")
        with self._telling("write", location):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with aside.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                path.hardlink_to(aside)
            except FileExistsError:
                return False
            finally:
                aside.unlink(missing_ok=True)
            _sync(path.parent)
            return True

    def keeps_directories(self, location: str) -> bool:
        """Yes."""
        return True

    def make_directory(self, location: str) -> None:
        """With its parents, which are made durable as well."""
        path = self._path(location)
        with self._telling("make", location):
            missing = []
            while not path.is_dir():
                missing.append(path)
                path = path.parent
            for made in reversed(missing):
                made.mkdir(exist_ok=True)
                _sync(made.parent)

    def rename(self, source: str, target: str, *, again: bool = False) -> None:
        """At once: nothing is ever half moved. Raises when the target is there, but for an empty directory."""
        old, new = self._path(source), self._path(target)
        with self._telling("move to", target):
            if new.is_symlink() or new.is_file() or (new.is_dir() and any(new.iterdir())):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
            _sync(new.parent)
            _sync(old.parent)

    def delete_file(self, location: str) -> None:
        """Durable."""
        path = self._path(location)
        with self._telling("delete", location):
            try:
                path.unlink()
            except FileNotFoundError:
                return
            _sync(path.parent)

    def delete_tree(self, location: str) -> None:
        """Links inside are removed, not followed."""
        path = self._path(location)
        with self._telling("delete", location):
            if path.is_symlink():
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)

    def open_input(self, location: str, version: Version | None = None) -> BinaryIO:
        """Raises the given code when it is not there."""
        path = self._path(location)
        with self._telling("open", location):
            return path.open("rb")

    def open_output(self, location: str) -> BinaryIO:
        """Raises the given code when it is there already."""
        path = self._path(location)
        with self._telling("create", location):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("xb")

    def sync_file(self, location: str) -> None:
        """fsync."""
        path = self._path(location)
        with self._telling("sync", location):
            _sync(path)

    def sync_directory(self, location: str) -> None:
        """fsync."""
        self.sync_file(location)

    def remote(self, location: str) -> RemoteFiles | None:
        """None: the kernel reads the path."""
        return None

    def fetch_ends(self, files: Sequence[tuple[str, Version]]) -> None:
        """The operating system is quick enough."""

    def forget(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """There is nothing to give back."""

    @contextmanager
    def _telling(self, verb: str, location: str) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise LodestarError(self._error, f"Failed to {verb} {location}: {fault.strerror}") from fault


def _info(location: str, status: os.stat_result, is_directory: bool) -> FileInfo:
    return FileInfo(location, status.st_size, status.st_mtime_ns, is_directory)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
