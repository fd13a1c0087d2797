import pytest
from tests.fakes.sink import KeepingSink, LocalEngine, new_session

from lodestar_server.query.lineage import catalog_version
from lodestar_server.session import QueryContext
from lodestar_server.session.lineage import ReferencedTable, SourceColumn, TableColumn


@pytest.fixture
def lineage(tmp_path):
    engine = LocalEngine(tmp_path)

    def run(sql):
        context = QueryContext(new_session(), "UTC")
        engine.pipeline.run(sql, context, KeepingSink())
        return context.lineage

    yield run
    engine.close()


def test_a_query_reads_what_its_plan_needs(lineage):
    found = lineage("SELECT upper(n.name), count(*) FROM tpch.tiny.nation n WHERE n.regionkey = 1 GROUP BY 1")
    (table,) = found.inputs
    assert (table.catalog.name, table.catalog.connector, table.schema, table.table) == (
        "tpch",
        "tpch",
        "tiny",
        "nation",
    )
    assert table.columns == (TableColumn("name", "varchar(25)"), TableColumn("regionkey", "bigint"))
    assert found.referenced == (
        ReferencedTable("tpch", "tiny", "nation", "tester", ("name", "regionkey"), direct=True),
    )
    assert [name for name, _ in found.routines] == ["upper", "count"]
    assert found.output is None


def test_what_a_rule_prunes_is_not_read(lineage):
    (table,) = lineage("SELECT count(*) FROM (SELECT name, comment FROM tpch.tiny.nation)").inputs
    assert table.columns == ()


def test_tables_of_subqueries(lineage):
    found = lineage("SELECT 1 WHERE 1 IN (SELECT regionkey FROM tpch.tiny.region) OR EXISTS (TABLE tpch.tiny.nation)")
    assert {one.table for one in found.referenced} == {"region", "nation"}


def test_each_written_column_has_its_sources(lineage):
    found = lineage(
        "CREATE TABLE memory.default.made AS "
        "SELECT n.name AS a, n.nationkey + r.regionkey AS b, 1 AS c "
        "FROM tpch.tiny.nation n JOIN tpch.tiny.region r ON n.regionkey = r.regionkey"
    )
    nation, region = "tpch.tiny.nation", "tpch.tiny.region"
    assert (found.output.catalog.name, found.output.schema, found.output.table) == ("memory", "default", "made")
    assert [(column.name, column.type, sources) for column, sources in found.output.columns] == [
        ("a", "varchar(25)", (SourceColumn(nation, "name"),)),
        ("b", "bigint", (SourceColumn(nation, "nationkey"), SourceColumn(region, "regionkey"))),
        ("c", "integer", ()),
    ]


def test_an_aggregate_is_made_of_its_arguments(lineage):
    found = lineage("CREATE TABLE memory.default.sums AS SELECT sum(nationkey) AS s FROM tpch.tiny.nation")
    assert found.output.columns[0][1] == (SourceColumn("tpch.tiny.nation", "nationkey"),)


def test_a_view_is_read_through(lineage):
    lineage("CREATE VIEW memory.default.v AS SELECT name FROM tpch.tiny.nation")
    (table,) = lineage("SELECT * FROM memory.default.v").referenced
    assert (table.table, table.direct) == ("nation", False)


def test_a_table_without_rows(lineage):
    output = lineage("CREATE TABLE memory.default.bare (x bigint)").output
    assert output.columns == ((TableColumn("x", "bigint"), ()),)
    assert len(output.catalog.version) == 64


def test_the_version_of_a_catalog_is_trinos():
    version = "a54a4dabd3c2c54b5c98ab9451385fae3f0487a110f722aa3d387e502f139234"
    assert catalog_version("tpch", "tpch", {}) == version
    assert catalog_version("tpch", "tpch", {"tpch.column-naming": "STANDARD"}) != version
