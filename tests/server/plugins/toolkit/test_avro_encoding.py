"""What is encoded column by column has the bytes that fastavro gives row by row."""

from __future__ import annotations

import io
import random
from decimal import Decimal

import fastavro
import numpy as np
import pyarrow as pa
import pytest

from lodestar_server.plugins.toolkit import avro_encoding as avro
from lodestar_server.plugins.toolkit.avro_encoding import Optional, floored, rows

_OTHER = Optional(1)
_NULLABLE = Optional()
_EDGES = [0, -1, 1, 63, 64, -64, -65, 8191, 8192, 2**31 - 1, -(2**31), 2**62, -(2**62), 2**63 - 1, -(2**63)]


def _expected(schema, records):
    parsed = fastavro.parse_schema({"type": "record", "name": "t", "fields": [{"name": "c", "type": schema}]})
    found = []
    for record in records:
        target = io.BytesIO()
        fastavro.schemaless_writer(target, parsed, {"c": record})
        found.append(target.getvalue())
    return found


def _encoded(encoder, values):
    page = pa.RecordBatch.from_arrays([values], ["c"])
    return [one for some in rows([encoder], page) for one in some.to_pylist()]


def _null(schema):
    return ["null", schema]


_SCALARS = [
    ("int", pa.int32(), avro.longs, [one for one in _EDGES if -(2**31) <= one < 2**31]),
    ("long", pa.int64(), avro.longs, _EDGES),
    ("boolean", pa.bool_(), avro.booleans, [True, False]),
    ("float", pa.float32(), avro.floats, [0.0, -0.0, 1.5, float("inf"), float("-inf")]),
    ("double", pa.float64(), avro.floats, [0.0, -0.0, 1e300, float("-inf")]),
    ("string", pa.string(), avro.texts, ["", "a", "żółw", "x" * 63, "x" * 64, "y" * 10_000]),
    ("bytes", pa.binary(), avro.texts, [b"", b"\x00", b"z" * 200]),
    ({"type": "fixed", "name": "f", "size": 3}, pa.binary(), avro.blocks, [b"abc", b"\x00\x00\x00"]),
]


@pytest.mark.parametrize(("schema", "type_", "make", "values"), _SCALARS, ids=[str(one[0]) for one in _SCALARS])
def test_scalars_with_and_without_null(schema, type_, make, values):
    assert _encoded(make(None), pa.array(values, type_)) == _expected(schema, values)
    assert _encoded(make(_NULLABLE), pa.array(values, type_)) == _expected(_null(schema), values)
    mixed = [None, *values, None, values[0]]
    assert _encoded(make(_NULLABLE), pa.array(mixed, type_)) == _expected(_null(schema), mixed)
    assert _encoded(make(_OTHER), pa.array(mixed, type_)) == _expected([schema, "null"], mixed)
    sliced = pa.array(mixed, type_).slice(1, len(values))
    assert _encoded(make(_NULLABLE), sliced) == _expected(_null(schema), values)
    assert _encoded(make(_NULLABLE), pa.array([None, None], type_)) == [b"\x00", b"\x00"]
    assert _encoded(make(_NULLABLE), pa.array([], type_)) == []


@pytest.mark.parametrize("precision", [1, 2, 3, 9, 18, 19, 38])
def test_decimals_are_as_short_as_java_has_them(precision):
    most = 10**precision - 1
    numbers = [0, 1, -1, most, -most, *(one for one in (127, 128, -128, -129, 255, 256) if abs(one) <= most)]
    values = pa.array([*(Decimal(one) for one in numbers), None], pa.decimal128(precision, 0))
    expected = []
    for one in numbers:
        length = (one if one >= 0 else ~one).bit_length() // 8 + 1
        expected.append(bytes((2, 2 * length)) + one.to_bytes(length, "big", signed=True))
    assert _encoded(avro.decimals(_NULLABLE), values) == [*expected, b"\x00"]
    assert _encoded(avro.decimals(None), values.slice(1, 2)) == [one[1:] for one in expected[1:3]]


