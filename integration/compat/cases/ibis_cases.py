"""ibis with its Trino backend. LODESTAR_COMPAT_URL is the server, which has tpch and memory."""

import os
import uuid

import ibis
import pandas
import pyarrow
import pytest
from ibis import _

HOST, PORT = os.environ["LODESTAR_COMPAT_URL"].split("://")[1].split(":")


@pytest.fixture(scope="module")
def tpch():
    return ibis.trino.connect(host=HOST, port=int(PORT), user="tester", database="tpch", schema="tiny")


@pytest.fixture(scope="module")
def memory():
    name = "ibis_" + uuid.uuid4().hex[:8]
    maker = ibis.trino.connect(host=HOST, port=int(PORT), user="tester", database="memory", schema="default")
    maker.create_database(name)
    yield ibis.trino.connect(host=HOST, port=int(PORT), user="tester", database="memory", schema=name)
    maker.raw_sql(f"DROP SCHEMA memory.{name} CASCADE").fetchall()


def test_catalogs_databases_tables(tpch):
    assert {"memory", "system", "tpch"} <= set(tpch.list_catalogs())
    assert {"sf1", "tiny"} <= set(tpch.list_databases())
    assert sorted(tpch.list_tables()) == [
        "customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier",
    ]  # fmt: skip
    assert tpch.current_catalog == "tpch" and tpch.current_database == "tiny"
    assert tpch.version == "476"


def test_schema_of_a_table(tpch):
    schema = tpch.table("orders").schema()
    assert str(schema["orderkey"]) in ("int64", "!int64")
    assert str(schema["totalprice"]).removeprefix("!") == "float64"
    assert str(schema["orderdate"]).removeprefix("!") == "date"


def test_filter_project_order(tpch):
    nation = tpch.table("nation")
    found = nation.filter(_.regionkey == 3).order_by(_.name.desc()).select("name").limit(2).to_pandas()
    assert found["name"].tolist() == ["UNITED KINGDOM", "RUSSIA"]


def test_join_and_group(tpch):
    nation, region = tpch.table("nation"), tpch.table("region")
    joined = nation.join(region, nation.regionkey == region.regionkey).select(region="name_right", nation=nation.name)
    found = joined.group_by("region").agg(nations=_.count(), first=_.nation.min()).order_by("region").to_pandas()
    assert found["nations"].tolist() == [5] * 5
    assert found["first"].tolist() == ["ALGERIA", "ARGENTINA", "CHINA", "FRANCE", "EGYPT"]


def test_window(tpch):
    orders = tpch.table("orders").filter(_.custkey == 1)
    window = ibis.window(order_by=orders.orderdate)
    ranked = orders.mutate(number=ibis.row_number().over(window), so_far=orders.totalprice.sum().over(window))
    found = ranked.order_by("orderdate").select("number", "so_far", "totalprice").to_pandas()
    assert found["number"].tolist() == list(range(len(found)))
    assert abs(found["so_far"].iloc[-1] - found["totalprice"].sum()) < 0.01


def test_aggregates(tpch):
    found = tpch.table("lineitem").agg(
        rows=_.count(), keys=_.orderkey.nunique(), mean=_.quantity.mean(), deviation=_.quantity.std(),
        low=_.shipdate.min(), high=_.shipdate.max(),
    ).to_pandas()  # fmt: skip
    assert found["rows"].iloc[0] == 60175 and found["keys"].iloc[0] == 15000
    assert 25 < found["mean"].iloc[0] < 26


def test_text_dates_and_cases(tpch):
    orders = tpch.table("orders").limit(100)
    expression = orders.mutate(
        year=orders.orderdate.year(),
        month=orders.orderdate.truncate("M"),
        low=orders.orderpriority.lower(),
        cut=orders.comment.substr(0, 5),
        kind=ibis.cases((orders.totalprice > 100000, "big"), else_="small"),
        missing=orders.clerk.nullif("nobody"),
        text=orders.orderkey.cast("string"),
        rounded=orders.totalprice.round(1),
    )
    found = expression.to_pandas()
    assert len(found) == 100
    assert set(found["kind"]) <= {"big", "small"}
    assert (found["cut"].str.len() == 5).all()


