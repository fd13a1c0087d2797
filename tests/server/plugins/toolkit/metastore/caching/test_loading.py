from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest
from tests.fakes.clock import ManualClock

from lodestar_server.plugins.toolkit.metastore.caching.loading import LoadingCache


class AtOnce(Executor):
    """Runs what it is given before it returns."""

    def submit(self, call: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(call(*arguments, **named))
        return future


class Source:
    """Answers with how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def load(self, key: str) -> int:
        self.asked.append(key)
        return len(self.asked)

    def many(self, keys: list[str]) -> dict[str, int]:
        return {key: self.load(key) for key in keys}


def test_an_answer_is_kept_until_it_is_too_old() -> None:
    clock, source = ManualClock(), Source()
    cache: LoadingCache[str, int] = LoadingCache(10, 100, clock=clock)
    assert [cache.get("a", lambda: source.load("a")) for _ in range(3)] == [1, 1, 1]
    clock.advance(9.9)
    assert cache.get("a", lambda: source.load("a")) == 1
    clock.advance(0.2)
    assert cache.get("a", lambda: source.load("a")) == 2
    assert (cache.counts.requests, cache.counts.hits, cache.counts.loads) == (5, 3, 2)


def test_nothing_is_kept_without_a_ttl() -> None:
    source = Source()
    cache: LoadingCache[str, int] = LoadingCache(0, 100)
    assert [cache.get("a", lambda: source.load("a")) for _ in range(2)] == [1, 2]
    assert cache.counts.requests == 0


def test_an_old_answer_is_served_once_more_while_it_is_refreshed() -> None:
    clock, source = ManualClock(), Source()
    cache: LoadingCache[str, int] = LoadingCache(10, 100, refresh=2, executor=AtOnce(), clock=clock)
    assert cache.get("a", lambda: source.load("a")) == 1
    clock.advance(3)
    assert cache.get("a", lambda: source.load("a")) == 1
    assert cache.get("a", lambda: source.load("a")) == 2


def test_a_refresh_that_fails_leaves_the_old_answer() -> None:
    clock = ManualClock()
    cache: LoadingCache[str, int] = LoadingCache(10, 100, refresh=2, executor=AtOnce(), clock=clock)
    assert cache.get("a", lambda: 7) == 7
    clock.advance(3)

    def fails() -> int:
        raise OSError("gone")

    assert [cache.get("a", fails) for _ in range(2)] == [7, 7]
    clock.advance(10)
    with pytest.raises(OSError, match="gone"):
        cache.get("a", fails)


def test_the_least_used_goes_first() -> None:
    source = Source()
    cache: LoadingCache[str, int] = LoadingCache(10, 2)
    for key in ("a", "b", "a", "c", "a"):
        cache.get(key, lambda key=key: source.load(key))  # type: ignore[misc]
    assert source.asked == ["a", "b", "c"]
    cache.get("b", lambda: source.load("b"))
    assert source.asked == ["a", "b", "c", "b"]


def test_what_is_not_worth_keeping() -> None:
    answers = iter([None, None, 3])
    cache: LoadingCache[str, int | None] = LoadingCache(10, 100, kept=lambda one: one is not None)
    assert [cache.get("a", lambda: next(answers)) for _ in range(4)] == [None, None, 3, 3]


def test_one_question_for_all_that_is_lacking() -> None:
    source = Source()
    questions: list[list[str]] = []

    def load(keys: list[str]) -> dict[str, int]:
        questions.append(keys)
        return source.many(keys)

    cache: LoadingCache[str, int] = LoadingCache(10, 100)
    cache.get_many(["a", "b"], load)
    assert cache.get_many(["c", "a", "d"], load) == {"a": 1, "c": 3, "d": 4}
    assert questions == [["a", "b"], ["c", "d"]]


def test_those_who_ask_at_the_same_time_share_one_question() -> None:
    asked, answer = threading.Event(), threading.Event()
    source = Source()

    def load() -> int:
        asked.set()
        assert answer.wait(10)
        return source.load("a")

    cache: LoadingCache[str, int] = LoadingCache(10, 100)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(cache.get, "a", load)
        assert asked.wait(10)
        others = [pool.submit(cache.get, "a", load) for _ in range(3)]
        answer.set()
        assert {one.result() for one in (first, *others)} == {1}
    assert source.asked == ["a"]


def test_what_is_dropped_while_it_is_asked_for_is_not_kept() -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow() -> str:
        asked.set()
        assert answer.wait(10)
        return "old"

    cache: LoadingCache[str, str] = LoadingCache(10, 100)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get, "a", slow)
        assert asked.wait(10)
        cache.drop(lambda key: key == "a")
        assert cache.get("a", lambda: "new") == "new"
        answer.set()
        assert first.result() == "old"
    assert cache.get("a", lambda: "newer") == "new"


def test_a_failure_is_for_all_who_wait_and_is_not_kept() -> None:
    cache: LoadingCache[str, int] = LoadingCache(10, 100)

    def fails() -> int:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        cache.get("a", fails)
    assert cache.get("a", lambda: 5) == 5
