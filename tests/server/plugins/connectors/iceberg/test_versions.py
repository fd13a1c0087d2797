"""Tables of format version 3 that others have made, and versions of tables: snapshots, times, branches and tags."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.iceberg import iceberg
from tests.fakes.sink import LocalEngine

from lodestar_server.plugins.connectors.iceberg.format.avro import plain_records
from lodestar_server.spi.errors import LodestarError


def newest(place: Path) -> Path:
    return max((place / "t" / "metadata").glob("*.metadata.json"))


def edited(engine: LocalEngine, place: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The table as another engine would have left it, in a catalog that has not seen it yet."""
    path = newest(place)
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    properties = {"iceberg.expire-snapshots.min-retention": "0s", "iceberg.remove-orphan-files.min-retention": "0s"}
    engine.catalogs.add("fresh", "iceberg", iceberg(place.parents[1], **properties).connector)
    engine.run("USE fresh.default")


def of_version_three(document: dict[str, Any]) -> None:
    document |= {"format-version": 3, "next-row-id": 0}
    for one in document["snapshots"]:
        one |= {"first-row-id": 0, "added-rows": 0}


@pytest.fixture
def table(engine: LocalEngine, place: Path) -> LocalEngine:
    engine.run("CREATE TABLE t (a integer, b varchar)")
    edited(engine, place, of_version_three)
    engine.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    engine.run("INSERT INTO t VALUES (3, 'z')")
    return engine


def refused(engine: LocalEngine, sql: str) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        engine.run(sql)
    return caught.value.code.name, caught.value.message


def test_rows_are_numbered(table: LocalEngine, place: Path) -> None:
    assert sorted(table.run("SELECT * FROM t").rows) == ['[1,"x"]', '[2,"y"]', '[3,"z"]']
    document = json.loads(newest(place).read_bytes())
    assert (document["format-version"], document["next-row-id"]) == (3, 3)
    assert [(one["first-row-id"], one["added-rows"]) for one in document["snapshots"]] == [(0, 0), (0, 2), (2, 1)]
    listed = document["snapshots"][-1]["manifest-list"].removeprefix("local:///")
    manifests = list(plain_records((place.parents[1] / listed).read_bytes()))
    assert [one["first_row_id"] for one in manifests] == [2, 0]


def test_numbers_go_with_their_files(table: LocalEngine, place: Path) -> None:
    table.run("ALTER TABLE t EXECUTE optimize_manifests")
    document = json.loads(newest(place).read_bytes())
    listed = document["snapshots"][-1]["manifest-list"].removeprefix("local:///")
    (manifest,) = plain_records((place.parents[1] / listed).read_bytes())
    path = manifest["manifest_path"].removeprefix("local:///")
    entries = list(plain_records((place.parents[1] / path).read_bytes()))
    assert sorted(one["data_file"]["first_row_id"] for one in entries) == [0, 2]
    # a new manifest takes as many numbers as it has rows
    assert (manifest["first_row_id"], document["next-row-id"]) == (3, 6)


def test_what_is_refused(table: LocalEngine) -> None:
    for sql in ("DELETE FROM t WHERE a = 1", "UPDATE t SET b = 'u' WHERE a = 1"):
        code, message = refused(table, sql)
        assert code == "GENERIC_INTERNAL_ERROR"
        assert message.startswith("Must use DVs for position deletes in V3: local:///metastore/default/t/data/")
    for name in ("optimize", "expire_snapshots", "remove_orphan_files"):
        assert refused(table, f"ALTER TABLE t EXECUTE {name}") == (
            "NOT_SUPPORTED",
            f"{name.upper()} is not supported for Iceberg table format version > 2. "
            "Table default.t format version is 3.",
        )
    assert refused(table, "CREATE OR REPLACE TABLE t AS SELECT 1 a") == (
        "GENERIC_INTERNAL_ERROR",
        "Cannot downgrade v3 table to v2",
    )
    assert refused(table, "CREATE TABLE u (a integer) WITH (format_version = 3)")[0] == "INVALID_TABLE_PROPERTY"
    table.run("DELETE FROM t")
    assert table.run("SELECT count(*) FROM t").rows == ["[0]"]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("timestamp_ns", "TIMESTAMP_NANO"), ("timestamptz_ns", "TIMESTAMP_NANO"), ("variant", "VARIANT")],
)
def test_types_that_trino_lacks(engine: LocalEngine, place: Path, type_: str, kind: str) -> None:
    engine.run("CREATE TABLE t (a integer)")

    def change(document: dict[str, Any]) -> None:
        of_version_three(document)
        document["schemas"][0]["fields"][0]["type"] = type_

    edited(engine, place, change)
    assert refused(engine, "SELECT * FROM t") == (
        "GENERIC_INTERNAL_ERROR",
        f"Cannot convert from Iceberg type '{type_}' ({kind}) to Trino type",
    )
    engine.run("DROP TABLE t")


