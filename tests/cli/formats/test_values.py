"""Values to text, as the official client prints them."""

import base64

import pytest
from tests.cli.formats.signatures import BIGINT, DOUBLE, VARBINARY, VARCHAR, array, mapping, plain, row

from lodestar.cli.formats.values import Column, json_text, plain_text, shown_text

BYTES = base64.b64encode(bytes(range(20))).decode()
FIRST = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"
SECOND = "10 11 12 13"

CASES = [
    (BIGINT, -9223372036854775808, "-9223372036854775808", "-9223372036854775808"),
    (plain("boolean"), True, "true", "true"),
    (DOUBLE, 1e10, "1.0E10", "1.0E10"),
    (DOUBLE, "NaN", "NaN", '"NaN"'),
    (plain("real"), 1.5, "1.5", "1.5"),
    (plain("decimal"), "1.10", "1.10", '"1.10"'),
    (VARCHAR, 'a"b\\c\n\x00\x1b', 'a"b\\c\n\x00\x1b', '"a\\"b\\\\c\\n\\u0000\\u001B"'),
    (plain("json"), '{"a":1}', '{"a":1}', '"{\\"a\\":1}"'),
    (plain("interval day to second"), "1 00:00:00.000", "1 00:00:00.000", '"1 00:00:00.000"'),
    (VARBINARY, BYTES, f"{FIRST}\n{SECOND}", f'"{FIRST} {SECOND}"'),
    (VARBINARY, "", "", '""'),
    (plain("HyperLogLog"), "AP9h", "00 ff 61", '"00 ff 61"'),
    (array(BIGINT), [1, None, 3], "[1, NULL, 3]", "[1,null,3]"),
    (array(VARBINARY), [BYTES], f"[{FIRST}\n{SECOND}]", f'["{FIRST} {SECOND}"]'),
    (mapping(VARCHAR, BIGINT), {"b": 1, "a": 2, "c": None}, "{a=2, b=1, c=NULL}", '{"b":1,"a":2,"c":null}'),
    (mapping(DOUBLE, VARCHAR), {"1.0E10": "c"}, "{1.0E10=c}", '{"1.0E10":"c"}'),
    (mapping(plain("boolean"), BIGINT), {"true": 1}, "{true=1}", '{"true":1}'),
    (row((None, BIGINT), (None, VARCHAR)), [1, None], "{1, NULL}", "[1,null]"),
    (row(("a", BIGINT), ("b", DOUBLE)), [1, 2.0], "{a=1, b=2.0}", '{"a":1,"b":2.0}'),
    (row(("a", BIGINT), ("a", BIGINT)), [1, 2], "{a=1, a=2}", "[1,2]"),
    (row(("a", array(row((None, BIGINT))))), [[[1]]], "{a=[{1}]}", '{"a":[[1]]}'),
    (plain("BingTile"), {"x": 1, "zoom": [True]}, "{x=1, zoom=[true]}", '{"x":1,"zoom":[true]}'),
]


@pytest.mark.parametrize(("signature", "value", "shown", "json"), CASES)
def test_value(signature, value, shown, json):
    column = Column("x", signature)
    assert shown_text(column)(value) == shown
    assert json_text(column)(value) == json


@pytest.mark.parametrize("signature", [BIGINT, VARBINARY, array(BIGINT), plain("unknown")])
def test_null(signature):
    column = Column("x", signature)
    assert shown_text(column)(None) == "NULL"
    assert plain_text(column)(None) == ""
    assert json_text(column)(None) == "null"


def test_bytes_in_files_are_one_line_unless_nested():
    assert plain_text(Column("x", VARBINARY))(BYTES) == f"{FIRST} {SECOND}"
    assert plain_text(Column("x", array(VARBINARY)))([BYTES]) == f"[{FIRST}\n{SECOND}]"


def test_numbers_stand_right():
    right = [
        raw for raw in ("bigint", "decimal", "real", "varchar", "date", "array") if Column("x", plain(raw)).numeric
    ]
    assert right == ["bigint", "decimal", "real"]
