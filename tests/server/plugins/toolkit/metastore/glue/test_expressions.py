from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.metastore.glue.expressions import MOST_CHARACTERS, partition_expression
from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts


@pytest.mark.parametrize(
    ("wanted", "expression"),
    [
        ((("x",), None), "(p = 'x')"),
        ((("x", "y z"), ("1",)), "(p in ('x', 'y z')) AND (q = '1')"),
        ((None, None), ""),
        ((("it's",), ("1",)), "(q = '1')"),
        ((("back\\slash",), None), ""),
    ],
)
def test_conditions(wanted: PartitionTexts, expression: str) -> None:
    assert partition_expression(["p", "q"], wanted) == expression


def test_words_that_the_parser_keeps_for_itself() -> None:
    assert partition_expression(["Date", "order"], (("x",), ("y",))) == "(Date = 'x')"


def test_what_is_too_long_is_left_out() -> None:
    many = tuple(f"a rather long value {number}" for number in range(100))
    assert partition_expression(["p", "q"], (many, ("1",))) == "(q = '1')"
    assert len(partition_expression(["p", "q"], (("x" * (MOST_CHARACTERS - 8),), None))) == MOST_CHARACTERS
