"""`hdfs://nameservice/a/b` and `viewfs://…` as a `FileSystem`: real directories, moves at once."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from lodestar_server.plugins.toolkit.files import FileInfo, Version, split_location
from lodestar_server.plugins.toolkit.stores.hdfs.clusters import SCHEMES, HdfsClusters, Place
from lodestar_server.plugins.toolkit.stores.hdfs.config import HdfsConfig
from lodestar_server.spi.errors import ErrorCode, LodestarError
from lodestar_server.spi.page import RemoteFiles

_REMOTE = re.compile(r'RPCError\("(?:[\w$]+\.)*([\w$]+)", "(.*?)(?:\\n|"\)|$)', re.DOTALL)
READ_BUFFER = 2**20
WRITE_BUFFER = 2**20


class HdfsFileSystem:
    """A `FileSystem`. `error` is the code of every failure."""

    root: str | None = None

    def __init__(self, clusters: HdfsClusters, config: HdfsConfig, error: ErrorCode) -> None:
        self._clusters = clusters
        self._error = error
        self._replication = config.replication
        skip = config.directory_permissions == "skip"
        self._permissions = None if skip else int(config.directory_permissions, 8)

    def _place(self, location: str) -> Place:
        try:
            if split_location(location)[0] not in SCHEMES:
                raise ValueError(f"No factory for location: {location}")
        except ValueError as fault:
            raise LodestarError(self._error, str(fault)) from None
        with self._telling("open", location):
            return self._clusters.place(location)

    @contextmanager
    def _telling(self, verb: str, location: str) -> Iterator[None]:
        try:
            yield
        except LodestarError:
            raise
        # The library's panics are no Exceptions; nothing else may leave as one.
        except BaseException as fault:
            if not isinstance(fault, Exception) and type(fault).__name__ != "PanicException":
                raise
            raise LodestarError(self._error, f"Failed to {verb} {location}: {_reason(fault)}") from fault

    def local_path(self, location: str) -> str | None:
        """None. Raises the given code for another scheme."""
        self._place(location)
        return None

    # what is there
    def find(self, location: str) -> FileInfo | None:
        """One question."""
        place = self._place(location)
        with self._telling("look at", location):
            try:
                return _info(location.rstrip("/"), place.client.get_file_info(place.path))
            except FileNotFoundError:
                return None

    def list(self, location: str) -> list[FileInfo]:
        """In the order of the locations."""
        found = self._listed(location, recursive=False)
        return sorted(found, key=lambda info: info.location)

    def list_recursively(self, location: str) -> Iterator[FileInfo]:
        """As the name node gives them."""
        for info in self._listed(location, recursive=True):
            if not info.is_directory:
                yield info

    def _listed(self, location: str, *, recursive: bool) -> Iterator[FileInfo]:
        place = self._place(location)
        with self._telling("list", location):
            try:
                for status in place.client.list_status(place.path, recursive):
                    # A file lists itself.
                    if status.path != place.path:
                        yield _info(place.location(status.path), status)
            except FileNotFoundError:
                return

    # small files
    def read(self, location: str) -> bytes | None:
        """None when it is not there."""
        place = self._place(location)
        with self._telling("read", location):
            try:
                return bytes(place.client.read(place.path).read())
            except FileNotFoundError:
                return None

    def write(self, location: str, content: bytes) -> None:
        """Beside, then moved over what is there."""
        place = self._place(location)
        with self._telling("write", location):
            self._write_beside(place, content, overwrite=True)

    def write_new(self, location: str, content: bytes) -> bool:
        """Beside, then by a move that fails when something is there."""
        place = self._place(location)
        with self._telling("write", location):
            try:
                self._write_beside(place, content, overwrite=False)
            except FileExistsError:
                return False
        return True

    def _write_beside(self, place: Place, content: bytes, *, overwrite: bool) -> None:
        parent = _parent(place.path)
        self._make_directory(place.client, parent)
        aside = f"{parent.rstrip('/')}/.{uuid.uuid4().hex}.new"
        try:
            with self._create(place.client, aside) as stream:
                stream.write(content)
                stream.hsync()
            place.client.rename(aside, place.path, overwrite)
        except BaseException:
            place.client.delete(aside, False)
            raise

    def _create(self, client: Any, path: str) -> Any:
        from hdfs_native import WriteOptions

        return client.create(path, WriteOptions(replication=self._replication, overwrite=False, create_parent=True))

    # directories
    def keeps_directories(self, location: str) -> bool:
        """Yes."""
        return True

    def make_directory(self, location: str) -> None:
        """With its parents, which get the same permissions."""
        place = self._place(location)
        with self._telling("make", location):
            self._make_directory(place.client, place.path)

    def _make_directory(self, client: Any, path: str) -> None:
        missing = []
        while path != "/" and not _exists(client, path):
            missing.append(path)
            path = _parent(path)
        if not missing:
            return
        client.mkdirs(missing[0], 0o755, True)
        if self._permissions is not None:
            # Asked for again, because the name node masks what a new directory is given.
            for one in reversed(missing):
                client.set_permission(one, self._permissions)

    def rename(self, source: str, target: str, *, again: bool = False) -> None:
        """At once: nothing is ever half moved. Raises when the target is there, but for an empty directory."""
        old, new = self._place(source), self._place(target)
        if old.client is not new.client:
            raise LodestarError(self._error, f"Cannot move {source} to another cluster: {target}")
        with self._telling("move to", target):
            self._make_directory(new.client, _parent(new.path))
            if _is_empty_directory(new.client, new.path):
                new.client.delete(new.path, False)
            old.client.rename(old.path, new.path, False)

    def delete_file(self, location: str) -> None:
        """Nothing happens when it is not there."""
        place = self._place(location)
        with self._telling("delete", location):
            place.client.delete(place.path, False)

    def delete_tree(self, location: str) -> None:
        """In one request."""
        place = self._place(location)
        if place.path == "/":
            raise LodestarError(self._error, f"Failed to delete {location}: the whole file system is not deleted")
        with self._telling("delete", location):
            place.client.delete(place.path, True)

    # contents
    def remote(self, location: str) -> RemoteFiles | None:
        """The kernel has pages made for it."""
        return None

    def fetch_ends(self, files: Sequence[tuple[str, Version]]) -> None:
        """Data nodes are near: a footer is read when it is wanted."""

    def forget(self) -> None:
        """Nothing is kept."""

    def open_input(self, location: str, version: Version | None = None) -> BinaryIO:
        """Raises the given code when it is not there; reads raise it too."""
        place = self._place(location)
        with self._telling("open", location):
            reader = place.client.read(place.path)
        return cast(BinaryIO, io.BufferedReader(_Input(self, reader, location), READ_BUFFER))

    def open_output(self, location: str) -> BinaryIO:
        """Raises the given code when it is there already."""
        place = self._place(location)
        with self._telling("create", location):
            self._make_directory(place.client, _parent(place.path))
            writer = self._create(place.client, place.path)
        return cast(BinaryIO, io.BufferedWriter(_Output(self, writer, location), WRITE_BUFFER))

    def telling(self, verb: str, location: str) -> Any:
        """A context in which failures become the given code."""
        return self._telling(verb, location)

    def sync_file(self, location: str) -> None:
        """A closed file is durable already."""

    def sync_directory(self, location: str) -> None:
        """The name node's journal is."""

    def close(self) -> None:
        """The library closes connections that nobody uses."""
        self._clusters.forget()


