"""The threads that drive statements, one each. Daemons: one that is stuck must not keep the server from ending."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from lodestar_server.execution.priority import go_behind_the_event_loop

log = logging.getLogger(__name__)

_Work = tuple[Callable[..., None], tuple[Any, ...]]


KEPT_THREADS = 4
IDLE_SECONDS = 5.0


class Workers:
    """Up to `count` threads, started when first needed. `submit` is called from one thread.

    Beyond a few, a thread that has had nothing to do for `idle_seconds` ends: the engine leaves megabytes of touched
    stack on every thread that ran a query.
    """

    def __init__(self, count: int, name: str, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._count, self._name, self._idle_seconds = count, name, idle_seconds
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._idle = 0

    def submit(self, action: Callable[..., None], *arguments: Any) -> None:
        """Run something on a thread, after what waits already. It should not raise; if it does, that is logged."""
        with self._lock:
            start = self._idle == 0 and len(self._threads) < self._count
            if not start:
                self._idle -= 1
        self._work.put((action, arguments))
        if start:
            thread = threading.Thread(target=self._run, name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Threads end when they have done what waits."""
        for _ in list(self._threads):
            self._work.put(None)

    def join(self, seconds: float) -> bool:
        """After `stop`: wait for the threads to end; false when some have not."""
        deadline = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _may_end(self) -> bool:
        """Whether this thread is one too many; then it is not counted any more."""
        with self._lock:
            # Without a surplus of idle threads, work has been promised to this one.
            if self._idle <= 0 or len(self._threads) <= KEPT_THREADS:
                return False
            self._idle -= 1
            self._threads.remove(threading.current_thread())
            return True

    def _run(self) -> None:
        go_behind_the_event_loop()
        while True:
            try:
                work = self._work.get(timeout=self._idle_seconds)
            except Empty:
                if self._may_end():
                    return
                continue
            if work is None:
                return
            action, arguments = work
            try:
                action(*arguments)
            except BaseException:
                log.exception("a worker's action failed")
            # What a query held must not live until the next one comes.
            del work, action, arguments
            with self._lock:
                self._idle += 1
