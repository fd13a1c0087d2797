"""Avro files of others and our own; what is read and refused is what Trino reads and refuses of the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive, visible_files

from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.text import parse_type

MILLIS = 1_709_210_096_123
PICOS = 10**9


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


def record(*fields: tuple[str, Any], **defaults: Any) -> dict[str, Any]:
    made = [{"name": name, "type": type_} for name, type_ in fields]
    for field in made:
        if field["name"] in defaults:
            field["default"] = defaults[field["name"]]
    return {"type": "record", "name": "r", "fields": made}


def definition(columns: str, **properties: Any) -> Any:
    typed = [(one.split(" ", 1)[0], parse_type(one.split(" ", 1)[1])) for one in columns.split("; ")]
    return table("default", "t", typed, format="AVRO", **properties)


def read(
    harness: Harness, root: Path, schema: Any, rows: list[dict[str, Any]], columns: str, **properties: Any
) -> list[tuple[Any, ...]]:
    directory = root / "files"
    directory.mkdir(exist_ok=True)
    with (directory / "f").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), rows, codec="deflate")
    with harness.statement() as on:
        made = definition(columns, external_location="local:///files", **properties)
        on.metadata.create_table(on.session, made, SaveMode.FAIL)
    with harness.statement() as on:
        return on.rows("default", "t")


BASE = record(("a", ["null", "int"]), ("b", ["null", "string"]))
ROWS = [{"a": 1, "b": "x"}, {"a": None, "b": None}]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("b varchar; a integer", [("x", 1), (None, None)]),
        ("a bigint; b varchar; c bigint", [(1, "x", None), (None, None, None)]),
        ("c bigint", [(None,), (None,)]),
        ("a double; b varbinary", [(1.0, b"x"), (None, None)]),
        ("a real; b char(1)", [(1.0, "x"), (None, None)]),
    ],
)
def test_columns_by_name_and_wider(
    harness: Harness, tmp_path: Path, columns: str, expected: list[tuple[Any, ...]]
) -> None:
    assert read(harness, tmp_path, BASE, ROWS, columns) == expected


@pytest.mark.parametrize(
    ("type_", "value", "column", "expected"),
    [
        ({"type": "long", "logicalType": "timestamp-millis"}, MILLIS, "timestamp(3)", MILLIS * PICOS),
        ("long", MILLIS, "timestamp(3)", MILLIS * PICOS),
        ({"type": "int", "logicalType": "date"}, 19_782, "date", 19_782),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2},
            Decimal("-1.25"),
            "decimal(5,2)",
            -125,
        ),
        ({"type": "array", "items": ["null", "int"]}, [1, None], "array(integer)", (1, None)),
        ({"type": "map", "values": ["null", "long"]}, {"k": None}, "map(varchar, bigint)", (("k", None),)),
        (
            {**record(("X", "int"), ("y", "string")), "name": "q"},
            {"X": 1, "y": "z"},
            "row(x integer, y varchar)",
            (None, "z"),
        ),
        ("string", "żółw  ", "varchar(2)", "żó"),
    ],
)
def test_types(harness: Harness, tmp_path: Path, type_: Any, value: Any, column: str, expected: Any) -> None:
    assert read(harness, tmp_path, record(("a", type_)), [{"a": value}], f"a {column}") == [(expected,)]


@pytest.mark.parametrize(
    ("type_", "value", "column"),
    [
        ("long", 1, "integer"),
        ("int", 1, "varchar"),
        ({"type": "enum", "name": "e", "symbols": ["X"]}, "X", "varchar"),
        ({"type": "fixed", "name": "x", "size": 1}, b"a", "varbinary"),
    ],
)
def test_types_that_do_not_fit(harness: Harness, tmp_path: Path, type_: Any, value: Any, column: str) -> None:
    with pytest.raises(LodestarError) as caught:
        read(harness, tmp_path, record(("a", type_)), [{"a": value}], f"a {column}")
    assert (caught.value.code.name, caught.value.message) == ("HIVE_CURSOR_ERROR", "Failed to read Avro file: f")


def test_a_schema_of_the_table(harness: Harness, tmp_path: Path) -> None:
    wanted = record(("aa", ["null", "int"]), ("B", ["null", "string"]), ("c", "string"), c="none")
    wanted["fields"][0]["aliases"] = ["a"]
    (tmp_path / "s.avsc").write_text(json.dumps(wanted).replace('"B"', '"b"'))
    rows = read(harness, tmp_path, BASE, ROWS, "c varchar; aa integer; b varchar", avro_schema_url="local:///s.avsc")
    assert rows == [("none", 1, "x"), ("none", None, None)]
    with (
        harness.statement() as on,
        pytest.raises(LodestarError, match="ALTER TABLE not supported when Avro schema url"),
    ):
        handle = on.require("default", "t")
        on.metadata.drop_column(on.session, handle, on.column(handle, "c"))


def test_a_column_that_the_schema_lacks(harness: Harness, tmp_path: Path) -> None:
    with pytest.raises(LodestarError) as caught:
        read(harness, tmp_path, BASE, ROWS, "z integer", avro_schema_literal=json.dumps(BASE))
    assert (caught.value.code.name, caught.value.message) == (
        "HIVE_CANNOT_OPEN_SPLIT",
        "Unable to find column z in table Avro schema r",
    )


@pytest.mark.parametrize(
    ("columns", "properties", "code", "message"),
    [
        (
            "a tinyint",
            {},
            "NOT_SUPPORTED",
            "Column 'a' is tinyint, which is not supported by Avro. Use integer instead.",
        ),
        (
            "a array(map(bigint, bigint))",
            {},
            "NOT_SUPPORTED",
            "Column 'a' has a non-varchar map key, which is not supported by Avro",
        ),
        (
            "a bigint",
            {"avro_schema_url": "local:///none"},
            "INVALID_TABLE_PROPERTY",
            "Cannot locate Avro schema file: local:///none",
        ),
        (
            "a bigint",
            {"avro_schema_url": "none"},
            "INVALID_TABLE_PROPERTY",
            "Avro schema file is not a valid file system URI: none",
        ),
        (
            "a bigint",
            {"avro_schema_url": "local:///none", "avro_schema_literal": "{}"},
            "INVALID_TABLE_PROPERTY",
            "avro_schema_url and avro_schema_literal cannot both be set",
        ),
        ("a bigint", {"avro_schema_literal": "{}"}, "INVALID_TABLE_PROPERTY", "Failed to parse Avro schema: {}"),
    ],
)
def test_refused_tables(harness: Harness, columns: str, properties: dict[str, str], code: str, message: str) -> None:
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.metadata.create_table(on.session, definition(columns, **properties), SaveMode.FAIL)
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_no_avro_file(harness: Harness, tmp_path: Path) -> None:
    read(harness, tmp_path, BASE, ROWS, "a integer")
    (tmp_path / "files" / "f").write_bytes(b"something else")
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.rows("default", "t")
    assert caught.value.code.name == "HIVE_CANNOT_OPEN_SPLIT"


TYPES = (
    "a bigint; b varchar; c double; d timestamp(3); e date; f varbinary; g array(integer); h map(varchar, varchar);"
    " i row(x integer, y decimal(30,2)); j boolean; k real; l char(3); m decimal(5,2)"
)
WRITTEN = [
    (1, "ż", 0.5, -MILLIS * PICOS, -1, b"\0\xff", (1, None), (("k", None),), (7, -(10**29)), True, 1.5, "a", -32_768),
    (None,) * 13,
]


@pytest.mark.parametrize("codec", ["NONE", "GZIP", "SNAPPY", "ZSTD"])
def test_written_and_read(harness: Harness, tmp_path: Path, codec: str) -> None:
    with harness.statement(compression_codec=codec) as on:
        on.create_with_rows(definition(TYPES), WRITTEN)
    with harness.statement() as on:
        assert on.rows("default", "t") == WRITTEN
        assert on.rows("default", "t", []) == [(), ()]
    (name,) = visible_files(tmp_path / "metastore" / "default" / "t")
    with (tmp_path / "metastore" / "default" / "t" / name).open("rb") as file:
        first = next(iter(fastavro.reader(file)))
    assert isinstance(first, dict)
    assert (first["m"], first["l"], first["i"]["y"]) == (Decimal("-327.68"), "a  ", Decimal(-(10**27)))


def test_lz4_is_not_for_avro(harness: Harness) -> None:
    with harness.statement(compression_codec="LZ4") as on, pytest.raises(LodestarError) as caught:
        on.create_with_rows(definition("a bigint"), [(1,)])
    assert (caught.value.code.name, caught.value.message) == (
        "HIVE_UNSUPPORTED_FORMAT",
        "Compression codec LZ4 not supported for Avro",
    )


def test_names_that_avro_has_not(harness: Harness) -> None:
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        definition_ = table("default", "t", [("a b", parse_type("bigint"))], format="AVRO")
        on.create_with_rows(definition_, [(1,)])
    assert caught.value.code.name == "HIVE_WRITER_OPEN_ERROR"
