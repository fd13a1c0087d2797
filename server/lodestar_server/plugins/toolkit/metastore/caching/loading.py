"""A bounded cache that asks for what it lacks: once, however many want it at the same time.

An entry is served until it is `ttl` old. Older than `refresh` it is served once more while somebody asks again. What is
dropped is not there for anybody who comes later, even when the question was under way.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

Load = Callable[[list[K]], Mapping[K, V]]
"""Answers to several questions at once; every key has one."""


@dataclass(slots=True)
class Counts:
    """How often the cache was asked, had an answer, and asked itself."""

    requests: int = 0
    hits: int = 0
    loads: int = 0

    @property
    def hit_rate(self) -> float:
        """1 before the first request."""
        return self.hits / self.requests if self.requests else 1.0


class LoadingCache(Generic[K, V]):
    """Thread-safe. `ttl`, `refresh` in seconds; a `ttl` of 0 keeps nothing. `kept`: answers that are worth keeping."""

    def __init__(
        self,
        ttl: float,
        maximum: int,
        *,
        refresh: float | None = None,
        executor: Executor | None = None,
        kept: Callable[[V], bool] = lambda _: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts = Counts()
        self._ttl = ttl
        self._maximum = maximum
        self._refresh = refresh if executor is not None else None
        self._executor = executor
        self._kept = kept
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._loading: dict[K, Future[V]] = {}

    @property
    def enabled(self) -> bool:
        """It keeps something."""
        return self._ttl > 0

    def get(self, key: K, load: Callable[[], V]) -> V:
        """The answer that is kept, else the one that `load` gives. What it raises passes."""
        return self.get_many([key], lambda _: {key: load()})[key]

    def get_many(self, keys: Sequence[K], load: Load[K, V]) -> dict[K, V]:
        """The same for several, with one question for all that are lacking."""
        if not self.enabled:
            return dict(load(list(keys)))
        found: dict[K, V] = {}
        waiting: dict[K, Future[V]] = {}
        stale: dict[K, Future[V]] = {}
        mine: dict[K, Future[V]] = {}
        with self._lock:
            now = self._clock()
            for key in keys:
                self._look(key, now, found, waiting, stale, mine)
        if stale:
            assert self._executor is not None
            self._executor.submit(self._quietly, stale, load)
        if mine:
            found.update(self._load(mine, load))
        for key, future in waiting.items():
            found[key] = future.result()
        return found

    def _look(
        self,
        key: K,
        now: float,
        found: dict[K, V],
        waiting: dict[K, Future[V]],
        stale: dict[K, Future[V]],
        mine: dict[K, Future[V]],
    ) -> None:
        self.counts.requests += 1
        entry = self._entries.get(key)
        if entry is not None and now - entry[1] < self._ttl:
            self.counts.hits += 1
            self._entries.move_to_end(key)
            found[key] = entry[0]
            if self._refresh is not None and now - entry[1] >= self._refresh and key not in self._loading:
                stale[key] = self._loading[key] = Future()
            return
        under_way = self._loading.get(key)
        if under_way is not None:
            waiting[key] = under_way
        else:
            mine[key] = self._loading[key] = Future()

    def _load(self, mine: Mapping[K, Future[V]], load: Load[K, V]) -> Mapping[K, V]:
        try:
            self.counts.loads += len(mine)
            loaded = load(list(mine))
        except BaseException as fault:
            with self._lock:
                for key, future in mine.items():
                    self._done(key, future)
            for future in mine.values():
                future.set_exception(fault)
            raise
        with self._lock:
            now = self._clock()
            for key, future in mine.items():
                # Who dropped the key meanwhile has taken the question away.
                if self._done(key, future) and self._kept(loaded[key]):
                    self._entries[key] = (loaded[key], now)
                    self._entries.move_to_end(key)
            while len(self._entries) > self._maximum:
                self._entries.popitem(last=False)
        for key, future in mine.items():
            future.set_result(loaded[key])
        return loaded

    def _done(self, key: K, future: Future[V]) -> bool:
        if self._loading.get(key) is not future:
            return False
        del self._loading[key]
        return True

    def _quietly(self, mine: Mapping[K, Future[V]], load: Load[K, V]) -> None:
        try:
            self._load(mine, load)
        except Exception:
            # Who asks after the entry has expired sees the fault; until then the old answer is as good as any.
            return

    def drop(self, wanted: Callable[[K], bool] | None = None) -> None:
        """Forget the keys that `wanted` names, all without it."""
        with self._lock:
            for kept in (self._entries, self._loading):
                if wanted is None:
                    kept.clear()
                else:
                    for key in [one for one in kept if wanted(one)]:
                        del kept[key]
