"""Blocks of encoded rows: as fastavro cuts them."""

from __future__ import annotations

import io

import fastavro
import pyarrow as pa
import pytest

from lodestar_server.plugins.toolkit import avro_encoding as avro
from lodestar_server.plugins.toolkit.avro_files import AvroBlocks

_SCHEMA = {"type": "record", "name": "t", "fields": [{"name": "c", "type": ["null", "string"], "default": None}]}


def _file(write, codec, block_bytes, values):
    target = io.BytesIO()
    write(target, codec, block_bytes, values)
    content = target.getvalue()
    return content.replace(content[-16:], b"sixteen bytes...")


def _ours(target, codec, block_bytes, pages):
    blocks = AvroBlocks(target, _SCHEMA, codec, block_bytes, {"k": "v"})
    for page in pages:
        for some in avro.rows([avro.texts(avro.Optional())], pa.RecordBatch.from_arrays([pa.array(page)], ["c"])):
            blocks.write(some)
    blocks.close()


def _theirs(target, codec, block_bytes, pages):
    records = [{"c": one} for page in pages for one in page]
    fastavro.writer(target, _SCHEMA, records, codec=codec, sync_interval=block_bytes, metadata={"k": "v"})


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard"])
@pytest.mark.parametrize("block_bytes", [1, 50, 4000])
def test_files_are_the_same(codec, block_bytes):
    pages = [["a" * (n % 40) for n in range(100)], ["only one"], ["x" * 9000, "", "y"], ["b"] * 300]
    assert _file(_ours, codec, block_bytes, pages) == _file(_theirs, codec, block_bytes, pages)


def test_a_file_without_rows_has_its_header():
    target = io.BytesIO()
    AvroBlocks(target, _SCHEMA, "null", 100).close()
    assert list(fastavro.reader(io.BytesIO(target.getvalue()))) == []


def test_what_waits_for_its_block():
    blocks = AvroBlocks(io.BytesIO(), _SCHEMA, "null", 100)
    rows = avro.rows([avro.texts(None)], pa.RecordBatch.from_arrays([pa.array(["abc"] * 10)], ["c"]))[0]
    blocks.write(rows)
    assert blocks.held_bytes == 40
    blocks.write(rows)
    assert blocks.held_bytes == 80
    blocks.write(rows)
    assert blocks.held_bytes == 20


def test_codecs_that_are_none():
    with pytest.raises(ValueError, match="codec"):
        AvroBlocks(io.BytesIO(), _SCHEMA, "lzo", 100)
