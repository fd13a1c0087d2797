"""Paths over values: lax and strict, arithmetic, predicates with three values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lodestar_server.execution.kernel.functions.python.jsonpath.arithmetic import PathFault
from lodestar_server.execution.kernel.functions.python.jsonpath.evaluator import compile_path
from lodestar_server.execution.kernel.functions.python.jsonpath.items import Typed, read_json, write_json
from lodestar_server.functions.jsonpath import parse_path
from lodestar_server.spi.types import BIGINT, DOUBLE, INTEGER, VARCHAR, DecimalType, VarcharType

DOCUMENT = {"a": 1, "b": [1, 2, 3], "c": {"d": "x", "e": None}}


def run(path: str, context: Any = DOCUMENT, **variables: list[Any]) -> list[Any]:
    return compile_path(parse_path(path))(context, variables)


@pytest.mark.parametrize(
    ("path", "items"),
    [
        ("lax $.a", [1]),
        ("lax $.nope", []),
        ("lax $.b[0, last]", [1, 3]),
        ("lax $.b[1 to 9]", [2, 3]),
        ("lax $.b[2 to 1]", []),
        ("lax $.a[0]", [1]),
        ("lax $.c.*", ["x", None]),
        ("lax $..d", ["x"]),
        ("lax $.b ? (@ > 1)", [2, 3]),
        ('lax $.b ? (@ > "x")', []),
        ("strict $.b ? (@ > 1)", []),
        ("lax $.c ? (@.e == null)", [{"d": "x", "e": None}]),
        ("lax $.b.size()", [Typed(INTEGER, 3)]),
        ("lax $.a.type()", [Typed(VarcharType(27), "number")]),
        ("lax $.c.keyvalue()", [{"name": "d", "value": "x", "id": 0}, {"name": "e", "value": None, "id": 0}]),
        ("lax $.a + 2", [Typed(INTEGER, 3)]),
        ("lax $.a + 3000000000", [Typed(BIGINT, 3_000_000_001)]),
        ("lax $.a / 4.0", [Typed(DecimalType(12, 1), Decimal("0.3"))]),
        ("lax -7 / 2", [Typed(INTEGER, -3)]),
        ("lax -7 % 2", [Typed(INTEGER, -1)]),
        ("lax 7e0 / 2", [Typed(DOUBLE, 3.5)]),
    ],
)
def test_items(path: str, items: list[Any]) -> None:
    assert run(path) == items


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("strict $.nope", "structural error: missing member 'nope' in JSON object"),
        ("strict $.a[0]", "invalid item type. Expected: ARRAY, actual: NUMBER"),
        ("strict $.b[3]", "structural error: invalid array subscript: [3, 3] for array of size 3"),
        ("lax $.b + 1", "arithmetic binary expression requires singleton operands"),
        ("lax $.c.d.abs()", "invalid item type. Expected: NUMBER, actual: STRING"),
        ("lax 2147483647 + $.a", ""),
        ("lax $.a / 0", ""),
        ("lax last", "accessing the last array index with no enclosing array"),
    ],
)
def test_faults(path: str, fault: str) -> None:
    with pytest.raises(PathFault) as raised:
        run(path)
    assert str(raised.value) == fault


def test_variables() -> None:
    assert run("lax $.b ? (@ == $x)", x=[Typed(INTEGER, 2)]) == [2]
    assert run("lax $x", x=[]) == []


@pytest.mark.parametrize(
    ("text", "value"), [("", None), ('{"a":1} tail', {"a": 1}), ("[1, 2.0]", [1, 2.0]), ("true]", True)]
)
def test_reads_the_first_value(text: str, value: Any) -> None:
    assert read_json(text) == value


@pytest.mark.parametrize("text", ["x", '{"a"', "1x", "01", "truex", "NaN", "[" * 100_000])
def test_malformed_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(text)


def test_writes() -> None:
    value = {"b": 1e10, "a": ["😀", Typed(DecimalType(3, 2), Decimal("1.50")), Typed(VARCHAR, "é")]}
    assert write_json(value) == '{"b":1.0E10,"a":["\\uD83D\\uDE00",1.50,"é"]}'
    assert write_json("😀", escape_pairs=False) == '"😀"'
