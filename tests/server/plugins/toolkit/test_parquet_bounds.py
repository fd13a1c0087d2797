"""Extremes in footers."""

from __future__ import annotations

import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lodestar_server.plugins.toolkit.parquet_bounds import column_extremes


def _content(**options: object) -> bytes:
    table = pa.table(
        {
            "n": pa.array([3, 1, None, 2], pa.int64()),
            "t": ["b", "ż" * 20, None, "a"],
            "d": pa.array([Decimal("1.50"), Decimal("-2.50"), None, None], pa.decimal128(30, 2)),
            "l": pa.array([[1], [], None, [2, 3]], pa.list_(pa.int32())),
            "e": pa.nulls(4, pa.string()),
        }
    )
    target = io.BytesIO()
    pq.write_table(table, target, row_group_size=2, **options)
    return target.getvalue()


def test_of_every_row_group_and_column() -> None:
    found = column_extremes(_content())
    assert found is not None
    assert [len(group) for group in found] == [5, 5]
    assert found[0][0] == ((1).to_bytes(8, "little"), (3).to_bytes(8, "little"))
    assert found[0][1] == (b"b", ("ż" * 20).encode())
    assert found[1][1] == (b"a", b"a")
    least, greatest = found[0][2] or (b"", b"")
    assert (int.from_bytes(least, "big", signed=True), int.from_bytes(greatest, "big", signed=True)) == (-250, 150)
    assert found[1][2] is None and found[0][4] is None


def test_files_that_do_not_tell() -> None:
    found = column_extremes(_content(write_statistics=False))
    assert found == [[None] * 5] * 2


@pytest.mark.parametrize("cut", [0, 4, 11, 200])
def test_what_is_no_footer(cut: int) -> None:
    content = _content()
    assert column_extremes(content[:cut]) is None
    assert column_extremes(content[-cut - 1 :] if cut < 200 else b"PAR1" + bytes(40) + content[-8:]) is None


def test_footers_that_are_damaged() -> None:
    content = bytearray(_content())
    size = int.from_bytes(content[-8:-4], "little")
    for place in range(len(content) - 8 - size, len(content) - 8, 7):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        column_extremes(bytes(damaged))  # never raises
