"""Pages to the very bytes of lines, NULLs and marks in every place."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.lines.writing import line_encoder
from lodestar_server.spi.types import VARCHAR, DecimalType

TEXTS = [["a", "", 'q"x'], ["b,\n", None, "c"]]
"""By row."""
MARKS = {"separatorChar": ";", "quoteChar": "'", "escapeChar": "\\"}


def encoded(form: StorageFormat, rows: list[list[str | None]], properties: dict[str, str] | None = None) -> bytes:
    columns = [pa.array(one, pa.string()) for one in zip(*rows, strict=True)]
    # A page that begins within its buffers.
    padded = [pa.concat_arrays([pa.array(["before"]), one, pa.array(["behind"])]).slice(1, len(one)) for one in columns]
    names = [f"c{i}" for i in range(len(columns))]
    encoder = line_encoder(form, names, [VARCHAR] * len(names), properties or {})
    return bytes(encoder.encode(pa.RecordBatch.from_arrays(padded, names)))


@pytest.mark.parametrize(
    ("form", "properties", "lines"),
    [
        (StorageFormat.CSV, {}, b'"a","","q""x"\n"b,\n",,"c"\n'),
        (StorageFormat.CSV, MARKS, b"'a';'';'q\"x'\n'b,\n';;'c'\n"),
        (StorageFormat.TEXTFILE, {}, b'a\x01\x01q"x\nb,\n\x01\\N\x01c\n'),
        (StorageFormat.JSON, {}, b'{"c0":"a","c1":"","c2":"q\\"x"}\n{"c0":"b,\\n","c1":null,"c2":"c"}\n'),
        (StorageFormat.OPENX_JSON, {}, b'{"c0":"a","c1":"","c2":"q\\"x"}\n{"c0":"b,\\n","c2":"c"}\n'),
    ],
)
def test_lines(form: StorageFormat, properties: dict[str, str], lines: bytes) -> None:
    assert encoded(form, [list(one) for one in TEXTS], properties) == lines


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["a"], ["b"]], b'"a"\n"b"\n'),
        ([[None], ["b"]], b'\n"b"\n'),
        ([["a", None]], b'"a",\n'),
        ([[None, "a"]], b',"a"\n'),
        ([['"', "a"], ["b", '""']], b'"""","a"\n"b",""""""\n'),
    ],
)
def test_csv(rows: list[list[str | None]], lines: bytes) -> None:
    assert encoded(StorageFormat.CSV, rows) == lines


@pytest.mark.parametrize("form", [StorageFormat.JSON, StorageFormat.OPENX_JSON])
def test_json_without_nulls(form: StorageFormat) -> None:
    assert encoded(form, [["a", "\\\x01"]]) == b'{"c0":"a","c1":"\\\\\\u0001"}\n'


@pytest.mark.parametrize(("scale", "text"), [(6, b"-0.000001"), (7, b"0.0000001"), (9, b"0.000000001")])
def test_small_decimals_have_no_exponent(scale: int, text: bytes) -> None:
    values = pa.array([Decimal(text.decode())], pa.decimal128(20, scale))
    encoder = line_encoder(StorageFormat.TEXTFILE, ["d"], [DecimalType(20, scale)], {})
    assert bytes(encoder.encode(pa.RecordBatch.from_arrays([values], ["d"]))) == text + b"\n"
