"""Properties of tables, schemas and the like: names, values, defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.catalogs import manager

from lodestar_server.metadata.catalogs import Catalog
from lodestar_server.metadata.properties import (
    PropertyKind,
    decode_property,
    encode_properties,
    require_property,
    unconvertible,
    with_defaults,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import INTEGER


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    properties = {
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///m",
        "fs.local.enabled": "true",
        "local.location": str(tmp_path),
    }
    return manager(tmp_path).create("hive", "hive", properties)


def test_unknown_names(catalog: Catalog) -> None:
    with pytest.raises(LodestarError) as caught:
        require_property(catalog, PropertyKind.TABLE, "nosuch")
    assert caught.value.code.name == "INVALID_TABLE_PROPERTY"
    assert caught.value.message == "Catalog 'hive' table property 'nosuch' does not exist"


def test_values(catalog: Catalog) -> None:
    declared = require_property(catalog, PropertyKind.TABLE, "partitioned_by")
    assert decode_property(catalog, PropertyKind.TABLE, declared, ("A", "b"), "ARRAY['A','b']") == ("a", "b")


@pytest.mark.parametrize(
    ("kind", "name", "value", "shown", "code", "message"),
    [
        (
            PropertyKind.TABLE,
            "format",
            "nosuch",
            "'nosuch'",
            "INVALID_TABLE_PROPERTY",
            "Unable to set catalog 'hive' table property 'format' to ['nosuch']: Invalid value [nosuch]. Valid values: "
            "[ORC, PARQUET, AVRO, RCBINARY, RCTEXT, SEQUENCEFILE, JSON, OPENX_JSON, TEXTFILE, CSV, REGEX]",
        ),
        (
            PropertyKind.SCHEMA,
            "location",
            None,
            "null",
            "INVALID_SCHEMA_PROPERTY",
            "Invalid null value for catalog 'hive' schema property 'location' from [null]",
        ),
        (
            PropertyKind.ANALYZE,
            "columns",
            ("a", None),
            "ARRAY['a',null]",
            "INVALID_ANALYZE_PROPERTY",
            "Unable to set catalog 'hive' analyze property 'columns' to [ARRAY['a',null]]: "
            "Invalid null value in analyze columns property",
        ),
    ],
)
def test_refusals(
    catalog: Catalog, kind: PropertyKind, name: str, value: object, shown: str, code: str, message: str
) -> None:
    declared = require_property(catalog, kind, name)
    with pytest.raises(LodestarError) as caught:
        decode_property(catalog, kind, declared, value, shown)
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_other_types(catalog: Catalog) -> None:
    declared = require_property(catalog, PropertyKind.TABLE, "bucket_count")
    error = unconvertible(catalog, PropertyKind.TABLE, declared, "'x'")
    assert error.message == (
        "Invalid value for catalog 'hive' table property 'bucket_count': Cannot convert ['x'] to integer"
    )
    assert declared.type == INTEGER


def test_defaults_and_what_show_create_shows(catalog: Catalog) -> None:
    declared = catalog.connector.table_properties()
    values = with_defaults(declared, {"bucket_count": 3})
    assert values["format"] == "ORC"
    assert values["bucket_count"] == 3
    assert "external_location" not in values
    shown = [(one.name, value) for one, value in encode_properties(declared, {"format": "ORC", "csv_quote": None})]
    assert shown == [("format", "ORC")]
