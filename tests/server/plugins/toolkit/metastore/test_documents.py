"""Trino's documents of a file metastore, read and written."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.model import TableType
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

NAME = SchemaTableName("s", "t")
TABLE = {
    "writerVersion": "476",
    "owner": "oracle",
    "tableType": "MANAGED_TABLE",
    "dataColumns": [
        {"name": "a", "type": "bigint", "properties": {}},
        {"name": "b", "type": "decimal(38,10)", "comment": "about", "properties": {}},
    ],
    "partitionColumns": [{"name": "p", "type": "string", "properties": {}}],
    "parameters": {"trino_version": "476", "auto.purge": "false"},
    "storageFormat": "PARQUET",
    "bucketProperty": {
        "bucketedBy": ["a"],
        "bucketCount": 4,
        "sortedBy": [{"columnName": "a", "order": "ASCENDING"}],
    },
    "serdeParameters": {"field.delim": "|"},
    "columnStatistics": {},
}
PARTITION = """{
  "columns" : [ { "name" : "b", "type" : "decimal(38,10)", "properties" : { } } ],
  "parameters" : { "numRows" : "1" },
  "storageFormat" : "PARQUET",
  "serdeParameters" : { },
  "columnStatistics" : {
    "b" : { "decimalStatistics" : { "min" : 1234567890123456789012345678.0123456789, "max" : 5.10 }, "nullsCount" : 0 }
  }
}"""


def test_a_table() -> None:
    table = documents.read_table(NAME, documents.load(json.dumps(TABLE).encode(), "t"), "local:///m/s/t")
    assert (table.type, table.location, table.owner) == (TableType.MANAGED_TABLE, "local:///m/s/t", "oracle")
    assert table.columns[1].comment == "about"
    assert table.bucketing is not None
    assert json.loads(documents.write_table(table)) == TABLE


def test_an_external_table() -> None:
    document = TABLE | {"tableType": "EXTERNAL_TABLE", "externalLocation": "local:///e"}
    table = documents.read_table(NAME, document, "local:///m/s/t")
    assert table.location == "local:///e"
    assert json.loads(documents.write_table(table))["externalLocation"] == "local:///e"


def test_numbers_keep_their_digits() -> None:
    partition = documents.read_partition(("x",), documents.load(PARTITION.encode(), "p"), "local:///m/s/t/p=x")
    low = partition.statistics["b"]["decimalStatistics"]["min"]
    assert low == Decimal("1234567890123456789012345678.0123456789")
    written = documents.write_partition(partition, "local:///m/s/t/p=x").decode()
    assert "1234567890123456789012345678.0123456789" in written
    assert "5.10" in written
    assert "externalLocation" not in written


def test_a_partition_elsewhere() -> None:
    partition = documents.read_partition(("x",), documents.load(PARTITION.encode(), "p"), "local:///m/s/t/p=x")
    assert json.loads(documents.write_partition(partition, "local:///other"))["externalLocation"] == partition.location


def test_a_schema() -> None:
    document = {"writerVersion": "476", "ownerName": "oracle", "ownerType": "USER", "parameters": {"q": "1"}}
    database = documents.read_database("s", document)
    assert (database.owner, database.location) == ("oracle", None)
    assert json.loads(documents.write_database(database)) == document


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_document(content: bytes) -> None:
    with pytest.raises(LodestarError) as caught:
        documents.load(content, "s.t")
    assert (caught.value.code.name, caught.value.message) == (
        "HIVE_INVALID_METADATA",
        "Invalid metastore document: s.t",
    )


def test_tables_of_an_unknown_kind() -> None:
    with pytest.raises(LodestarError) as caught:
        documents.read_table(NAME, TABLE | {"tableType": "INDEX"}, "local:///m")
    assert caught.value.code.name == "HIVE_INVALID_METADATA"
