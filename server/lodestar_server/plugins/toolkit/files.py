"""Files wherever they are: the interface that connectors see, and locations as text (`local:///a/b`, `s3://bucket/a`).

A location is never percent-decoded: what stands in it is the name. Implementations raise LodestarError with the code
that they were given; "not there" is an answer (None, empty), not an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

from lodestar_server.spi.page import RemoteFiles
from lodestar_server.spi.values import frozen

_SWITCHES = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "fs.s3.enabled"),
    **dict.fromkeys(("abfs", "abfss", "wasb", "wasbs"), "fs.azure.enabled"),
    **dict.fromkeys(("hdfs", "viewfs"), "fs.hadoop.enabled"),
    "gs": "fs.gcs.enabled",
    "local": "fs.local.enabled",
}


@frozen
class FileInfo:
    """A file or directory. `modified_nanos` since 1970, UTC; it changes when the content does."""

    location: str
    size: int
    modified_nanos: int
    is_directory: bool = False

    @property
    def name(self) -> str:
        """The last part of the location."""
        return name_of(self.location)


@frozen
class Version:
    """What is known of a file: its size in bytes and when it was modified (0: it never is)."""

    size: int
    modified_nanos: int


class FileSystem(Protocol):
    """One store. Thread-safe."""

    root: str | None
    """The directory of the local file system under which everything lies; None for a remote store."""

    def local_path(self, location: str) -> str | None:
        """The path in the local file system, None for a remote store. Raises when it would leave the root."""
        ...

    def find(self, location: str) -> FileInfo | None:
        """What is there."""
        ...

    def list(self, location: str) -> list[FileInfo]:
        """Files and directories immediately below, in the order of their names; empty when there is no directory."""
        ...

    def list_recursively(self, location: str) -> Iterator[FileInfo]:
        """Files anywhere below."""
        ...

    def read(self, location: str) -> bytes | None:
        """A small file's content, None when it is not there."""
        ...

    def write(self, location: str, content: bytes) -> None:
        """A small file, replaced as a whole and durable on return; directories are made."""
        ...

    def write_new(self, location: str, content: bytes) -> bool:
        """A small file, unless something is there: then False, and what is there stays."""
        ...

    def keeps_directories(self, location: str) -> bool:
        """A directory is there before there is a file in it; not so where names of files are all there is."""
        ...

    def make_directory(self, location: str) -> None:
        """With its parents; nothing happens when it is there. Stores without directories do nothing."""
        ...

    def rename(self, source: str, target: str, *, again: bool = False) -> None:
        """Move a file or directory within the store, durably. Raises when the target is there.

        A local move happens at once; a store copies, then deletes. `again`: a move that somebody has begun is
        finished; what is at the target comes from it.
        """
        ...

    def delete_file(self, location: str) -> None:
        """Nothing happens when it is not there."""
        ...

    def delete_tree(self, location: str) -> None:
        """A directory with everything in it; nothing happens when it is not there."""
        ...

    def open_input(self, location: str, version: Version | None = None) -> BinaryIO:
        """For reading at any place. What is known of the file saves a remote store a question."""
        ...

    def remote(self, location: str) -> RemoteFiles | None:
        """How the kernel reads a file that is in no local directory; None where it cannot."""
        ...

    def fetch_ends(self, files: Sequence[tuple[str, Version]]) -> None:
        """Footers of many files will be read: a remote store fetches their ends at once, and keeps them for a while.

        What goes wrong is told when the files are opened.
        """
        ...

    def forget(self) -> None:
        """Whatever is kept of files."""
        ...

    def open_output(self, location: str) -> BinaryIO:
        """A new file; `sync_file` it after closing. Directories are made. `discard_output` it when it failed."""
        ...

    def sync_file(self, location: str) -> None:
        """Make a closed file durable."""
        ...

    def sync_directory(self, location: str) -> None:
        """Make the names in a directory durable."""
        ...

    def close(self) -> None:
        """Give connections back; nothing is asked of it afterwards."""
        ...


def discard_output(stream: BinaryIO) -> None:
    """Close a file that nobody wants: a store that makes files whole at their end makes none. Raises: OSError."""
    abandon = getattr(stream, "abandon", None)
    if abandon is None:
        stream.close()
    else:
        abandon()


def no_factory(location: str) -> str:
    """What to say of a location that no file system of the catalog serves: with the switch that is missing."""
    switch = _SWITCHES.get(location.partition("://")[0])
    hint = f" ({switch}=true is missing in the catalog's properties)" if switch else ""
    return f"No factory for location: {location}{hint}"


def child_of(location: str, name: str) -> str:
    """`local:///a` and `b` → `local:///a/b`."""
    return f"{location.rstrip('/')}/{name}" if not location.endswith(":///") else location + name


def parent_of(location: str) -> str:
    """`local:///a/b` → `local:///a`."""
    scheme, rest = split_location(location)
    return f"{scheme}://{rest.rstrip('/').rpartition('/')[0] or '/'}"


def name_of(location: str) -> str:
    """`local:///a/b` → `b`."""
    return location.rstrip("/").rpartition("/")[2]


def split_location(location: str) -> tuple[str, str]:
    """Scheme and what follows `://`. Raises: ValueError when it has no scheme."""
    if location.startswith("file:/") and not location.startswith("file://"):  # as Hadoop writes it
        return "file", location.removeprefix("file:")
    scheme, mark, rest = location.partition("://")
    if not mark or not scheme.isalnum():
        raise ValueError(f"No scheme for file system location: {location}")
    return scheme, rest
