"""The last bytes of files that were looked at lately: footers, read by the planner and then by the kernel."""

from __future__ import annotations

import threading
from collections import OrderedDict

from lodestar_server.plugins.toolkit.files import Version

END_BYTES = 64 * 1024
KEPT_BYTES = 64 << 20


class EndCache:
    """Bounded in bytes, the least recently used go. Another version of a file is another file. Thread-safe."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._size = 0
        self._lock = threading.Lock()
        self._ends: OrderedDict[tuple[str, Version], bytes] = OrderedDict()

    def find(self, location: str, version: Version) -> bytes | None:
        """The last bytes, as many as were put."""
        with self._lock:
            found = self._ends.get((location, version))
            if found is not None:
                self._ends.move_to_end((location, version))
            return found

    def put(self, location: str, version: Version, end: bytes) -> None:
        """Keep them."""
        with self._lock:
            known = self._ends.pop((location, version), b"")
            self._ends[location, version] = end
            self._size += len(end) - len(known)
            while self._size > self._kept_bytes:
                _, gone = self._ends.popitem(last=False)
                self._size -= len(gone)
