"""Path text to tree, and the messages of texts that are none."""

from __future__ import annotations

import pytest

from lodestar_server.functions.jsonpath import PathSyntaxError, parse_path, tree
from lodestar_server.spi.types import BIGINT, DOUBLE, INTEGER, DecimalType

ROOT = tree.Context()
ITEM = tree.CurrentItem()
ONE = tree.Literal(INTEGER, 1)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("lax $", ROOT),
        ("lax $.a", tree.Member(ROOT, "a")),
        ('lax $."a ""b"', tree.Member(ROOT, 'a "b')),
        ("lax $.lax", tree.Member(ROOT, "lax")),
        ("lax $.type", tree.Member(ROOT, "type")),
        ("lax $.-", tree.Member(ROOT, "-")),
        ("lax $.type()", tree.Method(ROOT, tree.MethodName.TYPE)),
        ('lax $.datetime("x")', tree.Method(ROOT, tree.MethodName.DATETIME, "x")),
        ("lax $.*", tree.Member(ROOT, None)),
        ("lax $..a", tree.Descendant(ROOT, "a")),
        ("lax $[*]", tree.Elements(ROOT, ())),
        ("lax $[1, 1 to last]", tree.Elements(ROOT, ((ONE, None), (ONE, tree.Last())))),
        ("lax $name", tree.Variable("name")),
        ("lax 1.50", tree.Literal(DecimalType(3, 2), "1.50")),
        ("lax .5", tree.Literal(DecimalType(1, 1), ".5")),
        ("lax 1e2", tree.Literal(DOUBLE, 100.0)),
        ("lax 3000000000", tree.Literal(BIGINT, 3_000_000_000)),
        ("lax -1", tree.Literal(INTEGER, -1)),
        ("lax -$", tree.Signed(True, ROOT)),
        (
            "lax 1 + 1 * 1",
            tree.Arithmetic("+", ONE, tree.Arithmetic("*", ONE, ONE)),
        ),
        ("lax (1 + 1) * 1", tree.Arithmetic("*", tree.Arithmetic("+", ONE, ONE), ONE)),
        ("lax $ ? (@ != 1)", tree.Filter(ROOT, tree.Comparison("<>", ITEM, ONE))),
        ("lax $ ? ((@) == 1)", tree.Filter(ROOT, tree.Comparison("==", ITEM, ONE))),
        ("lax $ ? ((@ == 1) is unknown)", tree.Filter(ROOT, tree.IsUnknown(tree.Comparison("==", ITEM, ONE)))),
        ("lax $ ? (!exists(@))", tree.Filter(ROOT, tree.Negation(tree.Exists(ITEM)))),
        (
            "lax $ ? (exists(@) || exists(@) && exists(@))",
            tree.Filter(
                ROOT, tree.Disjunction(tree.Exists(ITEM), tree.Conjunction(tree.Exists(ITEM), tree.Exists(ITEM)))
            ),
        ),
        ("lax $ ? (@ starts with $p)", tree.Filter(ROOT, tree.StartsWith(ITEM, tree.Variable("p")))),
    ],
)
def test_reads(text: str, root: tree.Node) -> None:
    assert parse_path(text) == tree.JsonPath(True, root)


def test_mode() -> None:
    assert parse_path("strict $") == tree.JsonPath(False, ROOT)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 0, "mismatched input '<EOF>' expecting {'lax', 'strict'}"),
        ("$", 0, "missing {'lax', 'strict'} at '$'"),
        ("lax $.", 6, "no viable alternative at input '.'"),
        ("lax $[*", 7, "missing ']' at '<EOF>'"),
        ("lax $ ? @ > 1", 8, "missing '(' at '@'"),
        ("lax $ b", 6, "extraneous input 'b' expecting <EOF>"),
        ("lax $ b c", 6, "mismatched input 'b' expecting {<EOF>, '+', '*', '/', '%', '.', '..', '[', '?', '-'}"),
        ("lax $ ? (@ = 1)", 11, "no viable alternative at input '@ ='"),
        ("lax $[1 2]", 8, "extraneous input '2' expecting {',', ']'}"),
        ("lax -3)", 6, "no viable alternative at input '-3)'"),
    ],
)
def test_refuses(text: str, column: int, message: str) -> None:
    with pytest.raises(PathSyntaxError) as refused:
        parse_path(text)
    assert (refused.value.line, refused.value.column, str(refused.value)) == (1, column, message)


def test_place_on_a_later_line() -> None:
    with pytest.raises(PathSyntaxError) as refused:
        parse_path("lax $.a\n  b")
    assert (refused.value.line, refused.value.column) == (2, 2)


@pytest.mark.parametrize("text", ["lax " + "(" * 5000 + "$", "lax $" + ".a" * 5000, "lax " + "-" * 5000 + "$"])
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(PathSyntaxError, match="stack overflow"):
        parse_path(text)
