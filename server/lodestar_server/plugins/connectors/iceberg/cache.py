"""What is kept parsed: files that never change. Bounded, thread-safe."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """The least recently used go; `weigh` says how much of the bound a value takes."""

    def __init__(self, bound: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        self._bound = bound
        self._weigh = weigh
        self._weight = 0
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()

    def find(self, key: K) -> V | None:
        """None when it is not kept."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def load(self, key: K, make: Callable[[], V]) -> V:
        """The value, made when it is not kept. Several may make it at once; it is the same."""
        found = self.find(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        weight = self._weigh(value)
        if weight > self._bound:
            return
        with self._lock:
            old: Any = self._values.pop(key, None)
            self._weight += weight - (0 if old is None else self._weigh(old))
            self._values[key] = value
            while self._weight > self._bound:
                _, gone = self._values.popitem(last=False)
                self._weight -= self._weigh(gone)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._weight = 0
