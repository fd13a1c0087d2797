"""What stands in a statement once, however often a function names its argument."""

from __future__ import annotations

import pytest

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.lowering.repetition import once_each
from lodestar_server.execution.kernel.sql import Sql

SUBQUERY = sql.subquery_fragment("(SELECT max({0}) FROM t)", sql.name("a"))


def _times(made: Sql, text: str) -> int:
    return sql.render(made).count(text)


@pytest.mark.parametrize(
    "template",
    ["({0} + {0})", "trino_cube_root({0})", "abs(trino_cube_root({0}))"],
    ids=["named twice", "by a macro", "by a macro inside of a call"],
)
def test_a_subquery_is_computed_once(template: str) -> None:
    made = once_each(lambda value: sql.fragment(template, value), [SUBQUERY])
    assert _times(made, "SELECT max(a)") == 1
    assert _times(made, "list_transform") == 1


def test_what_is_named_once_stays_in_its_place() -> None:
    made = once_each(lambda value: sql.call("abs", value), [SUBQUERY])
    assert sql.render(made) == "abs((SELECT max(a) FROM t))"


def test_only_the_repeated_one_is_bound() -> None:
    other = sql.subquery_fragment("(SELECT min({0}) FROM t)", sql.name("b"))
    made = once_each(lambda one, two: sql.fragment("({0} + {0} + {1})", one, two), [SUBQUERY, other])
    assert _times(made, "SELECT max(a)") == 1
    assert _times(made, "SELECT min(b)") == 1


def test_columns_and_calls_are_repeated() -> None:
    value = sql.call("abs", sql.name("c1"))
    made = once_each(lambda one: sql.fragment("({0} + {0})", one), [value])
    assert sql.render(made) == "(abs(c1) + abs(c1))"
