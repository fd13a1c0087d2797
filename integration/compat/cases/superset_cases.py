"""Superset's own engine spec for Trino, inside a Superset application. LODESTAR_COMPAT_URL is the server, which has
tpch and memory, and a catalog of Hive tables whose name LODESTAR_COMPAT_LAKE gives."""

import os
import threading
import time
import uuid
from datetime import datetime
from types import SimpleNamespace

import pytest

ADDRESS = os.environ["LODESTAR_COMPAT_URL"].split("://")[1]
LAKE = os.environ["LODESTAR_COMPAT_LAKE"]
SLOW = "SELECT count(*) FROM tpch.sf1000.lineitem a JOIN tpch.sf1000.lineitem b ON a.partkey = b.partkey"


@pytest.fixture(scope="module")
def app():
    from superset.app import create_app

    application = create_app()
    with application.app_context(), application.test_request_context():
        yield application


@pytest.fixture(scope="module")
def make(app):
    from superset.models.core import Database

    def build(path):
        return Database(database_name="lane", sqlalchemy_uri=f"trino://tester@{ADDRESS}/{path}")

    return build


@pytest.fixture(scope="module")
def database(make):
    return make("tpch/tiny")


@pytest.fixture(scope="module")
def lake(make):
    """A database over a schema of partitioned tables."""
    name = "superset_" + uuid.uuid4().hex[:8]
    found = make(f"{LAKE}/{name}")
    with make(LAKE).get_raw_connection() as connection:
        cursor = connection.cursor()

        def run(sql):
            cursor.execute(sql)
            return cursor.fetchall()

        run(f"CREATE SCHEMA {LAKE}.{name}")
        run(
            f"CREATE TABLE {LAKE}.{name}.sales (amount BIGINT, day VARCHAR, shop VARCHAR) "
            "WITH (partitioned_by = ARRAY['day', 'shop'])"
        )
        days = "(1, '2024-01-01', 'a'), (2, '2024-01-02', 'a'), (3, '2024-01-02', 'b')"
        run(f"INSERT INTO {LAKE}.{name}.sales VALUES {days}")
        run(f"CREATE VIEW {LAKE}.{name}.seen AS SELECT amount FROM {LAKE}.{name}.sales")
        yield found, name
        run(f"DROP VIEW {LAKE}.{name}.seen")
        run(f"DROP TABLE {LAKE}.{name}.sales")
        run(f"DROP SCHEMA {LAKE}.{name}")


def table(name, schema, catalog):
    from superset.sql.parse import Table

    return Table(name, schema, catalog)


def test_the_engine_spec(database):
    assert database.db_engine_spec.__name__ == "TrinoEngineSpec"
    assert database.get_default_catalog() == "tpch"
    assert database.get_default_schema("tpch") == "tiny"


def test_catalogs_schemas_tables(database, lake):
    assert {"memory", "system", "tpch"} <= set(database.get_all_catalog_names())
    assert {"tiny", "sf1"} <= set(database.get_all_schema_names(catalog="tpch"))
    tables = {
        one.table if hasattr(one, "table") else one[0] for one in database.get_all_table_names_in_schema("tpch", "tiny")
    }
    assert tables == {"customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"}
    found, name = lake
    assert {one[0] for one in found.get_all_view_names_in_schema(LAKE, name)} == {"seen"}
    assert {one[0] for one in found.get_all_table_names_in_schema(LAKE, name)} >= {"sales"}


def test_columns(database):
    found = database.get_columns(table("nation", "tiny", "tpch"))
    assert [(one["column_name"], str(one["type"])) for one in found] == [
        ("nationkey", "BIGINT"), ("name", "VARCHAR(25)"), ("regionkey", "BIGINT"), ("comment", "VARCHAR(152)"),
    ]  # fmt: skip
    assert database.has_table(table("nation", "tiny", "tpch"))
    assert not database.has_view(table("nation", "tiny", "tpch"))
    assert database.get_table_comment(table("nation", "tiny", "tpch")) is None


def test_frames(database):
    frame = database.get_df(
        "SELECT regionkey, name, CAST(1.5 AS DECIMAL(4, 2)) AS d, DATE '2024-01-01' AS at FROM region", "tpch", "tiny"
    )
    assert len(frame) == 5 and list(frame.columns) == ["regionkey", "name", "d", "at"]
    nested = "ARRAY[1, 2] AS a, MAP(ARRAY['k'], ARRAY[1]) AS m, ROW(1, 'x') AS r"
    frame = database.get_df(f"SELECT {nested}, TIMESTAMP '2024-01-01 00:00:00 UTC' AS t")
    assert len(frame) == 1


def test_select_star_and_limits(database):
    with database.get_sqla_engine(catalog="tpch", schema="tiny"):
        text = database.select_star(table("nation", "tiny", "tpch"), limit=7, show_cols=True)
    assert "nationkey" in text and "LIMIT 7" in text
    assert len(database.get_df(text)) == 7
    limited = database.apply_limit_to_sql("SELECT * FROM nation ORDER BY 1", 3)
    assert len(database.get_df(limited, "tpch", "tiny")) == 3