def test_branches_and_tags_of_others_are_read(engine: LocalEngine, place: Path) -> None:
    engine.run("CREATE TABLE t (a integer)")
    engine.run("INSERT INTO t VALUES 1")
    engine.run("INSERT INTO t VALUES 2")

    def change(document: dict[str, Any]) -> None:
        first = document["snapshots"][1]["snapshot-id"]
        document["refs"] |= {
            "dev": {"snapshot-id": first, "type": "branch", "min-snapshots-to-keep": 3, "max-snapshot-age-ms": 5},
            "v1": {"snapshot-id": first, "type": "tag", "max-ref-age-ms": 86_400_000},
        }

    edited(engine, place, change)
    for name in ("dev", "v1"):
        assert engine.run(f"SELECT * FROM t FOR VERSION AS OF '{name}'").rows == ["[1]"]
    engine.run("INSERT INTO t VALUES 3")
    assert engine.run("SELECT count(*) FROM t FOR VERSION AS OF 'main'").rows == ["[3]"]
    refs = 'SELECT name, type, max_reference_age_in_ms, min_snapshots_to_keep, max_snapshot_age_in_ms FROM "t$refs"'
    assert sorted(engine.run(refs).rows) == [
        '["dev","BRANCH",null,3,5]',
        '["main","BRANCH",null,null,null]',
        '["v1","TAG",86400000,null,null]',
    ]
    engine.run("ALTER TABLE t EXECUTE expire_snapshots(retention_threshold => '0s')")
    assert engine.run("SELECT * FROM t FOR VERSION AS OF 'v1'").rows == ["[1]"]
    assert refused(engine, "SELECT * FROM t FOR VERSION AS OF 'DEV'") == (
        "INVALID_ARGUMENTS",
        "Cannot find snapshot with reference name: DEV",
    )


@pytest.mark.parametrize(
    ("pointer", "code", "message"),
    [
        ("TIMESTAMP '2099-01-01 00:00:00'", "INVALID_ARGUMENTS", "'2099-01-01 00:00:00' is not in the past"),
        ("TIMESTAMP '2099-01-01 00:00:00 UTC'", "INVALID_ARGUMENTS", "'2099-01-01 00:00:00 UTC' is not in the past"),
        ("DATE '2099-01-01'", "INVALID_ARGUMENTS", "'2099-01-01' is not in the past"),
        ("CAST(NULL AS date)", "INVALID_ARGUMENTS", "cannot be NULL"),
    ],
)
def test_times_that_are_no_past(engine: LocalEngine, pointer: str, code: str, message: str) -> None:
    engine.run("CREATE TABLE t (a integer)")
    sql = f"SELECT * FROM t FOR TIMESTAMP AS OF {pointer}"
    assert refused(engine, sql) == (code, f"Pointer value {message}")


def test_versions_take_no_parameters(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t (a integer)")
    message = "Incorrect number of parameters: expected 0 but found 1"
    sql = "EXECUTE IMMEDIATE 'SELECT * FROM t FOR VERSION AS OF ?' USING 1"
    assert refused(engine, sql) == ("INVALID_PARAMETER_USAGE", message)
    assert refused(engine, "EXECUTE IMMEDIATE 'SELECT * FROM t FOR VERSION AS OF ?'") == (
        "INVALID_PARAMETER_USAGE",
        "Query takes no parameters",
    )


def test_times_of_other_types(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t (a integer)")
    assert refused(engine, "SELECT * FROM t FOR TIMESTAMP AS OF 'main'") == (
        "TYPE_MISMATCH",
        "Type varchar(4) invalid. Temporal pointers must be of type Timestamp, Timestamp with Time Zone, or Date.",
    )
