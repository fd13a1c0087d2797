"""Statements and expressions as Trino reads them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    all_,
    any_,
    column,
    delete,
    exc,
    extract,
    func,
    insert,
    literal,
    select,
    tablesample,
    try_cast,
    tuple_,
    update,
    values,
)

from sqlalchemy_lodestar import ARRAY, IPADDRESS, MAP, ROW, explain

t = Table(
    "t",
    MetaData(),
    Column("id", Integer),
    Column("n", String),
    Column("b", Boolean),
    Column("d", Numeric(10, 2)),
    Column("j", JSON),
    Column("a", ARRAY(Integer)),
    Column("m", MAP(String, Integer)),
    Column("r", ROW([("x", Integer), ("b c", String)])),
)


def test_offset_comes_before_limit(compiled):
    assert compiled(select(t.c.id).limit(5).offset(2)) == "SELECT t.id FROM t OFFSET ? LIMIT ?"


def test_fetch_first(compiled):
    assert compiled(select(t.c.id).fetch(5, with_ties=True).offset(2)) == (
        "SELECT t.id FROM t OFFSET ? ROWS FETCH FIRST ? ROWS WITH TIES"
    )
    with pytest.raises(exc.CompileError, match="PERCENT"):
        compiled(select(t.c.id).fetch(5, percent=True))


def test_rows_are_not_locked(compiled):
    assert compiled(select(t.c.id).with_for_update()) == "SELECT t.id FROM t"


def test_parameters_of_a_grouping_are_literals(compiled):
    first = func.substr(t.c.n, 1, 2)
    query = select(first, func.count()).where(t.c.n != "it's").group_by(first)
    assert compiled(query, executed=True) == (
        "SELECT substr(t.n, 1, 2) AS substr_1, count(*) AS count_1 FROM t "
        "WHERE t.n != 'it''s' GROUP BY substr(t.n, 1, 2)"
    )
    assert compiled(select(t.c.id).where(t.c.n == "x")) == "SELECT t.id FROM t WHERE t.n = ?"
    assert compiled(select(t.c.n + "x").distinct().order_by(t.c.n + "x"), executed=True).count("'x'") == 2


def test_only_the_select_that_groups_has_literals(compiled):
    inner = select(t.c.id, t.c.n).where(t.c.n == "y").subquery()
    length = func.length(inner.c.n + "x")
    assert compiled(select(length).group_by(length), executed=True).count("?") == 1


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (t.c.id / 2, "t.id / CAST(? AS DOUBLE)"),
        (t.c.d / 2, "t.d / ?"),
        (t.c.id // 2, "t.id / ?"),
        (t.c.id % 2, "t.id % ?"),
        (t.c.id.bitwise_and(1), "bitwise_and(t.id, ?)"),
        (t.c.id.bitwise_or(1), "bitwise_or(t.id, ?)"),
        (t.c.id.bitwise_xor(1), "bitwise_xor(t.id, ?)"),
        (t.c.id.bitwise_not(), "bitwise_not(t.id)"),
        (t.c.id.bitwise_lshift(1), "bitwise_left_shift(t.id, ?)"),
        (t.c.id.bitwise_rshift(1), "bitwise_right_shift_arithmetic(t.id, ?)"),
        (t.c.n.regexp_match("a"), "regexp_like(t.n, ?)"),
        (t.c.n.regexp_match("a", flags="i"), "regexp_like(t.n, '(?i)' || ?)"),
        (~t.c.n.regexp_match("a"), "NOT regexp_like(t.n, ?)"),
        (t.c.n.regexp_replace("a", "b"), "regexp_replace(t.n, ?, ?)"),
        (t.c.n.ilike("A%"), "lower(t.n) LIKE lower(?)"),
        (t.c.n.contains("a", autoescape=True), "(t.n LIKE '%' || ? || '%' ESCAPE '/')"),
        (t.c.n + "x", "t.n || ?"),
        (t.c.n.is_distinct_from(None), "t.n IS DISTINCT FROM NULL"),
        (try_cast(t.c.n, Integer), "TRY_CAST(t.n AS INTEGER)"),
        (func.char_length(t.c.n), "length(t.n)"),
        (t.c.b.is_(None), "t.b IS NULL"),
        (t.c.b.is_not(None), "t.b IS NOT NULL"),
        (t.c.b.is_(True), "t.b IS NOT DISTINCT FROM true"),
        (t.c.b.is_not(False), "t.b IS DISTINCT FROM false"),
        (any_(t.c.a) == 2, "any_match(t.a, item -> ? = item)"),
        (all_(t.c.a) > 2, "all_match(t.a, item -> ? < item)"),
        (extract("epoch", t.c.n), "to_unixtime(t.n)"),
        (extract("year", t.c.n), "EXTRACT(year FROM t.n)"),
        (t.c.j["a"], "json_extract(t.j, ?)"),
        (t.c.j["a"][1].as_string(), "json_extract_scalar(json_extract(t.j, ?), ?)"),
        (t.c.j[("a", 1)].as_integer(), "CAST(json_extract_scalar(t.j, ?) AS INTEGER)"),
        (t.c.a[1], "element_at(t.a, ?)"),
        (t.c.a[1:2], "slice(t.a, ?, ? - ? + 1)"),
        (t.c.a.contains(1), "contains(t.a, ?)"),
        (t.c.a.overlap([1]), "arrays_overlap(t.a, ?)"),
        (t.c.a.length(), "cardinality(t.a)"),
        (t.c.m["k"], "element_at(t.m, ?)"),
        (t.c.m.keys(), "map_keys(t.m)"),
        (t.c.r["x"], "t.r.x"),
        (t.c.r["b c"], 't.r."b c"'),
        (t.c.r[1], "t.r[1]"),
    ],
)
def test_expressions(compiled, expression, text):
    assert compiled(select(expression.label("it"))) == f"SELECT {text} AS it FROM t"


def test_arguments_that_are_no_parameters(compiled):
    listed = "SELECT listagg(t.n, ',') WITHIN GROUP (ORDER BY t.n) AS it FROM t"
    assert compiled(select(func.aggregate_strings(t.c.n, ",").label("it")), executed=True) == listed
    assert compiled(select(func.listagg(t.c.n, ",").within_group(t.c.n).label("it")), executed=True) == listed
    sample = select(tablesample(t, 5, name="s").c.id)
    assert compiled(sample, executed=True) == "SELECT s.id FROM t AS s TABLESAMPLE system(5)"


def test_labels_in_a_grouping_are_their_expressions(compiled):
    query = select((t.c.id + 1).label("x"), func.count()).group_by("x").order_by("x")
    assert compiled(query, executed=True) == (
        "SELECT t.id + 1 AS x, count(*) AS count_1 FROM t GROUP BY t.id + 1 ORDER BY x"
    )


def test_columns_of_unnest_have_names(compiled):
    several = func.unnest(t.c.a).table_valued("x", with_ordinality="place", name="u")
    assert compiled(select(several.c.x, several.c.place).select_from(t, several)) == (
        "SELECT u.x, u.place FROM t, unnest(t.a) WITH ORDINALITY AS u (x, place)"
    )
    one = func.unnest(t.c.a).column_valued("u")
    assert compiled(select(one).select_from(t)) == "SELECT u FROM t, unnest(t.a) AS u (u)"
    assert compiled(select(func.unnest(t.c.a).column_valued()).select_from(t)).endswith("AS anon_1 (anon_1)")


def test_explain(compiled):
    query = select(t.c.id).where(t.c.n == "x")
    assert compiled(explain(query), executed=True) == "EXPLAIN SELECT t.id FROM t WHERE t.n = 'x'"
    assert compiled(explain(query, type="io", format="json"), executed=True).startswith(
        "EXPLAIN (TYPE IO, FORMAT JSON) SELECT"
    )
    assert compiled(explain(query, analyze=True, verbose=True), executed=True).startswith(
        "EXPLAIN ANALYZE VERBOSE SELECT"
    )
    for wrong in ({"type": "x"}, {"verbose": True}, {"analyze": True, "type": "IO"}):
        with pytest.raises(exc.ArgumentError):
            explain(query, **wrong)


def test_a_part_of_a_value_has_its_type():
    assert isinstance(t.c.m["k"].type, Integer)
    assert isinstance(t.c.r["b c"].type, String)
    assert isinstance(t.c.a[1].type, Integer)
    with pytest.raises(KeyError):
        t.c.r["nothing"]


def test_lists_of_values(compiled):
    pairs = tuple_(t.c.id, t.c.n).in_([(1, "a"), (2, "b")])
    assert compiled(select(t.c.id).where(pairs), executed=True) == (
        "SELECT t.id FROM t WHERE (t.id, t.n) IN ((?, ?), (?, ?))"
    )
    none = select(t.c.id).where(t.c.id.in_([]))
    assert compiled(none, executed=True) == "SELECT t.id FROM t WHERE t.id IN (NULL) AND (1 != 1)"
    rows = values(column("x", Integer), column("y", String), name="v").data([(1, "a"), (2, "b")])
    assert compiled(select(rows)) == "SELECT v.x, v.y FROM (VALUES (?, ?), (?, ?)) AS v (x, y)"


def test_recursive_queries_name_their_columns(compiled):
    counting = select(literal(1).label("n")).cte("c", recursive=True)
    counting = counting.union_all(select(counting.c.n + 1).where(counting.c.n < 3))
    assert compiled(select(counting.c.n)).startswith("WITH RECURSIVE c(n) AS (SELECT ? AS n UNION ALL")


def test_inserts(compiled):
    assert compiled(insert(t).values([{"id": 1, "n": "a"}, {"id": 2, "n": "b"}])) == (
        "INSERT INTO t (id, n) VALUES (?, ?), (?, ?)"
    )
    one = select(literal(1).label("id")).cte("one")
    assert compiled(insert(t).from_select(["id"], select(one.c.id))) == (
        "INSERT INTO t (id) WITH one AS (SELECT ? AS id) SELECT one.id FROM one"
    )
    assert compiled(insert(t).values(id=1, j={"a": 1})) == "INSERT INTO t (id, j) VALUES (?, json_parse(?))"


def test_a_single_row_value_is_a_row_in_a_row(compiled):
    assert compiled(insert(t).values(r=(1, "a"))) == "INSERT INTO t (r) VALUES (ROW(?))"
    assert compiled(insert(t).values(id=1, r=(1, "a"))) == "INSERT INTO t (id, r) VALUES (?, ?)"


def test_what_only_other_databases_have(compiled):
    other = Table("o", MetaData(), Column("id", Integer))
    with pytest.raises(exc.CompileError, match=r"UPDATE … FROM"):
        compiled(update(t).values(n="x").where(t.c.id == other.c.id))
    with pytest.raises(exc.CompileError, match=r"DELETE … USING"):
        compiled(delete(t).where(t.c.id == other.c.id))


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        ("it's", String(), "'it''s'"),
        (True, Boolean(), "true"),
        (Decimal("1E+3"), Numeric(), "DECIMAL '1000'"),
        (1.5, Numeric(), "DECIMAL '1.5'"),
        (1.5, Float(), "DOUBLE '1.5'"),
        (float("nan"), Float(), "nan()"),
        (b"\x00\xff", LargeBinary(), "X'00ff'"),
        (dt.date(2020, 1, 2), Date(), "DATE '2020-01-02'"),
        (dt.datetime(2020, 1, 2, 3), Date(), "DATE '2020-01-02'"),
        (dt.time(1, 2, 3), Time(), "TIME '01:02:03.000000'"),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 6), DateTime(), "TIMESTAMP '2020-01-02 03:04:05.000006'"),
        (dt.timedelta(days=-1), Interval(), "INTERVAL -'1 00:00:00.000' DAY TO SECOND"),
        ("12345678-1234-5678-1234-567812345678", Uuid(as_uuid=False), "UUID '12345678-1234-5678-1234-567812345678'"),
        ("10.0.0.1", IPADDRESS(), "IPADDRESS '10.0.0.1'"),
        ({"a": [1]}, JSON(), """json_parse('{"a": [1]}')"""),
        ([1, None], ARRAY(Integer), "ARRAY[1, NULL]"),
        ([[1], [2]], ARRAY(Integer, dimensions=2), "ARRAY[ARRAY[1], ARRAY[2]]"),
        ({"k": None}, MAP(String, Integer), "MAP(ARRAY['k'], ARRAY[NULL])"),
        ((1, None), ROW([("x", Integer), (None, String)]), 'CAST(ROW(1, NULL) AS ROW("x" INTEGER, VARCHAR))'),
        ({"x": 1}, ROW([("x", Integer)]), 'CAST(ROW(1) AS ROW("x" INTEGER))'),
    ],
)
def test_literals(compiled, value, type_, text):
    assert compiled(select(literal(value, type_).label("x")), literals=True) == f"SELECT {text} AS x"
