import os
import threading

import pyarrow as pa
import pytest
from tests.fakes.clock import ManualClock

from lodestar_server.execution.spool.budget import SpoolBudget
from lodestar_server.execution.spool.files import SpoolDirectory
from lodestar_server.execution.spool.spool import ResultSpool
from lodestar_server.spi.errors import USER_CANCELED, LodestarError


def batch(first, count, width=100):
    return pa.record_batch({"row": pa.array([f'[{n},"{"x" * width}"],' for n in range(first, first + count)])})


def numbers(pages):
    text = b"".join(bytes(part) for page in pages for part in page.parts)
    return [int(row.partition(",")[0]) for row in text.decode().replace("],", "\n").replace("[", "").split("\n") if row]


@pytest.fixture
def make(tmp_path):
    def build(memory=1 << 30, disk=1 << 30, *, limit=200_000, patience=0.0, check=lambda: None, clock=None):
        budget, directory = SpoolBudget(memory, disk), SpoolDirectory(tmp_path / "spool")
        named = {"clock": clock} if clock else {}
        return (
            ResultSpool(budget, directory, memory_limit=limit, patience=patience, check=check, **named),
            budget,
            directory,
        )

    return build


def drain(spool, target=50_000):
    pages = []
    while (page := spool.take(target)) is not None:
        pages.append(page)
    return pages


def test_pages_hold_all_rows_in_order(make):
    spool, budget, _ = make()
    for start in range(0, 1000, 100):
        spool.append(batch(start, 100))
    assert (spool.total_rows, spool.spilled_bytes) == (1000, 0)
    pages = drain(spool)
    assert numbers(pages) == list(range(1000))
    assert sum(page.rows for page in pages) == 1000
    assert all(50_000 <= page.size_bytes < 51_000 for page in pages[:-1])
    assert (spool.empty, spool.ready_bytes, budget.memory_used) == (True, 0, 0)


def test_what_exceeds_memory_goes_to_disk_and_comes_back(make, tmp_path):
    spool, budget, directory = make(limit=50_000)
    for start in range(0, 10_000, 500):
        spool.append(batch(start, 500))
    assert spool.spilled_bytes > 0
    assert budget.memory_used < 100_000
    assert budget.disk_used == spool.spilled_bytes
    assert len(list((tmp_path / "spool").rglob("*.arrow"))) == 1
    assert numbers(drain(spool)) == list(range(10_000))
    spool.close()
    assert (budget.memory_used, budget.disk_used) == (0, 0)
    assert not list((tmp_path / "spool").rglob("*.arrow"))
    directory.remove()
    assert not list((tmp_path / "spool").iterdir())


def test_the_memory_of_all_queries_is_bounded(make, tmp_path):
    first, budget, directory = make(memory=150_000)
    second = ResultSpool(budget, directory, memory_limit=200_000, patience=0, check=lambda: None)
    first.append(batch(0, 900))
    second.append(batch(0, 900))
    for spool in (first, second):
        spool.append(batch(900, 900))
        assert spool.spilled_bytes > 0
    for spool in (first, second):
        assert numbers(drain(spool)) == list(range(1800))
        spool.close()


def test_a_worker_waits_for_a_client_that_reads(make):
    clock = ManualClock()
    spool, _, _ = make(limit=15_000, patience=100.0, clock=clock)
    spool.append(batch(0, 100))
    spool.take(1)
    appended = threading.Event()

    def append():
        spool.append(batch(100, 100))
        appended.set()

    worker = threading.Thread(target=append)
    worker.start()
    assert not appended.wait(0.15)
    pages = drain(spool)
    assert appended.wait(5)
    worker.join()
    assert spool.spilled_bytes == 0
    assert numbers([*pages, *drain(spool)]) == list(range(1, 200))


def test_patience_ends(make):
    clock = ManualClock()
    spool, _, _ = make(limit=15_000, patience=1.0, clock=clock, check=lambda: clock.advance(0.3))
    spool.append(batch(0, 100))
    spool.take(1)
    spool.append(batch(100, 100))
    assert spool.spilled_bytes > 0
    spool.close()


def test_a_client_that_has_gone_is_not_waited_for(make):
    clock = ManualClock()
    spool, _, _ = make(limit=15_000, patience=1000.0, clock=clock)
    spool.append(batch(0, 100))
    spool.take(1)
    clock.advance(5)
    spool.append(batch(100, 100))
    assert spool.spilled_bytes > 0
    spool.close()


def test_a_full_disk_holds_the_worker_until_the_client_reads(make):
    spool, budget, _ = make(limit=15_000, disk=15_000)
    spool.append(batch(0, 100))
    spool.append(batch(100, 100))
    done = threading.Event()

    def append():
        for start in range(200, 1000, 100):
            spool.append(batch(start, 100))
        done.set()

    worker = threading.Thread(target=append)
    worker.start()
    pages = []
    while not done.is_set() or not spool.empty:
        page = spool.take(5_000)
        if page is not None:
            pages.append(page)
    worker.join()
    assert numbers(pages) == list(range(1000))
    assert budget.disk_used <= 15_000
    spool.close()


def test_a_worker_that_waits_hears_of_cancellation(make):
    def check():
        raise LodestarError(USER_CANCELED, "Query was canceled")

    spool, _, _ = make(limit=15_000, disk=0, check=check)
    spool.append(batch(0, 100))
    with pytest.raises(LodestarError, match="canceled"):
        spool.append(batch(100, 100))
    spool.close()


def test_pages_outlive_the_spool(make):
    spool, _, _ = make()
    spool.append(batch(0, 100))
    page = spool.take(1 << 20)
    spool.close()
    spool.close()
    spool.append(batch(100, 100))
    assert numbers([page]) == list(range(100))
    assert spool.take(100) is None


def test_a_file_that_is_gone_is_an_error_of_the_query(make):
    spool, _, _ = make(limit=1)
    spool.append(batch(0, 10))
    spool.append(batch(10, 10))
    os.close(spool._file._descriptor)
    with pytest.raises(LodestarError) as caught:
        drain(spool)
    assert caught.value.code.name == "OUT_OF_SPILL_SPACE"
    spool._file._descriptor = -1
    spool.close()


def test_only_directories_of_dead_processes_are_cleaned(tmp_path):
    root = tmp_path / "spool"
    mine, dead, odd = (root / f"spool-{name}" for name in (f"{os.getpid()}-x", "999999999-y", "what"))
    for folder in (mine, dead, odd):
        folder.mkdir(parents=True)
    other = root / "keep"
    other.mkdir()
    assert SpoolDirectory(root).clean() == 2
    assert sorted(path.name for path in root.iterdir()) == ["keep", mine.name]
