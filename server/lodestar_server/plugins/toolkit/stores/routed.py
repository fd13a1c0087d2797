"""Several file systems as one: the scheme of a location says which, or the directory in which it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem, Version, no_factory, split_location
from lodestar_server.spi.errors import ErrorCode, LodestarError
from lodestar_server.spi.page import RemoteFiles


class _Routing:
    """A `FileSystem` that hands every question on."""

    root: str | None

    def _of(self, location: str) -> FileSystem:
        raise NotImplementedError

    def _for_move(self, source: str, target: str) -> FileSystem:
        raise NotImplementedError

    def _all(self) -> Iterable[FileSystem]:
        raise NotImplementedError

    def local_path(self, location: str) -> str | None:
        """None for a remote store."""
        return self._of(location).local_path(location)

    def find(self, location: str) -> FileInfo | None:
        """What is there."""
        return self._of(location).find(location)

    def list(self, location: str) -> list[FileInfo]:
        """Immediately below."""
        return self._of(location).list(location)

    def list_recursively(self, location: str) -> Iterator[FileInfo]:
        """Anywhere below."""
        return self._of(location).list_recursively(location)

    def read(self, location: str) -> bytes | None:
        """A small file."""
        return self._of(location).read(location)

    def write(self, location: str, content: bytes) -> None:
        """A small file."""
        self._of(location).write(location, content)

    def write_new(self, location: str, content: bytes) -> bool:
        """A small file, unless something is there."""
        return self._of(location).write_new(location, content)

    def keeps_directories(self, location: str) -> bool:
        """Its store's word."""
        return self._of(location).keeps_directories(location)

    def make_directory(self, location: str) -> None:
        """With its parents."""
        self._of(location).make_directory(location)

    def rename(self, source: str, target: str, *, again: bool = False) -> None:
        """Within one store."""
        self._for_move(source, target).rename(source, target, again=again)

    def delete_file(self, location: str) -> None:
        """Nothing happens when it is not there."""
        self._of(location).delete_file(location)

    def delete_tree(self, location: str) -> None:
        """With everything below."""
        self._of(location).delete_tree(location)

    def open_input(self, location: str, version: Version | None = None) -> BinaryIO:
        """For reading at any place."""
        return self._of(location).open_input(location, version)

    def forget(self) -> None:
        """Each."""
        for one in self._all():
            one.forget()

    def open_output(self, location: str) -> BinaryIO:
        """A new file."""
        return self._of(location).open_output(location)

    def sync_file(self, location: str) -> None:
        """Make it durable."""
        self._of(location).sync_file(location)

    def sync_directory(self, location: str) -> None:
        """Make its names durable."""
        self._of(location).sync_directory(location)

    def remote(self, location: str) -> RemoteFiles | None:
        """How the kernel reads it."""
        return self._of(location).remote(location)

    def fetch_ends(self, files: Sequence[tuple[str, Version]]) -> None:
        """Each where it is."""
        groups: dict[int, list[tuple[str, Version]]] = {}
        for one in files:
            groups.setdefault(id(self._of(one[0])), []).append(one)
        for some in groups.values():
            self._of(some[0][0]).fetch_ends(some)

    def close(self) -> None:
        """All of them."""
        for files in self._all():
            files.close()


class RoutedFileSystem(_Routing):
    """A `FileSystem`. `systems`: by scheme; `error`: the code for a scheme that nobody serves."""

    def __init__(self, systems: Mapping[str, FileSystem], error: ErrorCode) -> None:
        local = systems.get("local")
        # Under its whole path a local file has another scheme.
        self._systems = systems if local is None else {"file": local, **systems}
        self._error = error
        self.root = None if local is None else local.root

    def _of(self, location: str) -> FileSystem:
        try:
            scheme, _ = split_location(location)
        except ValueError as fault:
            raise LodestarError(self._error, str(fault)) from None
        found = self._systems.get(scheme)
        if found is None:
            raise LodestarError(self._error, no_factory(location))
        return found

    def _for_move(self, source: str, target: str) -> FileSystem:
        files = self._of(source)
        if files is not self._of(target):
            raise LodestarError(self._error, f"Cannot move {source} to another file system: {target}")
        return files

    def _all(self) -> Iterable[FileSystem]:
        return dict.fromkeys(self._systems.values())


class FilesByPlace(_Routing):
    """A `FileSystem`: a directory is reached by one, everything else by another; both reach the same stores.

    What is moved into the directory or out of it is moved by the other one, which has made it.
    """

    def __init__(self, directory: str, inside: FileSystem, outside: FileSystem) -> None:
        self._directory = directory.rstrip("/")
        self._inside = inside
        self._outside = outside
        self.root = outside.root

    def _of(self, location: str) -> FileSystem:
        within = location == self._directory or location.startswith(f"{self._directory}/")
        return self._inside if within else self._outside

    def _for_move(self, source: str, target: str) -> FileSystem:
        files = self._of(source)
        return files if files is self._of(target) else self._outside

    def _all(self) -> Iterable[FileSystem]:
        return (self._inside, self._outside)
