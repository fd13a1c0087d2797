import pytest

from lodestar_server.query.dispatch.kinds import MAX_SPECULATIVE_LENGTH, may_start_early, statement_hash, statement_kind


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "  select 1",
        "(SELECT 1)",
        "-- why\nSELECT 1",
        "/* a */ /* b */ WITH x AS (SELECT 1) SELECT * FROM x",
        "VALUES 1",
        "TABLE t",
        "SHOW TABLES",
        "DESC t",
        "EXPLAIN SELECT 1",
        "EXPLAIN (TYPE LOGICAL) SELECT 1",
    ],
)
def test_what_only_reads_may_start_early(text):
    assert may_start_early(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t SELECT 1",
        "CREATE TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE INSERT INTO t SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "EXECUTE p",
        "CALL f()",
        "-- SELECT 1",
        "/* SELECT 1",
        "",
        ";SELECT 1",
        "SELECTED",
        "SELECT " + "1," * MAX_SPECULATIVE_LENGTH,
    ],
)
def test_everything_else_waits(text):
    assert not may_start_early(text)


def test_logs_get_a_kind_and_a_hash():
    assert [statement_kind(text) for text in ("-- x\n select 1", "'a'", "")] == ["SELECT", "?", "?"]
    assert statement_hash("SELECT 'secret'") != statement_hash("SELECT 'secrets'")
    assert "secret" not in statement_hash("secret")
    assert statement_hash("\ud800")
