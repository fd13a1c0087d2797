"""Which of several metastores is asked next: the first that has not failed lately. Pure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Address = tuple[str, int]

SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class _Place:
    address: Address
    pause: float = SHORTEST_PAUSE
    failed: float | None = None


class Addresses:
    """Metastores in the order of preference. Thread-safe. `clock`: seconds."""

    def __init__(self, addresses: Sequence[Address], clock: Callable[[], float] = time.monotonic) -> None:
        self._places = [_Place(one) for one in addresses]
        self._clock = clock
        self._lock = threading.Lock()

    def ordered(self) -> list[Address]:
        """Those that work first; after them those that have been left alone longest."""
        with self._lock:
            now = self._clock()
            return [one.address for one in sorted(self._places, key=lambda place: _rank(place, now))]

    def works(self, address: Address) -> None:
        """It has answered."""
        with self._lock:
            place = self._place(address)
            place.failed, place.pause = None, SHORTEST_PAUSE

    def fails(self, address: Address) -> None:
        """It has not: twice as long a pause as last time."""
        with self._lock:
            place = self._place(address)
            place.failed, place.pause = self._clock(), min(place.pause * 2, LONGEST_PAUSE)

    def _place(self, address: Address) -> _Place:
        return next(one for one in self._places if one.address == address)


def _rank(place: _Place, now: float) -> tuple[float, float]:
    if place.failed is None:
        return 0.0, float("-inf")
    return max(place.pause - (now - place.failed), 0.0), place.failed
