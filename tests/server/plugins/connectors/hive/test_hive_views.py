"""HiveQL of views: what means the same is taken over, what may mean something else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.hive import hive

from lodestar_server.plugins.connectors.hive.hive_views import hive_view, legacy_translation, translation
from lodestar_server.plugins.connectors.hive.types import TimestampPrecision
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import BIGINT, VARCHAR

NAME = SchemaTableName("default", "v")


def view(text: str) -> Table:
    columns = (HiveColumn("id", "bigint"), HiveColumn("name", "string", "who"))
    return Table(NAME, "alice", TableType.VIRTUAL_VIEW, columns, view_expanded_text=text)


@pytest.mark.parametrize(
    ("hive_text", "expected"),
    [
        ('SELECT `a`, `b``c`, `d"e` FROM `s`.`t`', 'SELECT "a", "b`c", "d""e" FROM "s"."t"'),
        ("SELECT \"it's\", 'x\\'y', 'tab\\t\\u0041\\101'", "SELECT 'it''s', 'x''y', 'tab\tAA'"),
        ("SELECT a FROM t WHERE b LIKE '50\\%'", "SELECT a FROM t WHERE b LIKE '50\\%'"),
    ],
)
def test_the_old_translation_changes_quotes(hive_text: str, expected: str) -> None:
    assert legacy_translation(hive_text) == expected


@pytest.mark.parametrize(("text", "what"), [("SELECT 'a", "string"), ("SELECT `a", "identifier")])
def test_texts_without_an_end(text: str, what: str) -> None:
    with pytest.raises(LodestarError) as caught:
        legacy_translation(text)
    assert caught.value.message == f"Error translating Hive view to Trino: unexpected end of input in {what}"


@pytest.mark.parametrize(
    ("hive_text", "expected"),
    [
        ("select `t`.`a` from `s`.`t` where a == 'x'", 'select "t"."a" from "s"."t" where a = \'x\''),
        ("SELECT nvl(a, 0) AS a, count(*) FROM t GROUP BY a", "SELECT coalesce(a, 0) AS a, count(*) FROM t GROUP BY a"),
        ("SELECT cast(a AS float), CAST(b AS DATE) FROM t", "SELECT cast(a AS real), CAST(b AS date) FROM t"),
        ("SELECT a FROM t WHERE a LIKE 'x%' AND (b IN (1, 2))", "SELECT a FROM t WHERE a LIKE 'x%' AND (b IN (1, 2))"),
        ("SELECT x.order FROM t x -- of old", "SELECT x.order FROM t x  "),
    ],
)
def test_what_means_the_same(hive_text: str, expected: str) -> None:
    assert translation(hive_text).rstrip() == expected.rstrip()


@pytest.mark.parametrize(
    ("hive_text", "reason"),
    [
        ("SELECT a / b FROM t", "'/'"),
        ("SELECT a % 2 FROM t", "'%'"),
        ("SELECT a[0] FROM t", "'['"),
        ("SELECT a <=> b FROM t", "operator <=>"),
        ("SELECT substr(a, 0) FROM t", "function substr"),
        ("SELECT a FROM t LATERAL VIEW explode(b) x AS y", "LATERAL"),
        ("SELECT a FROM t WHERE a RLIKE 'x'", "RLIKE"),
        ("SELECT a FROM t ORDER BY a", "ORDER"),
        ("SELECT 1L", "number 1L"),
        ("SELECT cast(a AS timestamp) FROM t", "CAST to timestamp"),
        ("SELECT cast(1.9 AS int)", "CAST to int"),
        ("SELECT a FROM t WHERE a LIKE '5\\%'", "LIKE with a pattern that may have an escape"),
        ("SELECT a FROM t WHERE a LIKE b", "LIKE with a pattern that may have an escape"),
        ("SELECT `f`(a) FROM t", "function `f`"),
    ],
)
def test_what_may_mean_something_else_is_refused(hive_text: str, reason: str) -> None:
    with pytest.raises(LodestarError) as caught:
        hive_view(view(hive_text), "c", legacy=False, as_invoker=False, precision=TimestampPrecision.MILLISECONDS)
    assert caught.value.code.name == "HIVE_VIEW_TRANSLATION_ERROR"
    assert caught.value.message == f"Failed to translate Hive view 'default.v': {reason}"


@pytest.mark.parametrize(("as_invoker", "owner"), [(False, "alice"), (True, None)])
def test_the_definition(as_invoker: bool, owner: str | None) -> None:
    precision = TimestampPrecision.MILLISECONDS
    made = hive_view(view("SELECT id, name FROM t"), "c", legacy=False, as_invoker=as_invoker, precision=precision)
    assert (made.catalog, made.schema, made.owner, made.run_as_invoker) == ("c", "default", owner, as_invoker)
    assert [(one.name, one.type, one.comment) for one in made.columns] == [
        ("id", BIGINT, None),
        ("name", VARCHAR, "who"),
    ]


def test_they_are_refused_unless_they_are_enabled(tmp_path: Path) -> None:
    for settings in ({}, {"hive.hive-views.enabled": "true"}):
        harness = hive(tmp_path, **settings)
        if not settings:
            harness.connector._metastore.create_table(view("SELECT `id`, name FROM t"), None, "alice")
        with harness.statement() as on:
            if settings:
                found = on.metadata.find_view(on.session, NAME)
                assert found is not None
                assert found.original_sql == 'SELECT "id", name FROM t'
            else:
                with pytest.raises(LodestarError) as caught:
                    on.metadata.find_view(on.session, NAME)
                assert caught.value.message == "Hive views are not supported: 'default.v'"
        harness.connector.shutdown()