def test_cost_estimate(database):
    spec = database.db_engine_spec
    (cost,) = spec.estimate_query_cost(database, "tpch", "tiny", "SELECT * FROM nation WHERE nationkey > 3")
    assert set(cost) >= {"inputTableColumnInfos", "estimate"}
    assert {"outputRowCount", "outputSizeInBytes", "cpuCost", "maxMemory", "networkCost"} == set(cost["estimate"])
    (read,) = cost["inputTableColumnInfos"]
    assert read["table"]["schemaTable"] == {"schema": "tiny", "table": "nation"}
    assert spec.query_cost_formatter([cost])


def test_function_names(database):
    assert {"abs", "count", "date_trunc", "approx_distinct"} <= set(database.function_names)


def test_time_grains(database):
    spec = database.db_engine_spec
    expressions = [text.format(col="t") for text in spec.get_time_grain_expressions().values()]
    listed = ", ".join(f"{text} AS c{number}" for number, text in enumerate(expressions))
    frame = database.get_df(f"SELECT {listed} FROM (VALUES TIMESTAMP '2024-02-29 12:34:56.789') AS v (t)")
    assert len(frame.columns) == len(expressions)
    moment = datetime(2024, 2, 29, 12, 34, 56, 789)
    for kind in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        text = spec.convert_dttm(kind, moment)
        if text is not None:
            assert len(database.get_df(f"SELECT {text} AS v")) == 1
    assert len(database.get_df(f"SELECT {spec.epoch_to_dttm().format(col='0')} AS v")) == 1


def test_latest_partition(lake):
    database, name = lake
    sales = table("sales", name, LAKE)
    (index,) = database.get_indexes(sales)
    assert (index["name"], index["column_names"]) == ("partition", ["day", "shop"])
    spec = database.db_engine_spec
    columns, values = spec.latest_partition(database, sales, show_first=True)
    assert list(columns) == ["day", "shop"] and list(values) == ["2024-01-02", "b"]
    extra = spec.get_extra_table_metadata(database, sales)
    assert extra["partitions"]["cols"] == ["day", "shop"]
    assert extra["partitions"]["latest"] == {"day": "2024-01-02", "shop": "b"}


def test_view_definition(lake):
    database, name = lake
    extra = database.db_engine_spec.get_extra_table_metadata(database, table("seen", name, LAKE))
    assert "SELECT" in extra["view"]


def test_virtual_table_columns(database):
    with database.get_raw_connection(catalog="tpch", schema="tiny") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT name AS n, count(*) AS c FROM nation GROUP BY 1 LIMIT 1")
        cursor.fetchall()
        assert [(one[0], one[1]) for one in cursor.description] == [("n", "varchar(25)"), ("c", "bigint")]


class Kept(SimpleNamespace):
    """What the engine spec keeps of a query of SQL Lab."""

    def set_extra_json_key(self, key, value):
        self.extra[key] = value


def test_progress_and_tracking(database):
    spec = database.db_engine_spec
    query = Kept(id=1, database=database, extra={}, status="running", progress=0, tracking_url=None)
    with database.get_raw_connection(catalog="tpch", schema="tiny") as connection:
        cursor = connection.cursor()
        spec.execute_with_cursor(cursor, "SELECT count(*) FROM lineitem", query)
        assert spec.fetch_data(cursor) == [(60175,)] or spec.fetch_data(cursor) == []
        assert query.extra["cancel_query"] == cursor.query_id
        assert cursor.query_id in query.tracking_url


def test_cancel(database):
    spec = database.db_engine_spec
    failures = []
    with database.get_raw_connection() as connection, database.get_raw_connection() as other:
        cursor, watcher = connection.cursor(), other.cursor()

        def run():
            try:
                cursor.execute(SLOW)
                cursor.fetchall()
            except Exception as failure:
                failures.append(str(failure))

        thread = threading.Thread(target=run)
        thread.start()
        for _ in range(200):
            watcher.execute(
                "SELECT query_id FROM system.runtime.queries WHERE state = 'RUNNING' AND query = ?", (SLOW,)
            )
            found = watcher.fetchall()
            if found:
                break
            time.sleep(0.05)
        ((query_id,),) = found
        assert spec.cancel_query(watcher, None, query_id)
        thread.join(30)
    assert len(failures) == 1 and "Query cancelled by Superset" in failures[0]


def test_errors(database):
    with pytest.raises(Exception, match="Column 'nothing' cannot be resolved"):
        database.get_df("SELECT nothing FROM nation", "tpch", "tiny")
    with pytest.raises(Exception, match=r"Table 'tpch\.tiny\.nothing' does not exist") as caught:
        database.get_df("SELECT * FROM tpch.tiny.nothing")
    (error, *_) = database.db_engine_spec.extract_errors(caught.value)
    assert "does not exist" in error.message
