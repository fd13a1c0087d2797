"""A warehouse that a real Trino wrote, opened as it is: the same rows that Trino read from it.

The recordings lie beside the project (`../shared/oracle`) or where ORACLE_RECORDINGS says; without them there is
nothing to compare with.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.fakes.harness import Harness
from tests.fakes.hive import hive_properties

from lodestar_server.plugins.connectors.hive.factory import FACTORY
from lodestar_server.plugins.toolkit.calendar import day_text
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.plugin import ConnectorContext
from lodestar_server.spi.types import (
    DATE,
    DOUBLE,
    REAL,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
)

ORACLE = Path(os.environ.get("ORACLE_RECORDINGS") or Path(__file__).parents[2].parent / "shared" / "oracle")
RECORDING = ORACLE / "interop" / "interop_a.jsonl"
SCHEMA = "interop_a"
FORMATS = ("parquet", "orc", "avro", "rcbinary", "rctext", "sequencefile", "textfile", "json", "csv")

pytestmark = pytest.mark.skipif(not RECORDING.is_file(), reason="the recordings of a real Trino are not here")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    root = tmp_path_factory.mktemp("warehouse") / "copy"
    shutil.copytree(ORACLE / "data" / "warehouse", root)
    context = ConnectorContext("hive", "node", "476", "test", root / "data")
    harness = Harness(FACTORY.create(context, hive_properties(root)))
    yield harness
    harness.connector.shutdown()


def recorded() -> dict[str, Any]:
    """Statement → answer."""
    if not RECORDING.is_file():
        return {}
    lines = map(json.loads, RECORDING.read_text("utf-8").rstrip("\n").split("\n"))
    return {line["sql"]: line["answer"] for line in lines if "rows" in line["answer"]}


def wire(type_: Type, value: Any) -> Any:
    """A value as the protocol's JSON has it."""
    if value is None:
        return None
    match type_:
        case ArrayType(element):
            return [wire(element, one) for one in value]
        case MapType(_, item):
            return {str(key): wire(item, one) for key, one in value}
        case RowType(fields):
            return [wire(field.type, one) for field, one in zip(fields, value, strict=True)]
        case DecimalType(_, scale):
            sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(scale + 1, "0")
            return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)
        case CharType(length):
            return str(value).ljust(length)
        case TimestampType(3):
            seconds, rest = divmod(value, 10**12)
            days, second = divmod(seconds, 86_400)
            clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            return f"{day_text(days)} {clock}.{rest // 10**9:03d}"
    if type_ == DATE:
        return day_text(value)
    if type_ == VARBINARY:
        return base64.b64encode(value).decode()
    if type_ in (DOUBLE, REAL):
        if value != value:
            return "NaN"
        if value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return round(pa.scalar(value, pa.float32()).as_py(), 6) if type_ == REAL else value
    return value


def rounded(type_: str, value: Any) -> Any:
    """A recorded value with as many digits of a real as ours."""
    if type_ == "real" and isinstance(value, float):
        return round(pa.scalar(value, pa.float32()).as_py(), 6)
    return value


@pytest.mark.parametrize(
    "table",
    [
        *(f"all_{one}" for one in FORMATS),
        *(f"{kind}_{one}" for kind in ("part", "bucket") for one in ("orc", "parquet")),
        "evolved",
        "csv_custom",
        "text_custom",
    ],
)
def test_rows(warehouse: Harness, table: str) -> None:
    answers = recorded()
    answer = next(
        (found for sql, found in answers.items() if sql.startswith(f"SELECT * FROM hive.{SCHEMA}.{table} ")), None
    )
    with warehouse.statement() as on:
        handle = on.require(SCHEMA, table)
        if answer is None:
            # Only asked about in parts: at least Trino's own figures have to agree.
            assert on.metadata.statistics(on.session, handle).row_count == len(on.read(handle))
            return
        described = [column for column in on.metadata.table_metadata(on.session, handle).columns if not column.hidden]
        assert [column.name for column in described] == [column["name"] for column in answer["columns"]]
        ours = [[wire(column.type, one) for column, one in zip(described, row, strict=True)] for row in on.read(handle)]
    types = [column["type"] for column in answer["columns"]]
    theirs = [[rounded(type_, one) for type_, one in zip(types, row, strict=True)] for row in answer["rows"]]
    assert sorted(map(json.dumps, ours)) == sorted(map(json.dumps, theirs))


@pytest.mark.parametrize("table", ["part_parquet", "part_orc"])
def test_partitions(warehouse: Harness, table: str) -> None:
    answer = recorded()[f'SELECT * FROM hive.{SCHEMA}."{table}$partitions" ORDER BY p, d']
    with warehouse.statement() as on:
        found = on.metadata.find_system_table(on.session, SchemaTableName(SCHEMA, f"{table}$partitions"))
        assert found is not None
        types = [column.type for column in found.columns]
        ours = [[wire(type_, one) for type_, one in zip(types, row, strict=True)] for row in found.rows(on.session, {})]
    assert sorted(map(json.dumps, ours)) == sorted(map(json.dumps, answer["rows"]))


def test_every_document_is_understood(warehouse: Harness) -> None:
    with warehouse.statement() as on:
        assert SCHEMA in on.metadata.list_schema_names(on.session)
        names = on.metadata.list_tables(on.session, SCHEMA)
        assert len(names) > 10
        views = [name for name in names if on.metadata.find_view(on.session, name) is not None]
        assert [name.table for name in views] == ["v"]
        for name in names:
            if name not in views:
                handle = on.require(name.schema, name.table)
                assert on.metadata.table_metadata(on.session, handle).columns


def test_nothing_was_written(warehouse: Harness) -> None:
    with warehouse.statement() as on:
        on.rows(SCHEMA, "all_parquet", ["id"])
    root = Path(str(warehouse.connector.local_roots[0]))
    assert not (root / "metastore" / ".lodestar").exists()
