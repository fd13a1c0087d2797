"""The last bytes of files that were looked at lately: footers, read by the planner and then by the kernel."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

from lodestar_server.plugins.toolkit.files import Version

END_BYTES = 64 * 1024
KEPT_BYTES = 64 << 20
SMALL_FILE_BYTES = 512 * 1024
"""A file that is fetched whole with its end: that takes no longer than a second request for a part of it."""
_FRESH_NANOS = 2_000_000_000
_WHOLE_BYTES = KEPT_BYTES // 2
"""Of the files of one scan: what is fetched here has to be there still when the kernel wants it."""


def end_lengths(versions: Sequence[Version], now_nanos: int | None = None) -> list[int]:
    """How much of each file to fetch at once, for files that are read together.

    A file that has just been written may be written again within the same second, and nobody would see that it has
    changed: its rows are not kept.
    """
    now = time.time_ns() if now_nanos is None else now_nanos
    ends = [min(one.size, END_BYTES) for one in versions]
    whole = [
        one.size if one.size <= SMALL_FILE_BYTES and now - one.modified_nanos > _FRESH_NANOS else end
        for one, end in zip(versions, ends, strict=True)
    ]
    return whole if sum(whole) <= _WHOLE_BYTES else ends


class EndCache:
    """Bounded in bytes, the least recently used go. Another version of a file is another file. Thread-safe."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._size = 0
        self._lock = threading.Lock()
        self._ends: OrderedDict[tuple[str, Version], bytes] = OrderedDict()
        self._untold: set[tuple[str, Version]] = set()

    def find(self, location: str, version: Version) -> bytes | None:
        """The last bytes, as many as were put."""
        with self._lock:
            found = self._ends.get((location, version))
            if found is not None:
                self._ends.move_to_end((location, version))
            return found

    def take_cost(self, location: str, version: Version) -> int:
        """Bytes that were fetched for this end and that no query was told of yet."""
        with self._lock:
            if (location, version) not in self._untold:
                return 0
            self._untold.discard((location, version))
            return len(self._ends.get((location, version), b""))

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._ends.clear()
            self._untold.clear()
            self._size = 0

    def put(self, location: str, version: Version, end: bytes) -> None:
        """Keep them."""
        with self._lock:
            known = self._ends.pop((location, version), b"")
            self._ends[location, version] = end
            self._untold.add((location, version))
            self._size += len(end) - len(known)
            while self._size > self._kept_bytes:
                key, gone = self._ends.popitem(last=False)
                self._size -= len(gone)
                self._untold.discard(key)
