"""The threads that drive statements, one each. Daemons: one that is stuck must not keep the server from ending."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

log = logging.getLogger(__name__)

_Work = tuple[Callable[..., None], tuple[Any, ...]]


class Workers:
    """Up to `count` threads, started when first needed. `submit` is called from one thread."""

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name
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
        for _ in self._threads:
            self._work.put(None)

    def join(self, seconds: float) -> bool:
        """After `stop`: wait for the threads to end; false when some have not."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while True:
            work = self._work.get()
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
