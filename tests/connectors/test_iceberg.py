"""The suite over the iceberg connector, once per format that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.connectors.behaviours import Behaviour, Keeps
from tests.connectors.suite import ROWS, ConnectorSuite
from tests.fakes.harness import Harness, table
from tests.fakes.iceberg import iceberg

from lodestar_server.spi.connector import SaveMode, TableVersion
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import BIGINT, INTEGER, RowField, RowType, Type


class TestIcebergParquet(ConnectorSuite):
    supports: ClassVar = frozenset(Behaviour)
    keeps: ClassVar = frozenset(Keeps)
    properties: ClassVar[dict[str, Any]] = {"format": "PARQUET"}

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        made = iceberg(tmp_path)
        yield made
        made.connector.shutdown()

    def test_set_column_type(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with harness.statement() as on:
            on.metadata.create_table(on.session, table("default", "n", [("n", INTEGER)]), SaveMode.FAIL)
            on.insert("default", "n", [(1,)])
        self.change(
            harness,
            ("default", "n"),
            lambda on, t: on.metadata.set_column_type(on.session, t, on.column(t, "n"), BIGINT),
        )
        with harness.statement() as on:
            on.insert("default", "n", [(5_000_000_000,)])
            assert sorted(on.rows("default", "n")) == [(1,), (5_000_000_000,)]

    def test_add_field(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with harness.statement() as on:
            columns: list[tuple[str, Type]] = [("r", RowType((RowField("a", INTEGER),)))]
            on.create_with_rows(table("default", "n", columns, **self.properties), [((1,),)])
        self.change(harness, ("default", "n"), lambda on, t: on.metadata.add_field(on.session, t, ["r"], "x", INTEGER))
        with harness.statement() as on:
            assert on.rows("default", "n") == [((1, None),)]

    def test_versions(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with harness.statement() as on:
            snapshots = on.metadata.find_system_table(on.session, SchemaTableName("default", "t$snapshots"))
            assert snapshots is not None
            ((_, first, *_),) = snapshots.rows(on.session, {})
            on.insert("default", "t", [(4, None)])
        with harness.statement() as on:
            old = on.metadata.find_table(
                on.session, SchemaTableName("default", "t"), TableVersion(False, BIGINT, first)
            )
            assert old is not None
            assert sorted(on.read(old)) == ROWS

    def test_rename_schema(self, harness: Harness, some_table: tuple[str, str]) -> None:
        with harness.statement() as on:
            on.metadata.create_schema(on.session, "empty", {}, "alice")
            on.metadata.rename_schema(on.session, "empty", "renamed")
            assert on.metadata.schema_exists(on.session, "renamed")


class TestIcebergOrc(TestIcebergParquet):
    properties: ClassVar[dict[str, Any]] = {"format": "ORC"}


class TestIcebergAvro(TestIcebergParquet):
    properties: ClassVar[dict[str, Any]] = {"format": "AVRO"}
