"""When a request to a store is made again: what has passed may come right, with longer and longer pauses."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.spi.values import frozen

T = TypeVar("T")

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of HTTP that say nothing against the request itself."""


class Passing(Exception):
    """A failure that may pass. `error` is raised when it does not; `wait_seconds` is what the store asked for."""

    def __init__(self, error: StoreError, wait_seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_seconds = wait_seconds


@frozen
class Pauses:
    """`tries` in all, at least one; seconds of the first pause, of the longest and of everything together."""

    tries: int
    first: float
    factor: float
    longest: float
    total: float

    def before(self, number: int, asked: float | None, chance: float) -> float:
        """Seconds before try `number` (2, 3 …). What a store asks for is respected; `chance` is within [0, 1)."""
        planned = min(self.longest, self.first * self.factor ** min(number - 2, 60))
        # Everybody who was refused at the same time comes back at another.
        spread = planned * (0.5 + 0.5 * chance)
        return spread if asked is None else max(spread, asked)


async def repeated(
    attempt: Callable[[int], Awaitable[T]],
    pauses: Pauses,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """The answer of `attempt`, which gets its number from 1 on and raises Passing for what is worth another try.

    Raises: StoreError.
    """
    started = clock()
    number = 1
    while True:
        try:
            return await attempt(number)
        except Passing as fault:
            number += 1
            pause = pauses.before(number, fault.wait_seconds, random.random())
            if number > pauses.tries or clock() - started + pause > pauses.total:
                raise fault.error from fault
        await sleep(pause)


def seconds_of_retry_after(text: str | None, now: float) -> float | None:
    """A header's value, a number or a date, in seconds from `now` (seconds since 1970); None when it says nothing."""
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError):
        return None
