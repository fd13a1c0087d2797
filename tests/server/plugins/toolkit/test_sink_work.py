"""Rounds of tasks: one after the other, on several threads, and what becomes of a fault."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from lodestar_server.plugins.toolkit import sink_work
from lodestar_server.plugins.toolkit.sink_work import SinkWork

MUCH = 1 << 30


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[SinkWork]:
    monkeypatch.setattr(sink_work.os, "cpu_count", lambda: 2)
    made = SinkWork("test")
    yield made
    made.close()


def test_tasks_of_a_round_run_side_by_side(work: SinkWork) -> None:
    both = threading.Barrier(2, timeout=30)
    work.start([lambda: (both.wait(), None)[1]] * 2, MUCH)
    work.wait()


def test_a_round_begins_when_the_one_before_has_ended(work: SinkWork) -> None:
    seen: list[int] = []
    for number in range(50):
        work.start([lambda n=number: seen.append(n)] * 3, MUCH)  # type: ignore[misc]
    work.wait()
    assert seen == [number for number in range(50) for _ in range(3)]


def test_little_work_needs_no_thread(work: SinkWork) -> None:
    names: list[str] = []
    work.start([lambda: names.append(threading.current_thread().name)], 1)
    assert names == [threading.current_thread().name]


def test_a_fault_is_told_by_the_next_call_and_once(work: SinkWork) -> None:
    def fail() -> None:
        raise OSError("full")

    for then in (work.wait, lambda: work.start([], MUCH)):
        work.start([fail, lambda: None], MUCH)
        with pytest.raises(OSError, match="full"):
            then()
        work.wait()
