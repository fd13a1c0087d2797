"""Reading an object as a file: ranges on demand, the end kept, more ahead the longer a reader goes straight on."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from lodestar_server.plugins.toolkit.stores.loop import LOOP

TAIL_BYTES = 64 * 1024
"""Fetched with the first read near the end: the footers of most files."""
FIRST_AHEAD = 128 * 1024
LARGEST_AHEAD = 8 << 20
PIECE_BYTES = 8 << 20
"""A larger range is fetched in pieces, several at once."""

Fetch = Callable[[int, int], Coroutine[Any, Any, bytes]]
"""From a start, a length that lies within the object: exactly these bytes."""


async def fetch_range(fetch: Fetch, start: int, length: int) -> bytes:
    """A range, in pieces side by side when it is large."""
    if length <= PIECE_BYTES:
        return await fetch(start, length)
    places = range(start, start + length, PIECE_BYTES)
    return b"".join(await asyncio.gather(*(fetch(place, min(PIECE_BYTES, start + length - place)) for place in places)))


class ObjectInput(io.RawIOBase):
    """One reader's file over an object of a known size. `fetch` runs on the stores' loop; one thread at a time.

    `end`: the last bytes, when they are known.
    """

    def __init__(self, fetch: Fetch, size: int, name: str, end: bytes = b"") -> None:
        self._fetch = fetch
        self.size = size
        self.name = name
        self.fetched_bytes = 0
        self._at = 0
        self._kept_start = 0
        self._kept = b""
        self._tail_start = size - len(end)
        self._tail = end
        self._straight_to = 0
        self._ahead_bytes = FIRST_AHEAD // 2
        self._coming_start = self._coming_length = 0
        self._coming: Future[bytes] | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The place of the next read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Asks nothing of the store."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readall(self) -> bytes:
        """To the end."""
        return self.read(-1)

    def readinto(self, buffer: Any) -> int:
        """As many bytes as fit, fewer only at the end."""
        view = memoryview(buffer).cast("B")
        found = self.read(len(view))
        view[: len(found)] = found
        return len(found)

    def read(self, size: int | None = -1, /) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        rest = max(0, self.size - self._at)
        length = rest if size is None or size < 0 else min(size, rest)
        found = self._bytes(self._at, length) if length else b""
        self._at += len(found)
        return found

    def _bytes(self, start: int, length: int) -> bytes:
        straight = start == self._straight_to
        self._straight_to = start + length
        parts = []
        while length:
            part = self._piece(start, length, straight)
            parts.append(part)
            start += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _piece(self, start: int, length: int, straight: bool) -> bytes:
        """Some bytes from `start`, at least one."""
        if start >= self._tail_start:
            return self._tail[start - self._tail_start :][:length]
        if self._coming is not None and self._coming_start <= start < self._coming_start + self._coming_length:
            self._kept, self._kept_start, self._coming = self._coming.result(), self._coming_start, None
        place = start - self._kept_start
        if 0 <= place < len(self._kept):
            if straight and place + length >= len(self._kept) // 2:
                self._look_ahead()
            return self._kept[place : place + length]
        if not straight and not self._tail and start + length > self.size - TAIL_BYTES:
            # Whoever jumps to the end wants a footer.
            self._tail_start = max(0, min(start, self.size - TAIL_BYTES))
            self._tail = self._range(self._tail_start, self.size - self._tail_start)
            return self._tail[start - self._tail_start :][:length]
        self._ahead_bytes = min(LARGEST_AHEAD, 2 * self._ahead_bytes) if straight else FIRST_AHEAD // 2
        wanted = max(length, self._ahead_bytes) if straight else length
        self._kept = self._range(start, min(wanted, self.size - start))
        self._kept_start = start
        return self._kept[:length]

    def _look_ahead(self) -> None:
        """Fetch the next block while this one is read."""
        start = self._kept_start + len(self._kept)
        if self._coming is None and start < self.size:
            self._ahead_bytes = min(LARGEST_AHEAD, 2 * self._ahead_bytes)
            self._coming_start = start
            self._coming_length = min(self._ahead_bytes, self.size - start)
            self.fetched_bytes += self._coming_length
            self._coming = LOOP.submit(fetch_range(self._fetch, start, self._coming_length))

    def _range(self, start: int, length: int) -> bytes:
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None
        self.fetched_bytes += length
        return LOOP.run(fetch_range(self._fetch, start, length))

    def close(self) -> None:
        """Forget what was kept."""
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None
        self._kept = self._tail = b""
        super().close()
