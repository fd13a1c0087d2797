"""Signs of life in a store: objects that are written again and again, and the store's own clock to tell their age."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem, child_of
from lodestar_server.spi.errors import LodestarError

LEASE_SECONDS = 30.0
"""What was not renewed for so long belongs to the dead."""

PROBE = "clock-"
_RENEWALS = 3
_CLOCK_SECONDS = 600.0


class StoreClock:
    """The time of a store. `home`: a directory for a probe, written and removed once in ten minutes at the most.

    `ending` of its name and its content tell others that nobody needs it when it is found.
    """

    def __init__(self, files: FileSystem, home: str, ending: str = "", content: bytes = b"") -> None:
        self._files = files
        self._home = home
        self._ending = ending
        self._content = content
        self._known: tuple[float, float] | None = None

    def now(self) -> float:
        """Seconds since 1970."""
        known = self._known
        now = time.monotonic()
        if known is None or now - known[0] > _CLOCK_SECONDS:
            probe = child_of(self._home, f"{PROBE}{uuid.uuid4().hex}{self._ending}")
            self._files.write(probe, self._content)
            found = self._files.find(probe)
            self._files.delete_file(probe)
            known = self._known = (now, found.modified_nanos / 1e9 if found is not None else time.time())
        return known[1] + now - known[0]

    def age(self, info: FileInfo) -> float:
        """Seconds since it was written."""
        return self.now() - info.modified_nanos / 1e9


class _Kept:
    def __init__(self, renew: Callable[[], None]) -> None:
        self.renew = renew
        self.dropped = False
        self.turn = threading.Lock()


class Renewer:
    """Renews in a thread of its own, which is there while there is something to renew. Thread-safe."""

    def __init__(self, lease_seconds: float = LEASE_SECONDS) -> None:
        self._pause = lease_seconds / _RENEWALS
        self._mutex = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def keep(self, location: str, renew: Callable[[], None]) -> None:
        """Call `renew` again and again from now on. What it raises of a store's faults is left to those who look."""
        with self._mutex:
            self._kept[location] = _Kept(renew)
            if self._thread is None:
                self._wake = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._wake,), name="metastore-leases", daemon=True
                )
                self._thread.start()

    def drop(self, location: str) -> None:
        """No more of it: when this returns nothing is being written."""
        with self._mutex:
            kept = self._kept.pop(location, None)
        if kept is not None:
            with kept.turn:
                kept.dropped = True

    def forget(self, location: str) -> None:
        """The same, from inside of `renew`."""
        with self._mutex:
            self._kept.pop(location, None)

    def _run(self, wake: threading.Event) -> None:
        while not wake.wait(self._pause):
            with self._mutex:
                all_ = list(self._kept.values())
                if not all_:
                    self._thread = None
                    return
            for kept in all_:
                with kept.turn:
                    if kept.dropped:
                        continue
                    try:
                        kept.renew()
                    except LodestarError:
                        # The store is away for a moment; who holds a lease looks before anything is decided.
                        continue
