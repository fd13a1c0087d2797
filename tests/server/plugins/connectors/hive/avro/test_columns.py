"""Files of whole columns are those of single rows; schemas that are not the table's own go row by row."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.avro.columns import column_encoders
from lodestar_server.plugins.connectors.hive.avro.schemas import schema_of
from lodestar_server.plugins.connectors.hive.avro.writing import AvroFileWriter
from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.spi.types.text import parse_type
from lodestar_server.spi.types.values import values_to_arrow

_COLUMNS: dict[str, list[Any]] = {
    "boolean": [True, False, None],
    "integer": [-1, 2**31 - 1, None],
    "bigint": [-(2**63), 300, None],
    "real": [1.5, -0.0, None],
    "double": [1e-300, 2.0, None],
    "varchar": ["", "żółw", None],
    "varchar(9)": ["abc", "x", None],
    "char(4)": ["ab", "żó", None],
    "varbinary": [b"\x00", b"", None],
    "decimal(5,2)": [-12345, 128, None],
    "decimal(38,0)": [-128, 10**38 - 1, None],
    "date": [-1, 20_000, None],
    "timestamp(3)": [-1_000_000_000, 1_500_000_000, None],
    "timestamp(6)": [-500_000_000, 499_999_000_000, None],
    "timestamp(9)": [-500_000_001, 499_999_999_000, None],
    "array(integer)": [(1, None), (), None],
    "map(varchar, timestamp(3))": [(("k", None), ("l", 10**9)), (), None],
    "row(a decimal(9,1), b array(row(c char(2))))": [(-5, ((("x",)), None)), (None, ()), None],
}


def _file(names: list[str], types: list[Any], page: pa.RecordBatch, schema: Any, *, columns: bool) -> bytes:
    target = io.BytesIO()
    writer = AvroFileWriter(target, names, types, CompressionCodec.NONE, schema, "q")
    if not columns:
        writer._encoders = None
    for start in range(page.num_rows):
        writer.write(page.slice(start, 1))
    writer.write(page)
    writer.close()
    content = target.getvalue()
    return content.replace(content[-16:], b"")


def test_the_same_bytes() -> None:
    types = [parse_type(one) for one in _COLUMNS]
    names = [f"c{place}" for place in range(len(types))]
    arrays = [values_to_arrow(type_, values) for type_, values in zip(types, _COLUMNS.values(), strict=True)]
    page = pa.RecordBatch.from_arrays(arrays, names)
    assert column_encoders(schema_of(list(zip(names, types, strict=True))), names, types) is not None
    assert _file(names, types, page, None, columns=True) == _file(names, types, page, None, columns=False)


@pytest.mark.parametrize(
    ("type_", "schema", "known"),
    [
        ("bigint", ["null", "long"], True),
        ("bigint", ["long", "null"], True),
        ("bigint", "long", False),
        ("bigint", ["null", "int"], False),
        ("bigint", ["null", "long", "string"], False),
        ("varchar", ["null", {"type": "enum", "name": "e", "symbols": ["a"]}], False),
        ("varchar", ["null", {"type": "string", "avro.java.string": "String"}], True),
        ("date", ["null", "int"], False),
        ("decimal(9,2)", ["null", {"type": "fixed", "name": "f", "size": 4, "logicalType": "decimal"}], False),
        ("timestamp(3)", ["null", {"type": "long", "logicalType": "timestamp-micros"}], False),
        ("array(bigint)", ["null", {"type": "array", "items": "long"}], False),
        ("map(varchar, bigint)", ["null", {"type": "map", "values": ["null", "long"]}], True),
    ],
)
def test_which_schemas_are_known(type_: str, schema: Any, known: bool) -> None:
    record = {"type": "record", "name": "r", "fields": [{"name": "c", "type": schema}]}
    assert (column_encoders(record, ["c"], [parse_type(type_)]) is not None) == known
    assert column_encoders(record, ["d"], [parse_type(type_)]) is None


def test_rows_of_another_schema() -> None:
    fields = [{"name": "b", "type": "string"}, {"name": "a", "type": ["null", "long"]}]
    schema = {"type": "record", "name": "r", "fields": fields}
    types = [parse_type("bigint"), parse_type("varchar")]
    page = pa.RecordBatch.from_arrays([pa.array([1, None], pa.int64()), pa.array(["x", "y"])], ["a", "b"])
    content = _file(["a", "b"], types, page, schema, columns=True)
    assert content.endswith(b"\x02x\x02\x02\x02y\x00")