class _Input(io.RawIOBase):
    def __init__(self, files: HdfsFileSystem, reader: Any, location: str) -> None:
        self._files = files
        self._reader = reader
        self._size = len(reader)
        self._at = 0
        self.name = location

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, target: Any, /) -> int:
        view = memoryview(target).cast("B")
        length = min(len(view), self._size - self._at)
        if length <= 0:
            return 0
        with self._files.telling("read", self.name):
            content = self._reader.read_range(self._at, length)
            if len(content) != length:
                raise OSError(f"{len(content)} of {length} bytes came from {self._at} on")
        view[:length] = content
        self._at += length
        return length


class _Output(io.RawIOBase):
    def __init__(self, files: HdfsFileSystem, writer: Any, location: str) -> None:
        self._files = files
        self._writer = writer
        self._written = 0
        self.name = location

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: Any, /) -> int:
        with self._files.telling("write", self.name):
            written: int = self._writer.write(bytes(data))
        self._written += written
        return written

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        with self._files.telling("write", self.name):
            # On the disks of the data nodes, not in their memory only.
            self._writer.hsync()
            # The name node says yes when a data node has told it of the last block, by itself and a moment later. The
            # library asks at once, and then half a second later (COMPLETE_RETRY_DELAY_MS): files close side by side.
            self._writer.close()


def _info(location: str, status: Any) -> FileInfo:
    return FileInfo(location, int(status.length), int(status.modification_time) * 10**6, bool(status.isdir))


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _exists(client: Any, path: str) -> bool:
    try:
        client.get_file_info(path)
    except FileNotFoundError:
        return False
    return True


def _is_empty_directory(client: Any, path: str) -> bool:
    try:
        if not client.get_file_info(path).isdir:
            return False
        return next(iter(client.list_status(path)), None) is None
    except FileNotFoundError:
        return False


def _reason(fault: BaseException) -> str:
    """The first line of what Hadoop says, without its stack."""
    if isinstance(fault, FileNotFoundError):
        return "No such file or directory"
    if isinstance(fault, FileExistsError):
        return "File exists"
    text = str(fault)
    match = _REMOTE.match(text)
    if match is not None:
        return f"{match[1]}: {match[2]}".replace('\\"', '"')
    return text.splitlines()[0] if text else type(fault).__name__