def test_union_distinct_and_semi_join(tpch):
    nation, supplier = tpch.table("nation"), tpch.table("supplier")
    both = ibis.union(nation.select("regionkey"), nation.select("regionkey"), distinct=True)
    assert both.count().execute() == 5
    with_suppliers = nation.semi_join(supplier, nation.nationkey == supplier.nationkey)
    assert with_suppliers.count().execute() == 25
    assert nation.anti_join(supplier, nation.nationkey == supplier.nationkey).count().execute() == 0


def test_nested_values(tpch):
    found = tpch.sql(
        "SELECT ARRAY[1, 2, NULL] AS a, MAP(ARRAY['k'], ARRAY[1.5]) AS m,"
        " CAST(ROW(1, 'x') AS ROW(n BIGINT, s VARCHAR)) AS r"
    )
    (row,) = found.to_pandas().to_dict("records")
    assert list(row["a"])[:2] == [1, 2] and dict(row["r"]) == {"n": 1, "s": "x"}
    assert found.a.length().execute().tolist() == [3]
    assert found.r.s.execute().tolist() == ["x"]


def test_pyarrow(tpch):
    table = tpch.table("nation").order_by("nationkey").to_pyarrow()
    assert isinstance(table, pyarrow.Table)
    assert table.num_rows == 25 and table.column("name")[0].as_py() == "ALGERIA"
    batches = tpch.table("orders").select("orderkey").to_pyarrow_batches(chunk_size=4000)
    assert sum(batch.num_rows for batch in batches) == 15000


def test_created_tables(memory):
    source = memory.table("nation", database=("tpch", "tiny"))
    memory.create_table("europe", source.filter(_.regionkey == 3).select("nationkey", "name"))
    assert memory.list_tables() == ["europe"]
    assert memory.table("europe").count().execute() == 5
    frame = pandas.DataFrame({"k": [1, 2, 3], "v": ["a", "b", "it's"], "x": [0.5, 1.5, 2.5]})
    made = memory.create_table("frame", frame)
    assert made.order_by("k").to_pandas()["v"].tolist()[::2] == ["a", "it's"]
    memory.insert("frame", made.mutate(k=_.k + 10))
    assert memory.table("frame").k.sum().execute() == 42
    memory.create_table(
        "typed", schema=ibis.schema({"d": "date", "t": "timestamp(6)", "n": "decimal(12, 2)", "a": "array<int>"})
    )
    assert str(memory.table("typed").schema()["n"]) == "decimal(12, 2)"
    memory.create_table("frame", frame.head(1), overwrite=True)
    assert memory.table("frame").count().execute() == 1
    memory.create_view("seen", memory.table("frame").select("k"))
    assert "seen" in memory.list_tables()
    memory.drop_view("seen")
    for name in ("europe", "frame", "typed"):
        memory.drop_table(name)
    # What ibis made for frames in memory goes when it likes.
    assert not {"europe", "frame", "typed", "seen"} & set(memory.list_tables())


def test_memtable(memory):
    small = ibis.memtable({"regionkey": [1, 2], "label": ["one", "two"]})
    nation = memory.table("nation", database=("tpch", "tiny"))
    joined = nation.join(small, "regionkey").group_by("label").agg(n=_.count()).order_by("label")
    assert joined.execute()["n"].tolist() == [5, 5]


def test_compile_and_explain(tpch):
    text = ibis.to_sql(tpch.table("nation").filter(_.nationkey > 1), dialect="trino")
    assert "FROM" in text
    cursor = tpch.raw_sql("EXPLAIN SELECT 1")
    assert cursor.fetchall()


def test_errors(tpch):
    with pytest.raises(Exception, match="nothing"):
        tpch.table("nothing")
    with pytest.raises(Exception, match="Division by zero"):
        tpch.raw_sql("SELECT 1 / x FROM (VALUES 0) AS t (x)").fetchall()
