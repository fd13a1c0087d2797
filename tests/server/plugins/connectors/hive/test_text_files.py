"""Lines of text: what is read from them, and that what is written is read again."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.text_files import LineFileWriter, TextOptions, read_rows, split_csv
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.values import values_to_arrow

INNER = RowType((RowField("c", VARCHAR), RowField("d", ArrayType(DATE))))
COLUMNS: Sequence[tuple[str, Type, Any]] = (
    ("c_boolean", BOOLEAN, True),
    ("c_bigint", BIGINT, -9223372027999999944),
    ("c_double", DOUBLE, 1.1428571428571428),
    ("c_decimal", DecimalType(38, 10), 7901234568790123456878960987654312),
    ("c_varchar", VarcharType(20), "Zeile 9 é😀"),
    ("c_char", CharType(3), "xy"),
    ("c_varbinary", VARBINARY, b"\x00\xff"),
    ("c_date", DATE, -18951),
    ("c_timestamp", TimestampType(3), -2140560104001 * 10**9),
    ("c_array", ArrayType(BIGINT), (8, None)),
    ("c_map", MapType(VARCHAR, DOUBLE), (("k", 4.0), ("8", None))),
    ("c_row", RowType((RowField("a", INTEGER), RowField("b", INNER))), (9, ("v", (19782,)))),
)


def rows_of(
    form: StorageFormat, content: bytes, columns: Sequence[tuple[str, Type]], options: dict[str, str] | None = None
) -> list[Any]:
    wanted = [(name, type_, i) for i, (name, type_) in enumerate(columns)]
    return list(read_rows(form, TextOptions.of(options or {}), "a.txt", io.BytesIO(content), wanted))


@pytest.mark.parametrize("form", [StorageFormat.TEXTFILE, StorageFormat.JSON])
@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_written_is_read(form: StorageFormat, compressed: bool) -> None:
    # JSON keeps bytes as text, which does not hold all of them.
    columns = [one for one in COLUMNS if form is StorageFormat.TEXTFILE or one[1] != VARBINARY]
    names, types = [name for name, _, _ in columns], [type_ for _, type_, _ in columns]
    stream = io.BytesIO()
    writer = LineFileWriter(form, stream, names, types, TextOptions.of({}), compressed=compressed)
    arrays = [values_to_arrow(type_, [value, None]) for _, type_, value in columns]
    writer.write(pa.RecordBatch.from_arrays(arrays, names))
    writer.close()
    location = "a.gz" if compressed else "a"
    wanted = [(name, type_, i) for i, (name, type_) in enumerate(zip(names, types, strict=True))]
    rows = list(read_rows(form, TextOptions.of({}), location, io.BytesIO(stream.getvalue()), wanted))
    assert rows == [tuple(value for _, _, value in columns), (None,) * len(columns)]


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('"10",,"xy ",""', ["10", "", "xy ", ""]),
        ('a,"b,c",d', ["a", "b,c", "d"]),
        ('"say ""hi""",x', ['say "hi"', "x"]),
    ],
)
def test_csv_has_quotes(line: str, parts: list[str]) -> None:
    assert split_csv(line, TextOptions.of({})) == parts


def test_csv_with_its_own_characters() -> None:
    options = TextOptions.of({"separatorChar": ";", "quoteChar": "'", "escapeChar": "\\"})
    assert split_csv(r"'x;y';'it\'s'", options) == ["x;y", "it's"]
    assert split_csv(r"'back\\slash';", options) == ["back\\slash", ""]


def test_csv_that_is_written_is_read() -> None:
    options = TextOptions.of({"separatorChar": ";", "quoteChar": "'", "escapeChar": "\\"})
    stream = io.BytesIO()
    writer = LineFileWriter(StorageFormat.CSV, stream, ["a", "b"], [VARCHAR, VARCHAR], options, compressed=False)
    arrays = [pa.array(["x;y", "it's"]), pa.array([None, "\\"], pa.string())]
    writer.write(pa.RecordBatch.from_arrays(arrays, ["a", "b"]))
    assert [split_csv(line, options) for line in stream.getvalue().decode().splitlines()] == [
        ["x;y", ""],
        ["it's", "\\"],
    ]


def test_text_with_its_own_separator_escape_and_null() -> None:
    columns = [("a", VARCHAR), ("b", BIGINT), ("c", ArrayType(VARCHAR))]
    content = b"a\\|b|1|x\x02y\nnil|nil|nil\nnil |-5|\n"
    options = {"field.delim": "|", "escape.delim": "\\", "serialization.null.format": "nil"}
    found = rows_of(StorageFormat.TEXTFILE, content, columns, options)
    assert found == [("a|b", 1, ("x", "y")), (None, None, None), ("nil ", -5, ())]


def test_a_text_that_is_no_value_is_null() -> None:
    columns = [("a", INTEGER), ("b", DATE), ("c", DecimalType(3, 1)), ("d", BOOLEAN), ("e", VARCHAR)]
    assert rows_of(StorageFormat.TEXTFILE, b"x\x01y\x0112345\x01maybe\n", columns) == [(None,) * 5]


def test_header_and_footer_are_passed_over() -> None:
    options = {"skip.header.line.count": "1", "skip.footer.line.count": "1"}
    assert rows_of(StorageFormat.TEXTFILE, b"head\n1\n2\nfoot\n", [("a", BIGINT)], options) == [(1,), (2,)]


def test_json_names_have_no_case_and_numbers_are_exact() -> None:
    content = b'{"A":12345678901234567890.5,"b":{"X":1}}\n'
    columns = [("a", DecimalType(38, 1)), ("b", RowType((RowField("x", BIGINT),)))]
    assert rows_of(StorageFormat.JSON, content, columns) == [(123456789012345678905, (1,))]


@pytest.mark.parametrize("content", [b"{\n", b"[1]\n"])
def test_a_line_that_is_no_object_is_bad_data(content: bytes) -> None:
    with pytest.raises(LodestarError) as fault:
        rows_of(StorageFormat.JSON, content, [("a", BIGINT)])
    assert fault.value.code.name == "HIVE_BAD_DATA"


def test_a_truncated_file_is_bad_data() -> None:
    cut = io.BytesIO(gzip.compress(b"1\n" * 1000)[:-12])
    with pytest.raises(LodestarError) as fault:
        list(read_rows(StorageFormat.TEXTFILE, TextOptions.of({}), "a.gz", cut, [("a", BIGINT, 0)]))
    assert fault.value.code.name == "HIVE_BAD_DATA"
