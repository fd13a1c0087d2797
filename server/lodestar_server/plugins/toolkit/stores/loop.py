"""The event loop on which all object stores of a process talk: one, in a thread of its own, started when it is needed.

Connectors call from any other thread and wait.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class StoreLoop:
    """Thread-safe. Never call it from its own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Start something; its result may be fetched later. Cancelling the future cancels the work."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something and wait for it."""
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, pages: AsyncIterator[T]) -> Iterator[T]:
        """What comes, while the next one is fetched already."""
        ahead = self.submit(_next(pages))
        try:
            while True:
                page = ahead.result()
                if page is None:
                    return
                ahead = self.submit(_next(pages))
                yield page
        finally:
            ahead.cancel()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._process != os.getpid():  # a forked child has no thread
                self._process = os.getpid()
                self._loop = _new_loop()
                threading.Thread(target=self._loop.run_forever, name="object-stores", daemon=True).start()
            return self._loop


async def _next(pages: AsyncIterator[T]) -> T | None:
    async for page in pages:
        return page
    return None


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


LOOP = StoreLoop()
"""Of this process."""
