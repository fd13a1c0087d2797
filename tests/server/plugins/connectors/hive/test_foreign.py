"""Tables of other engines and formats: what cannot be read or written rightly is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive

from lodestar_server.plugins.connectors.hive.bucketing import wanted_buckets
from lodestar_server.plugins.connectors.hive.foreign import has_hive_buckets, other_format
from lodestar_server.plugins.toolkit.metastore.model import Bucketing, HiveColumn, Table, TableType
from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.types import BIGINT

NAME = SchemaTableName("default", "t")
SPARK = {"spark.sql.sources.provider": "parquet"}
SPARK_BUCKETS = {**SPARK, "spark.sql.sources.schema.numBuckets": "4"}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    with made.statement() as on:
        on.metadata.create_table(on.session, table("default", "t", [("a", BIGINT)]), SaveMode.FAIL)
    yield made
    made.connector.shutdown()


def marked(harness: Harness, parameters: Mapping[str, str]) -> None:
    """Give the table parameters that only others write."""
    connector = harness.connector
    connector._metastore.alter_table(NAME, lambda found: replace(found, parameters={**found.parameters, **parameters}))


def refused(harness: Harness) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught, harness.statement() as on:
        on.rows("default", "t")
    return caught.value.code.name, caught.value.message


@pytest.mark.parametrize("parameter", ["transactional", "TRANSACTIONAL"])
def test_a_transactional_table_is_not_empty_but_refused(harness: Harness, tmp_path: Path, parameter: str) -> None:
    delta = tmp_path / "metastore" / "default" / "t" / "delta_0000001_0000001_0000"
    delta.mkdir()
    pq.write_table(pa.table({"a": [1]}), delta / "bucket_00000")
    marked(harness, {parameter: "True"})
    expected = ("NOT_SUPPORTED", "Hive transactional tables are not supported: 'default.t'")
    assert refused(harness) == expected
    with pytest.raises(LodestarError) as caught, harness.statement() as on:
        handle = on.require("default", "t")
        on.metadata.begin_insert(on.session, handle, [])
    assert (caught.value.code.name, caught.value.message) == expected
    with pytest.raises(LodestarError) as caught, harness.statement() as on:
        on.metadata.execute_delete(on.session, on.require("default", "t"))
    assert (caught.value.code.name, caught.value.message) == expected
    assert (delta / "bucket_00000").exists()


@pytest.mark.parametrize(
    ("parameters", "form"),
    [({"table_type": "ICEBERG"}, "Iceberg"), ({"spark.sql.sources.provider": "DELTA"}, "Delta Lake")],
)
def test_tables_of_other_formats(harness: Harness, parameters: Mapping[str, str], form: str) -> None:
    marked(harness, parameters)
    assert refused(harness) == ("UNSUPPORTED_TABLE_TYPE", f"Cannot query {form} table 'default.t'")


def test_a_table_of_hudi() -> None:
    hudi = {"inputFormat": "org.apache.hudi.hadoop.HoodieParquetInputFormat"}
    made = Table(NAME, None, TableType.EXTERNAL_TABLE, (HiveColumn("a", "bigint"),), original_format=hudi)
    assert other_format(made) == "Hudi"
    assert other_format(replace(made, original_format={})) is None


def test_buckets_of_spark_are_neither_pruned_nor_written(harness: Harness) -> None:
    columns = (HiveColumn("a", "bigint"),)
    made = Table(NAME, None, TableType.MANAGED_TABLE, columns, bucketing=Bucketing(("a",), 4))
    one = {"a": Domain.values(BIGINT, [7])}
    assert wanted_buckets(made, one) == {3}
    assert has_hive_buckets(made)
    of_spark = replace(made, parameters=SPARK)
    assert wanted_buckets(of_spark, one) is None
    assert not has_hive_buckets(of_spark)
    marked(harness, SPARK_BUCKETS)
    with pytest.raises(LodestarError) as caught, harness.statement() as on:
        on.metadata.begin_insert(on.session, on.require("default", "t"), [])
    assert caught.value.message == "Inserting into Spark bucketed tables is not supported"
