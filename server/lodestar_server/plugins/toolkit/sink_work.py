"""The work of one page sink on several threads: encoding and counting leave the interpreter alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

MOST_THREADS = 8
"""More than these wait for one disk, each with memory of its own."""
_WORTH_A_THREAD = 1 << 20
"""Bytes; less is done before a thread has started."""


class SinkWork:
    """Rounds of tasks that have nothing to do with each other. A round begins when the one before it has ended, so that
    what belongs to a partition is done by one thread at a time, and the rows of no more than one round are under way.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._threads = min(os.cpu_count() or 1, MOST_THREADS)
        self._pool: ThreadPoolExecutor | None = None
        self._running: list[Future[None]] = []

    def start(self, tasks: Sequence[Callable[[], None]], size: int) -> None:
        """`size`: bytes of rows that the tasks are about; a few are worked on here and now. Raises: what a task of
        this round or of the one before has raised."""
        self.wait()
        if self._threads == 1 or (self._pool is None and (size < _WORTH_A_THREAD or not tasks)):
            for task in tasks:
                task()
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix=f"{self._name}-writing")
        self._running = [self._pool.submit(task) for task in tasks]

    def wait(self) -> None:
        """Until the round has ended. Raises: what a task has raised first."""
        running, self._running = self._running, []
        faults = [fault for one in running if (fault := one.exception()) is not None]
        if faults:
            raise faults[0]

    def close(self) -> None:
        """Tasks that have not begun are left out; no thread is left. Never raises."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool, self._running = None, []
