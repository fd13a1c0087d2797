"""Pages of files of pyarrow, whole and damaged."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lodestar_server.plugins.toolkit.parquet_checksums import (
    ColumnChunks,
    PageHeader,
    WrongChecksum,
    column_chunks,
    footer_bytes,
)

ROWS = 5000
TABLE = pa.table(
    {
        "id": pa.array(range(ROWS), pa.int64()),
        "text": pa.array([f"text {one % 900}" for one in range(ROWS)]),
        "list": pa.array([[one, None] if one % 3 else None for one in range(ROWS)], pa.list_(pa.int32())),
        "ok": pa.array([one % 2 == 0 for one in range(ROWS)]),
    }
)


def file_of(**options: Any) -> bytes:
    stream = io.BytesIO()
    settings = {"write_page_checksum": True, "row_group_size": 2000, "data_page_size": 2000, **options}
    pq.write_table(TABLE, stream, **settings)
    return stream.getvalue()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
def test_every_page_is_compared(version: str, compression: str) -> None:
    content = file_of(data_page_version=version, compression=compression)
    chunks = column_chunks(content)
    assert chunks is not None and len(chunks.starts) == 3 * 4
    chunks.check(0, content)
    first, last = chunks.starts[0], max(chunks.ends)
    chunks.check(first, content[first:last])
    # A checksum is about what follows a header, not about the header.
    headers = {place for start in _pages(content, chunks) for place in start}
    unseen = []
    for place in set(range(first, last, 61)) - headers:
        damaged = bytearray(content)
        damaged[place] ^= 4
        try:
            chunks.check(0, bytes(damaged))
            unseen.append(place)
        except WrongChecksum:
            pass
    assert unseen == []


def _pages(content: bytes, chunks: ColumnChunks) -> Iterator[range]:
    """Where the headers of all pages are."""
    for start, end in zip(chunks.starts, chunks.ends, strict=True):
        at = start
        while at < end:
            header = PageHeader(memoryview(content), at)
            yield range(at, header.end)
            at = header.end + header.size


def test_only_whole_chunks_are_compared() -> None:
    content = file_of()
    chunks = column_chunks(content)
    assert chunks is not None
    start, end = chunks.starts[1], chunks.ends[1]
    damaged = bytearray(content)
    damaged[end - 1] ^= 1
    chunks.check(start, bytes(damaged[start : end - 1]))
    chunks.check(start + 1, bytes(damaged[start + 1 : end]))
    with pytest.raises(WrongChecksum):
        chunks.check(start, bytes(damaged[start:end]))


def test_files_without_checksums_pass() -> None:
    content = bytearray(file_of(write_page_checksum=False, compression="none"))
    chunks = column_chunks(bytes(content))
    assert chunks is not None
    content[chunks.ends[0] - 1] ^= 1
    chunks.check(0, bytes(content))


def test_the_end_of_a_file() -> None:
    content = file_of()
    size = footer_bytes(content[-8:])
    assert size is not None and column_chunks(content[-size:]) == column_chunks(content)
    assert column_chunks(content[-size + 1 :]) is None
    assert footer_bytes(b"no Parquet") is None
    assert column_chunks(b"\x00" * 100 + content[-8:]) is None
