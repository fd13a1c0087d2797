"""system.bucket: Trino's answers."""

from __future__ import annotations

import pytest
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError


@pytest.mark.parametrize(
    ("value", "count", "expected"),
    [
        ("5", 10, 3),
        ("BIGINT '5'", 10, 3),
        ("BIGINT '-1'", 1000, 712),
        ("TINYINT '1'", 10, 6),
        ("SMALLINT '1'", 10, 6),
        ("'abc'", 16, 10),
        ("VARCHAR 'abc'", 16, 10),
        ("''", 7, 0),
        ("X'aabb'", 16, 3),
        ("DATE '2020-01-01'", 16, 13),
        ("TIMESTAMP '2020-01-01 00:00:00'", 16, 12),
        ("TIMESTAMP '2020-01-01 00:00:00.123456789'", 16, 13),
        ("TIMESTAMP '1960-01-01 00:00:00.123456'", 16, 15),
        ("TIMESTAMP '2020-01-01 00:00:00.123 UTC'", 16, 10),
        ("TIMESTAMP '2020-01-01 00:00:00.123456 UTC'", 16, 13),
        ("DECIMAL '1.50'", 10, 5),
        ("DECIMAL '-1.28'", 100, 77),
        ("DECIMAL '12345678901234567890.50'", 10, 8),
        ("NULL", 10, None),
        ("CAST(NULL AS integer)", 10, None),
    ],
)
def test_buckets(engine: LocalEngine, value: str, count: int, expected: int | None) -> None:
    found = engine.run(f"SELECT ice.system.bucket({value}, {count})")
    assert list(found.rows) == ["[null]" if expected is None else f"[{expected}]"]


@pytest.mark.parametrize(
    ("call", "name", "message"),
    [
        ("ice.system.bucket(true, 10)", "INVALID_FUNCTION_ARGUMENT", "Unsupported type: boolean"),
        ("ice.system.bucket(CHAR 'abc', 10)", "INVALID_FUNCTION_ARGUMENT", "Unsupported type: char(3)"),
        ("ice.system.bucket(ARRAY[1], 10)", "INVALID_FUNCTION_ARGUMENT", "Unsupported type: array(integer)"),
        (
            "ice.system.bucket(TIMESTAMP '2020-01-01 00:00:00.1234567 UTC', 16)",
            "GENERIC_INTERNAL_ERROR",
            "mode was UNNECESSARY, but rounding was necessary",
        ),
        ("ice.system.bucket(5, -1)", "GENERIC_INTERNAL_ERROR", "Invalid number of buckets: -1 (must be > 0)"),
        (
            "ice.system.bucket(5, BIGINT '10')",
            "FUNCTION_NOT_FOUND",
            "Unexpected parameters (integer, bigint) for function ice.system.bucket. "
            "Expected: ice.system.bucket(T, integer) T",
        ),
        (
            "ice.system.bucket()",
            "FUNCTION_NOT_FOUND",
            "Unexpected parameters () for function ice.system.bucket. Expected: ice.system.bucket(T, integer) T",
        ),
        ("ice.s.bucket(5, 1)", "FUNCTION_NOT_FOUND", "Function 'ice.s.bucket' not registered"),
        ("bucket(5, 3)", "FUNCTION_NOT_FOUND", "Function 'bucket' not registered"),
    ],
)
def test_refusals(engine: LocalEngine, call: str, name: str, message: str) -> None:
    with pytest.raises(LodestarError) as raised:
        engine.run(f"SELECT {call}")
    assert (raised.value.code.name, raised.value.message) == (name, message)


def test_rows_are_where_the_function_says(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t (id bigint, name varchar) WITH (partitioning = ARRAY['bucket(name, 5)'])")
    engine.run("INSERT INTO t SELECT nationkey, name FROM tpch.tiny.nation")
    named = "'name_bucket=' || CAST(system.bucket(name, 5) AS varchar)"
    found = engine.run(f'SELECT count_if("$partition" = {named}), count(DISTINCT "$partition") FROM t')
    assert list(found.rows) == ["[25,5]"]


def test_functions_are_listed(engine: LocalEngine) -> None:
    found = engine.run("SHOW FUNCTIONS FROM ice.system")
    assert list(found.rows) == [
        '["bucket","integer","T, integer","scalar",false,"Perform Iceberg bucket transform"]',
        '["table_changes","unknown","varchar, varchar, bigint, bigint","table",false,""]',
    ]
    assert list(engine.run("SHOW FUNCTIONS FROM ice.s").rows) == []
