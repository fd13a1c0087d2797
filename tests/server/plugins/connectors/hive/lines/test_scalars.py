"""Texts that stand for values, and those that do not: answers of Trino for text files."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.lines.scalars import parse
from lodestar_server.spi.types.text import parse_type
from lodestar_server.spi.types.values import arrow_to_values

SECOND = 10**12
MOMENT = 1_709_210_096  # 2024-02-29 12:34:56


@pytest.mark.parametrize(
    ("type_text", "cases"),
    [
        (
            "tinyint",
            {"1": 1, "-128": -128, "128": None, "+5": 5, "1.9": 1, "-1.9": -1, "007": 7, "": None, "1.x": None},
        ),
        ("smallint", {"32768": None, " 5": None, "5 ": None, "1.": 1, "+": None, "-": None}),
        ("integer", {"2147483648": None, ".5": 0, "0x10": None, "-0": 0, "1e3": None}),
        ("bigint", {"9223372036854775807": 2**63 - 1, "9223372036854775808": None, "0" * 30 + "1": 1}),
        ("boolean", {"true": True, "FALSE": False, "t": None, "1": None, " true": None, "": None}),
        (
            "double",
            {"+1.5": 1.5, "nan": None, "1e400": float("inf"), "1.5d": 1.5, "0x1p3": 8.0, " 1.5 ": 1.5, "": None},
        ),
        ("double", {".5": 0.5, "5.": 5.0, "1e": None, "-Infinity": float("-inf"), "inf": None, "1E+5": 1e5}),
        ("real", {"16777217": 16777216.0, "3.4028235e39": float("inf"), "1.5f": 1.5}),
        ("decimal(5,2)", {"1": 100, "-1.555": -156, "1.005": 101, "99999": None, "1e2": 10000, " 1": None, ".5": 50}),
        ("decimal(38,2)", {"999.995": 100000, "-0.001": 0, "abc": None, "": None}),
        ("date", {"2023-02-29": 19417, "2024-1-5": 19727, "2024-13-01": 20089, " 2024-02-29 12:00": 19782, "": None}),
        ("date", {"-0044-03-15": -735525, "24-01-01": -710762, "2024-02-29T01:00:00": None, "2024/01/01": None}),
        ("timestamp(3)", {"2024-02-29 12:34:56.1235": MOMENT * SECOND + 124 * 10**9, "2024-02-29": None}),
        ("timestamp(3)", {"2024-02-29T12:34:56": MOMENT * SECOND, "2024-2-29 12:34:56": MOMENT * SECOND, "x": None}),
        ("timestamp(3)", {"2024-02-28 36:34:56": MOMENT * SECOND, "2024-02-29 12:34": None}),
        ("timestamp(9)", {"2024-02-29 12:34:56.123456789": MOMENT * SECOND + 123_456_789_000}),
        ("varchar(3)", {"żółwik": "żół", "": ""}),
        ("char(3)", {"a  b": "a", "  ": ""}),
        ("varbinary", {"YWJj": b"abc", "YWJ": b"ab", "YW=": b"a", "!!": b"!!", "YW Jj": b"abc", "": b""}),
    ],
)
def test_texts(type_text: str, cases: dict[str, Any]) -> None:
    type_ = parse_type(type_text)
    expected = [None, *cases.values()]
    texts = [None, *(text.encode() for text in cases)]
    assert arrow_to_values(type_, parse(pa.array(texts, pa.binary()), type_)) == expected
    for text, value in cases.items():
        alone = parse(pa.array([text]), type_)
        assert arrow_to_values(type_, alone) == [value]


@pytest.mark.parametrize("type_text", ["integer", "boolean", "double", "decimal(5,2)", "date", "timestamp(3)"])
def test_strict(type_text: str) -> None:
    with pytest.raises(ValueError, match=r"nothing|boolean"):
        parse(pa.array(["nothing"]), parse_type(type_text), lenient=False)


def test_bytes_that_are_no_text() -> None:
    assert parse(pa.array([b"a\xff"], pa.binary()), parse_type("varchar")).to_pylist() == ["a\ufffd"]
