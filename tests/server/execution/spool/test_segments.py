import pyarrow as pa
import pytest

from lodestar_server.execution.spool.budget import SpoolBudget
from lodestar_server.execution.spool.chunks import arrow_rows
from lodestar_server.execution.spool.files import SpoolDirectory
from lodestar_server.execution.spool.segments import SegmentStore, arrow_stream
from lodestar_server.execution.spool.spool import ResultSpool
from lodestar_server.spi.errors import OUT_OF_SPILL_SPACE, LodestarError


@pytest.fixture
def make(tmp_path):
    def build(limit=100, disk=1000):
        budget = SpoolBudget(1000, disk)
        return SegmentStore(budget, SpoolDirectory(tmp_path), memory_limit=limit), budget

    return build


def data(letter, size):
    return memoryview(letter * size)


def test_segments_wait_until_they_are_acknowledged(make):
    store, budget = make()
    one = store.add(data(b"a", 60), 0, 5)
    assert (one.number, one.row_offset, one.row_count, one.size_bytes) == (1, 0, 5, 60)
    assert (bytes(store.read(1)), bytes(store.read(1))) == (b"a" * 60, b"a" * 60)
    assert budget.memory_used == 60
    store.acknowledge(1)
    store.acknowledge(1)
    assert (store.read(1), budget.memory_used) == (None, 0)


def test_beyond_memory_they_wait_on_disk(make, tmp_path):
    store, budget = make(limit=100)
    numbers = [store.add(data(letter, 60), 0, 1).number for letter in (b"a", b"b", b"c")]
    assert (budget.memory_used, budget.disk_used) == (60, 120)
    assert [store.in_memory(number) for number in numbers] == [True, False, False]
    assert [bytes(store.read(number))[:1] for number in numbers] == [b"a", b"b", b"c"]
    store.acknowledge(2)
    assert (budget.disk_used, len(list(tmp_path.rglob("*.arrow")))) == (60, 1)
    store.close()
    assert (budget.memory_used, budget.disk_used, list(tmp_path.rglob("*.arrow"))) == (0, 0, [])
    # What comes too late is not kept.
    assert store.read(store.add(data(b"d", 10), 0, 1).number) is None
    assert budget.memory_used == 0


def test_a_full_disk_is_an_error(make):
    store, budget = make(limit=10, disk=50)
    store.add(data(b"a", 60), 0, 1)
    with pytest.raises(LodestarError) as caught:
        store.add(data(b"b", 60), 0, 1)
    assert (caught.value.code, budget.disk_used) == (OUT_OF_SPILL_SPACE, 0)


def batch(first, count):
    return pa.record_batch({"o0": pa.array(range(first, first + count)), "o1": pa.array(["x"] * count)})


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_streams_have_the_clients_names(compression):
    schema = pa.schema([pa.field("a", pa.int64(), metadata={"trino:type": "bigint"}), pa.field("a", pa.string())])
    batches = [batch(0, 10).slice(2, 3), batch(100, 1)]
    with pa.ipc.open_stream(pa.py_buffer(arrow_stream(batches, schema, compression))) as reader:
        table = reader.read_all()
    assert table.schema.equals(schema, check_metadata=True)
    assert table.column(0).to_pylist() == [2, 3, 4, 100]


def test_a_spool_of_arrow_is_cut_by_bytes(tmp_path):
    budget = SpoolBudget(1 << 20, 1 << 20)
    spool = ResultSpool(
        budget,
        SpoolDirectory(tmp_path),
        memory_limit=20_000,
        patience=0.0,
        check=lambda: None,
        read_rows=arrow_rows,
    )
    for start in range(0, 10_000, 1000):
        spool.append(batch(start, 1000))
    assert spool.spilled_bytes > 0
    found, sizes = [], []
    while (page := spool.take(3000)) is not None:
        assert sum(part.num_rows for part in page.parts) == page.rows
        sizes.append(page.size_bytes)
        found += [row for part in page.parts for row in part.column(0).to_pylist()]
    assert found == list(range(10_000))
    # A rest of less than another page goes with the page before it.
    assert all(3000 <= size <= 6000 for size in sizes[:-1])
    assert (spool.empty, budget.memory_used, budget.disk_used) == (True, 0, 0)
