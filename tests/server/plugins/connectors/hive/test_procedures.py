"""CALL system.…: partitions by hand and figures forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive

from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import BIGINT, INTEGER, VARCHAR

PARTS = [("id", BIGINT), ("p", VARCHAR), ("q", INTEGER)]
P, Q = ("p", "q"), ("x", "1")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path, **{"hive.allow-register-partition-procedure": "true"})
    with made.statement() as on:
        on.create_with_rows(table("default", "t", PARTS, partitioned_by=("p", "q")), [(1, "x", 1), (2, "y", 2)])
        on.metadata.create_table(on.session, table("default", "u", [("a", BIGINT)]), SaveMode.FAIL)
    yield made
    made.connector.shutdown()


def call(harness: Harness, name: str, *values: Any, schema: str = "default", table_name: str = "t") -> None:
    (procedure,) = [one for one in harness.connector.procedures() if one.name == name]
    given = [schema, table_name, *values]
    arguments = {
        declared.name: given[i] if i < len(given) else declared.default
        for i, declared in enumerate(procedure.arguments)
    }
    procedure.run(harness.session(), arguments)


def fails(harness: Harness, name: str, *values: Any, **where: str) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        call(harness, name, *values, **where)
    return caught.value.code.name, caught.value.message


def partitions(harness: Harness, name: str = "t") -> list[tuple[Any, ...]]:
    from lodestar_server.spi.names import SchemaTableName

    with harness.statement() as on:
        found = on.metadata.find_system_table(on.session, SchemaTableName("default", f"{name}$partitions"))
        assert found is not None
        return sorted((tuple(row) for row in found.rows(on.session, {})), key=str)


def rows(harness: Harness, name: str = "t") -> list[tuple[Any, ...]]:
    with harness.statement() as on:
        return sorted(on.rows("default", name), key=str)


def row_count(harness: Harness, name: str = "t") -> float | None:
    with harness.statement() as on:
        return on.metadata.statistics(on.session, on.require("default", name)).row_count


def test_an_empty_partition(harness: Harness, tmp_path: Path) -> None:
    call(harness, "create_empty_partition", P, ("z", "3"))
    assert partitions(harness) == [("x", 1), ("y", 2), ("z", 3)]
    assert (tmp_path / "metastore" / "default" / "t" / "p=z" / "q=3").is_dir()
    assert len(rows(harness)) == 2
    assert row_count(harness) == 2


@pytest.mark.parametrize(
    ("values", "where", "code", "message"),
    [
        ((P, Q), {}, "ALREADY_EXISTS", "Partition already exists"),
        (
            (("p",), ("x",)),
            {},
            "INVALID_PROCEDURE_ARGUMENT",
            "Provided partition column names do not match actual partition column names: [p, q]",
        ),
        ((P, Q), {"table_name": "nosuch"}, "INVALID_PROCEDURE_ARGUMENT", "Table 'default.nosuch' does not exist"),
        (
            (P, ("z", "x")),
            {},
            "HIVE_INVALID_PARTITION_VALUE",
            "Invalid partition value 'x' for INTEGER partition key: p=z/q=x",
        ),
        ((P, None), {}, "INVALID_PROCEDURE_ARGUMENT", "partition_values cannot be null"),
        ((P, ("x",)), {}, "PROCEDURE_CALL_FAILED", "partition value count must match partition column count"),
        ((P, ("x", None)), {}, "PROCEDURE_CALL_FAILED", "at index 1"),
    ],
)
def test_empty_partitions_that_cannot_be(
    harness: Harness, values: Any, where: dict[str, str], code: str, message: str
) -> None:
    assert fails(harness, "create_empty_partition", *values, **where) == (code, message)
    assert partitions(harness) == [("x", 1), ("y", 2)]


def test_unregistered_and_registered_again(harness: Harness) -> None:
    call(harness, "unregister_partition", P, Q)
    assert rows(harness) == [(2, "y", 2)]
    assert fails(harness, "unregister_partition", P, Q) == ("NOT_FOUND", "Partition 'p=x/q=1' does not exist")
    call(harness, "register_partition", P, Q)
    assert rows(harness) == [(1, "x", 1), (2, "y", 2)]
    assert fails(harness, "register_partition", P, Q) == (
        "ALREADY_EXISTS",
        "Partition [p=x/q=1] is already registered with location local:///metastore/default/t/p=x/q=1",
    )


@pytest.mark.parametrize(
    ("values", "where", "code", "message"),
    [
        ((P, ("n", "1")), {}, "INVALID_PROCEDURE_ARGUMENT", "local:///metastore/default/t/p=n/q=1"),
        ((P, ("n", "1"), "local:///no"), {}, "INVALID_PROCEDURE_ARGUMENT", "local:///no"),
        ((P, Q), {"table_name": "nosuch"}, "NOT_FOUND", "Table 'default.nosuch' not found"),
        ((("a",), ("1",)), {"table_name": "u"}, "INVALID_PROCEDURE_ARGUMENT", "Table is not partitioned: default.u"),
        (
            (P, ("n", "1"), "local:///metastore/default/t/p=x/q=1"),
            {},
            "HIVE_METASTORE_ERROR",
            "Partition directory must be local:///metastore/default/t/p=n/q=1",
        ),
        ((P, ("n", "1"), "nonsense"), {}, "PROCEDURE_CALL_FAILED", "No scheme for file system location: nonsense"),
    ],
)
def test_registrations_that_cannot_be(
    harness: Harness, values: Any, where: dict[str, str], code: str, message: str
) -> None:
    if message.startswith("local:"):
        message = f"Partition location does not exist: {message}"
    assert fails(harness, "register_partition", *values, **where) == (code, message)


def test_registering_has_to_be_allowed(tmp_path: Path) -> None:
    harness = hive(tmp_path)
    assert fails(harness, "register_partition", P, Q) == (
        "PERMISSION_DENIED",
        "register_partition procedure is disabled",
    )
    harness.connector.shutdown()


def external(harness: Harness, root: Path) -> None:
    for name in ("q=1", "Q=2"):
        (root / "ext" / name).mkdir(parents=True)
        pq.write_table(pa.table({"id": [int(name[-1])]}), root / "ext" / name / "file")
    with harness.statement() as on:
        definition = table(
            "default", "e", [("id", BIGINT), ("q", INTEGER)], partitioned_by=("q",), external_location="local:///ext"
        )
        on.metadata.create_table(on.session, definition, SaveMode.FAIL)


def test_partitions_from_directories(harness: Harness, tmp_path: Path) -> None:
    external(harness, tmp_path)
    assert rows(harness, "e") == []
    call(harness, "sync_partition_metadata", "add", table_name="e")
    assert rows(harness, "e") == [(1, 1)]
    call(harness, "sync_partition_metadata", "FULL", False, table_name="e")
    assert rows(harness, "e") == [(1, 1), (2, 2)]
    (tmp_path / "ext" / "q=1" / "file").unlink()
    (tmp_path / "ext" / "q=1").rmdir()
    call(harness, "sync_partition_metadata", "ADD", False, table_name="e")
    assert partitions(harness, "e") == [(1,), (2,)]
    call(harness, "sync_partition_metadata", "DROP", False, table_name="e")
    assert partitions(harness, "e") == [(2,)]


@pytest.mark.parametrize(
    ("mode", "where", "code", "message"),
    [
        ("x", {}, "INVALID_PROCEDURE_ARGUMENT", "Invalid partition metadata sync mode: x"),
        (None, {}, "INVALID_PROCEDURE_ARGUMENT", "mode cannot be null"),
        ("ADD", {"table_name": "nosuch"}, "NOT_FOUND", "Table 'default.nosuch' not found"),
        ("ADD", {"table_name": "u"}, "INVALID_PROCEDURE_ARGUMENT", "Table is not partitioned: default.u"),
    ],
)
def test_refused_syncs(harness: Harness, mode: str | None, where: dict[str, str], code: str, message: str) -> None:
    assert fails(harness, "sync_partition_metadata", mode, **where) == (code, message)


def test_figures_forgotten(harness: Harness) -> None:
    assert row_count(harness) == 2
    call(harness, "drop_stats", (Q,))
    call(harness, "drop_stats")
    assert row_count(harness) is None
    assert len(rows(harness)) == 2


@pytest.mark.parametrize(
    ("values", "table_name", "code", "message"),
    [
        (((),), "t", "INVALID_PROCEDURE_ARGUMENT", "No partitions provided"),
        (((None,),), "t", "INVALID_PROCEDURE_ARGUMENT", "Null partition value"),
        (
            ((("x",),),),
            "t",
            "INVALID_PROCEDURE_ARGUMENT",
            "Partition values [x] don't match the number of partition columns (2)",
        ),
        (((("n", "1"),),), "t", "NOT_FOUND", "Partition 'default.t' not found"),
        (
            ((("x",),),),
            "u",
            "INVALID_PROCEDURE_ARGUMENT",
            "Cannot specify partition values for an unpartitioned table",
        ),
        ((), "nosuch", "INVALID_PROCEDURE_ARGUMENT", "Table 'default.nosuch' does not exist"),
    ],
)
def test_figures_that_cannot_be_forgotten(
    harness: Harness, values: Any, table_name: str, code: str, message: str
) -> None:
    assert fails(harness, "drop_stats", *values, table_name=table_name) == (code, message)


def test_the_cache_of_footers(harness: Harness) -> None:
    (procedure,) = [one for one in harness.connector.procedures() if one.name == "flush_metadata_cache"]
    assert procedure.named_arguments_only
    nothing: dict[str, Any] = {one.name: one.default for one in procedure.arguments}
    procedure.run(harness.session(), nothing)
    procedure.run(harness.session(), nothing | {"schema_name": "default", "table_name": "t"})
    for arguments, message in (
        ({"schema_name": "default"}, "Illegal parameter set passed."),
        ({"schema_name": "default", "table_name": "nosuch"}, "Table 'default.nosuch' not found"),
        ({"partition_columns": ("p",)}, "Parameters partition_column and partition_value should have same length"),
    ):
        with pytest.raises(LodestarError) as caught:
            procedure.run(harness.session(), nothing | arguments)
        assert caught.value.message.startswith(message)
