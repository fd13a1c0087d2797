"""The query context: what goes down explicitly with one query. No globals, no context variables in decision code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from lodestar_server.session.lineage import Lineage
from lodestar_server.session.session import Session
from lodestar_server.spi.errors import EXCEEDED_TIME_LIMIT, LodestarError
from lodestar_server.spi.properties import DataSize
from lodestar_server.spi.values import frozen


class Cancellation:
    """A token that every loop of ours asks; cancelling also calls what running work has registered (interrupts).

    Thread-safe. The first reason stays.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: LodestarError | None = None
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def reason(self) -> LodestarError | None:
        """Why, or None while the query may go on."""
        return self._reason

    def cancel(self, reason: LodestarError) -> bool:
        """Stop the work; false when it was cancelled before. Callbacks run here, in the canceller's thread."""
        with self._lock:
            if self._reason is not None:
                return False
            self._reason = reason
            callbacks = list(self._callbacks.values())
        for callback in callbacks:
            callback()
        return True

    def check(self) -> None:
        """Raise the reason when the query was cancelled."""
        if self._reason is not None:
            raise self._reason

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` once when (or if already) cancelled; the answer unregisters it."""
        with self._lock:
            if self._reason is None:
                self._next += 1
                key = self._next
                self._callbacks[key] = callback
                return lambda: self._forget(key)
        callback()
        return lambda: None

    def _forget(self, key: int) -> None:
        with self._lock:
            self._callbacks.pop(key, None)


@frozen
class QueryWarning:
    """A warning for the client: code, name and message."""

    code: int
    name: str
    message: str


@dataclass(slots=True)
class Progress:
    """Figures of a running query; written by the work, read by documents and system tables. Times in nanoseconds."""

    total_splits: int = 0
    completed_splits: int = 0
    running_splits: int = 0
    processed_rows: int = 0
    processed_bytes: int = 0
    physical_input_bytes: int = 0
    physical_written_bytes: int = 0
    peak_memory_bytes: int = 0
    spilled_bytes: int = 0
    cpu_nanos: int = 0
    wall_nanos: int = 0
    analysis_nanos: int = 0
    planning_nanos: int = 0
    finishing_nanos: int = 0
    output_rows: int = 0
    output_bytes: int = 0


@dataclass(slots=True)
class QueryContext:
    """One query on its way down. `deadline` is on the monotonic clock, in seconds; None without limit.

    `time_zone` is the effective zone: session property, else header, else the server's.
    """

    session: Session
    time_zone: str
    deadline: float | None = None
    memory_limit: DataSize | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    progress: Progress = field(default_factory=Progress)
    warnings: list[QueryWarning] = field(default_factory=list)
    lineage: Lineage = field(default_factory=Lineage)

    def check(self, now: float) -> None:
        """Raise when the query was cancelled or its time is over."""
        self.cancellation.check()
        if self.deadline is not None and now > self.deadline:
            raise LodestarError(EXCEEDED_TIME_LIMIT, "Query exceeded the maximum run time limit")
