"""What an object store has to do, whoever sells it; `ObjectFileSystem` makes a `FileSystem` of it.

Keys are the names of objects within one container (bucket), without a leading slash, never percent-decoded. Calls run
on the event loop of the stores (`loop.py`). Failures are raised as `StoreError`; "not there" is an answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from lodestar_server.spi.values import frozen


class StoreError(Exception):
    """The store refused or could not be reached, after all retries. The text is for the user and holds no secret.

    `status`: of HTTP, None without an answer. `precondition`: an exclusive write found something there.
    """

    def __init__(self, message: str, *, status: int | None = None, precondition: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.precondition = precondition


@frozen
class ObjectInfo:
    """An object. `size` in bytes; `modified_nanos` since 1970, UTC; `etag` changes with the content."""

    key: str
    size: int
    modified_nanos: int
    etag: str = ""


@frozen
class ListedPage:
    """Objects of one page of a listing and, when a delimiter was given, the prefixes that end with it."""

    objects: tuple[ObjectInfo, ...]
    prefixes: tuple[str, ...] = ()


class Upload(Protocol):
    """An object in the making: parts in order; invisible until it is completed."""

    async def write(self, part: bytes | memoryview) -> None: ...

    async def complete(self) -> None: ...

    async def abort(self) -> None:
        """Nothing stays behind; never raises."""
        ...


class ObjectStore(Protocol):
    """One container of one store."""

    part_size: int
    """Bytes of a part of an upload; the last one may be smaller."""

    async def head(self, key: str) -> ObjectInfo | None:
        """None when it is not there."""
        ...

    async def get(self, key: str, start: int, length: int) -> bytes | None:
        """Exactly `length` bytes from `start`, fewer only at the end of the object; None when it is not there."""
        ...

    async def get_whole(self, key: str) -> bytes | None:
        """A small object."""
        ...

    async def put(self, key: str, content: bytes, *, exclusive: bool = False) -> None:
        """At once. Exclusive: raises StoreError(precondition=True) when something is there."""
        ...

    async def open_upload(self, key: str) -> Upload:
        """For what is larger than one part."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Within the container, on the store's side, whatever the size."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """As many in one request as the store takes; what is not there is deleted already."""
        ...

    def list(self, prefix: str, delimiter: str = "") -> AsyncIterator[ListedPage]:
        """In the order of the keys' UTF-8 bytes, page after page."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...
