"""Stripes read by several readers come in their order, and no more of them than were asked for are under way."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.orc as orc
import pytest

from lodestar_server.plugins.toolkit.orc_ahead import MOST_AHEAD, read_stripes, stripes_ahead


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A hundred thousand numbers in several stripes."""
    made = tmp_path / "one.orc"
    with orc.ORCWriter(made, stripe_size=1 << 14, compression="uncompressed", batch_size=1_024) as writer:
        for start in range(0, 100_000, 10_000):
            writer.write(pa.table({"x": [number * 7_919 for number in range(start, start + 10_000)]}))
    return made


def test_stripes_come_in_order(path: Path) -> None:
    stripes = range(orc.ORCFile(path).nstripes)
    assert len(stripes) > 4
    opened: list[orc.ORCFile] = []

    def open_file() -> orc.ORCFile:
        opened.append(orc.ORCFile(path))
        return opened[-1]

    found = []
    order = []
    for stripe, read in read_stripes(open_file, stripes, ["x"], 3):
        order.append(stripe)
        found += read().column(0).to_pylist()
    assert order == list(stripes)
    assert found == [number * 7_919 for number in range(100_000)]
    assert 1 <= len(opened) <= 3


class Reader:
    """Reads when it is allowed to."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.begun: list[int] = []

    def read_stripe(self, stripe: int, columns: list[str]) -> pa.RecordBatch:
        self.begun.append(stripe)
        self.allowed.acquire()
        if stripe == 2:
            raise OSError("gone")
        return pa.record_batch({"x": [stripe]})


def test_no_more_than_asked_for_are_under_way() -> None:
    reader = Reader()
    reads = read_stripes(lambda: reader, range(10), ["x"], 2)
    stripe, read = next(reads)
    reader.allowed.release(3)
    assert (stripe, read().column(0).to_pylist()) == (0, [0])
    assert set(reader.begun) <= {0, 1}
    stripe, read = next(reads)
    assert read().column(0).to_pylist() == [1]
    stripe, read = next(reads)
    with pytest.raises(OSError, match="gone"):
        read()
    reader.allowed.release(10)
    reads.close()
    assert set(reader.begun) <= {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("file_bytes", "stripes", "ahead"),
    [(1 << 20, 10, MOST_AHEAD), (1 << 20, 2, 2), (640 << 20, 10, 1), (320 << 20, 10, 2), (0, 0, 1)],
)
def test_large_stripes_do_not_wait_for_their_turn(file_bytes: int, stripes: int, ahead: int) -> None:
    assert stripes_ahead(file_bytes, stripes) == ahead