@pytest.mark.parametrize(("precision", "size"), [(2, 1), (9, 4), (18, 8), (38, 16)])
def test_decimals_of_one_length(precision, size):
    numbers = [0, 10**precision - 1, -(10**precision) + 1, -1]
    values = pa.array([*(Decimal(one) for one in numbers), None], pa.decimal128(precision, 0))
    expected = [b"\x02" + one.to_bytes(size, "big", signed=True) for one in numbers]
    assert _encoded(avro.decimals(_NULLABLE, size), values) == [*expected, b"\x00"]


def _nested():
    inner = {
        "type": "record",
        "name": "r",
        "fields": [
            {"name": "a", "type": _null("long")},
            {"name": "b", "type": _null({"type": "array", "items": _null("string")})},
            {"name": "m", "type": _null({"type": "map", "values": _null("double")})},
        ],
    }
    type_ = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string())), ("m", pa.map_(pa.string(), pa.float64()))])
    encoder = avro.records(
        (
            avro.longs(_NULLABLE),
            avro.arrays(avro.texts(_NULLABLE), _NULLABLE),
            avro.maps(avro.texts(None), avro.floats(_NULLABLE), _NULLABLE),
        ),
        _NULLABLE,
    )
    outer = {"type": "array", "items": _null(inner)}
    return _null(outer), pa.list_(type_), avro.arrays(encoder, _NULLABLE)


def _random(chance, make):
    return None if chance.random() < 0.2 else make()


def _items(chance, make):
    return [_random(chance, make) for _ in range(chance.choice((0, 0, 1, 2, 70)))]


def test_nested_values_of_any_shape():
    schema, type_, encoder = _nested()
    chance = random.Random(476)

    def record():
        return {
            "a": _random(chance, lambda: chance.choice(_EDGES)),
            "b": _random(chance, lambda: _items(chance, lambda: "ü" * chance.randrange(80))),
            "m": _random(chance, lambda: {f"k{i}": one for i, one in enumerate(_items(chance, chance.random))}),
        }

    values = [_random(chance, lambda: _items(chance, record)) for _ in range(60)]
    shown = [
        one
        and [
            item and {**item, "m": None if item["m"] is None else list(item["m"].items())}
            for item in one
        ]
        for one in values
    ]  # fmt: skip
    array = pa.array(shown, type_)
    expected = _expected(schema, values)
    assert _encoded(encoder, array) == expected
    assert _encoded(encoder, array.slice(17, 30)) == expected[17:47]
    assert _encoded(encoder, array.slice(60)) == []


def test_lists_that_are_null_but_not_empty():
    offsets = pa.array([0, 2, 3], pa.int32())
    found = pa.ListArray.from_arrays(offsets, pa.array([1, 2, 3], pa.int64()), mask=pa.array([True, False]))
    expected = _expected(_null({"type": "array", "items": "long"}), [None, [3]])
    assert _encoded(avro.arrays(avro.longs(None), _NULLABLE), found) == expected


def test_rows_are_the_columns_one_after_another(monkeypatch):
    monkeypatch.setattr(avro, "_MOST_BYTES", 200)
    page = pa.RecordBatch.from_arrays([pa.array(np.arange(100)), pa.array(["x"] * 99 + [None])], ["a", "b"])
    parts = rows([avro.longs(_NULLABLE), avro.texts(_NULLABLE)], page)
    assert len(parts) > 1
    found = [one for some in parts for one in some.to_pylist()]
    assert found[0] == b"\x02\x00\x02\x02x"
    assert found[99] == b"\x02\xc6\x01\x00"
    assert len(found) == 100


def test_division_rounds_down():
    values = pa.array([-1, 0, None, 1999, -1000, -1001], pa.int64())
    assert floored(values, 1000).to_pylist() == [-1, 0, None, 1, -1, -2]
