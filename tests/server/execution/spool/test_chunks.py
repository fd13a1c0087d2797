import pyarrow as pa
import pytest

from lodestar_server.execution.spool.chunks import text_rows

ROWS = ["[1],", "[22],", "[333],", "[4],"]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view()])
def test_cutting(type_):
    rows = text_rows(pa.record_batch({"row": pa.array(ROWS, pa.string()).cast(type_)}))
    assert (rows.rows, rows.size_bytes) == (4, sum(map(len, ROWS)))
    text, count, _ = rows.cut(5)
    # The row that reaches the target is included.
    assert (bytes(text), count) == (b"[1],[22],", 2)
    text, count, _ = rows.cut(1)
    assert (bytes(text), count, rows.rows) == (b"[333],", 1, 1)
    text, count, _ = rows.cut(1000)
    assert (bytes(text), count, rows.rows, rows.size_bytes) == (b"[4],", 1, 0, 0)


def test_slices_of_batches():
    batch = pa.record_batch({"row": pa.array(ROWS)}).slice(1, 2)
    rows = text_rows(batch)
    assert (bytes(rows.cut(100)[0]), rows.rows) == (b"[22],[333],", 0)


def test_exact_targets():
    rows = text_rows(pa.record_batch({"row": pa.array(ROWS)}))
    assert bytes(rows.cut(4)[0]) == b"[1],"
