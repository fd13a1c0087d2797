import logging
import os
import sys
import threading
import time
from queue import SimpleQueue

import pytest

from lodestar_server.query.dispatch.workers import KEPT_THREADS, Workers


def test_never_more_threads_than_allowed_and_all_work_is_done():
    workers = Workers(3, "test")
    lock, running, most, finished = threading.Lock(), [0], [0], threading.Semaphore(0)

    def work():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        with lock:
            running[0] -= 1
        finished.release()

    for _ in range(200):
        workers.submit(work)
    for _ in range(200):
        assert finished.acquire(timeout=5)
    assert 1 <= most[0] <= 3
    assert len(workers._threads) <= 3
    workers.stop()
    for thread in workers._threads:
        thread.join(5)
        assert not thread.is_alive()


def test_an_idle_thread_is_used_again():
    workers, seen, done = Workers(5, "test"), [], threading.Event()
    for _ in range(20):
        done.clear()
        workers.submit(lambda: (seen.append(threading.get_ident()), done.set()))
        assert done.wait(5)
        while workers._idle < 1:
            pass
    assert len(set(seen)) == 1
    workers.stop()


def test_a_failure_is_logged_and_the_thread_goes_on(caplog):
    workers, done = Workers(1, "test"), threading.Event()
    with caplog.at_level(logging.ERROR):
        workers.submit(lambda: 1 / 0)
        workers.submit(done.set)
        assert done.wait(5)
    assert "ZeroDivisionError" in caplog.text
    workers.stop()


def test_threads_that_are_too_many_end_and_come_back():
    workers = Workers(20, "test", idle_seconds=0.05)
    for _ in range(2):
        together = threading.Barrier(21)
        for _ in range(20):
            workers.submit(together.wait, 5)
        together.wait(5)
        assert len(workers._threads) == 20
        deadline = time.monotonic() + 10
        while len(workers._threads) > KEPT_THREADS:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    workers.stop()
    assert workers.join(5)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no priority of a thread")
def test_work_goes_behind_what_submits_it():
    workers, found = Workers(1, "test"), SimpleQueue()
    workers.submit(lambda: found.put(os.getpriority(os.PRIO_PROCESS, 0)))
    assert found.get(timeout=5) > os.getpriority(os.PRIO_PROCESS, 0)
    workers.stop()
    assert workers.join(5)
