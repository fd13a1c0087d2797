"""Work that threads leave for the event loop. Waking the loop costs more than the work, so wake-ups are shared."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class Mailbox:
    """Runs what is posted on the loop, soon and in order. Make it on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._posted: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._woken = False

    def post(self, action: Callable[..., None], *arguments: Any) -> None:
        """From any thread. After the loop is closed (the server has ended) nothing happens."""
        self._posted.append((action, arguments))
        # Posted before the flag is read, and the flag is cleared before the queue is read: nothing is left behind.
        if self._woken:
            return
        self._woken = True
        with contextlib.suppress(RuntimeError):
            if threading.get_ident() == self._thread:
                self._loop.call_soon(self._deliver)
            else:
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._posted:
            action, arguments = self._posted.popleft()
            action(*arguments)
