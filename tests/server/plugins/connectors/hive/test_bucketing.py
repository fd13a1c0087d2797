"""Buckets of values among 1009: those in which Trino puts them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.bucketing import BucketLayout, bucket_numbers
from lodestar_server.spi.types.text import parse_type
from lodestar_server.spi.types.values import values_to_arrow

NAN = float("nan")
WORDS = "a longer text of several words"

CASES: list[tuple[int, str, list[Any], list[int]]] = [
    (1, "boolean", [True, False, None], [1, 0, 0]),
    (1, "tinyint", [1, -128, 127], [1, 568, 127]),
    (1, "smallint", [-32_768, 300, -1], [216, 300, 695]),
    (1, "integer", [1, -1, 2**31 - 1, -(2**31), 123_456, None], [1, 695, 695, 0, 358, 0]),
    (1, "bigint", [-1, 2**63 - 1, 123_456_789_012], [0, 0, 387]),
    (1, "real", [1.5, -0.0, 0.0, NAN, 1e30], [457, 0, 0, 805, 228]),
    (1, "double", [1.5, 0.0, NAN, 1e300, -2.0], [740, 0, 79, 290, 348]),
    (1, "varchar", ["a", "", "abc", "abcd", "abcde", "żółw", WORDS, None], [97, 0, 499, 434, 438, 473, 989, 0]),
    (1, "varchar(10)", ["a", "", "żółw"], [128, 1, 736]),
    (1, "date", [19_782, -25_567, -1], [611, 354, 695]),
    (1, "array(integer)", [(1, 2), (), (None, -5)], [33, 0, 691]),
    (1, "map(varchar, integer)", [(("a", 1), ("b", 2)), (), (("c", None),)], [192, 0, 99]),
    (2, "boolean", [True, False, None], [1, 0, 0]),
    (2, "tinyint", [1, -128, 127], [1, 568, 127]),
    (2, "smallint", [1, -32_768, 300, -1], [546, 865, 571, 245]),
    (2, "integer", [1, -1, 2**31 - 1, -(2**31), 123_456, None], [613, 959, 253, 21, 198, 0]),
    (2, "bigint", [1, -1, 2**63 - 1, -(2**63), 123_456_789_012], [653, 399, 972, 898, 629]),
    (2, "real", [1.5, -0.0, 0.0, NAN, 1e30], [149, 647, 679, 3, 204]),
    (2, "double", [1.5, -0.0, 0.0, NAN, 1e300, -2.0], [502, 362, 739, 690, 815, 107]),
    (2, "varchar", ["a", "", "abc", "abcd", "abcde", "żółw", "ąęś", WORDS], [617, 878, 355, 69, 917, 208, 701, 1001]),
    (2, "varchar(10)", ["a", "", "żółw"], [617, 878, 208]),
    (2, "date", [19_782, -25_567, -1], [11, 512, 959]),
    (2, "array(varchar)", [("a", "żółw"), ()], [127, 0]),
    (2, "map(varchar, integer)", [(("a", 1), ("b", 2)), (), (("c", None),)], [342, 0, 441]),
]


@pytest.mark.parametrize(("version", "type_text", "values", "expected"), CASES)
def test_buckets(version: int, type_text: str, values: list[Any], expected: list[int]) -> None:
    type_ = parse_type(type_text)
    layout = BucketLayout(("a",), 1009, version)
    column = values_to_arrow(type_, [None, *values]).slice(1)
    assert bucket_numbers(layout, [(column, type_)]).tolist() == expected


def test_several_columns() -> None:
    integer = parse_type("integer")
    layout = BucketLayout(("a", "b"), 100, 1)
    columns = [(pa.array([1, -1, None], pa.int32()), integer), (pa.array([2, 3, 4], pa.int32()), integer)]
    assert bucket_numbers(layout, columns).tolist() == [33, (-28 % 2**32 & 0x7FFF_FFFF) % 100, 4]
