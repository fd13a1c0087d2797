"""Keeps queries alive whose rows wait here: a server drops a query that nobody asks about for some minutes.

A connection has one thread for that, started when a query is left unfinished and gone when there is none.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from typing import TYPE_CHECKING

from lodestar.errors import DatabaseError

if TYPE_CHECKING:
    from lodestar.connection import Connection


class Heartbeats:
    """The heartbeats of one connection. `seconds` is how long a query may be left alone; 0 for never asking."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = weakref.ref(connection)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._end = threading.Event()

    def watch(self) -> None:
        """A query was left unfinished."""
        if self._seconds <= 0 or self._thread is not None:
            return
        with self._lock:
            if self._thread is None and not self._end.is_set():
                self._thread = threading.Thread(target=self._run, name="lodestar-heartbeat", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """The connection is closed."""
        self._end.set()

    def beat(self, now: float) -> bool:
        """Ask for every query that was left alone too long (`now` is monotonic); false when there is none to watch."""
        connection = self._connection()
        if connection is None:
            return False
        cursors = [one for one in connection.open_cursors() if one.unfinished]
        for cursor in cursors:
            if now - cursor.last_contact >= self._seconds:
                with contextlib.suppress(DatabaseError):
                    connection.run(cursor.heartbeat())
        return bool(cursors)

    def _run(self) -> None:
        while not self._end.wait(self._seconds / 2):
            if not self.beat(time.monotonic()):
                break
        with self._lock:
            self._thread = None
