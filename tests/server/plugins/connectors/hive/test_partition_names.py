"""Names of partitions: escaped in paths, written from values, read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lodestar_server.plugins.connectors.hive.partition_names import (
    check_partition_type,
    java_float,
    read_values,
    write_value,
)
from lodestar_server.plugins.toolkit.metastore.partition_names import (
    NULL_VALUE,
    escape_name,
    make_partition_name,
    parse_partition_name,
    unescape_name,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    TINYINT,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    TimestampType,
    Type,
    VarcharType,
)

SECOND = 10**12


@dataclass(frozen=True)
class Column:
    name: str
    type: Type


def read(type_: Type, text: str) -> Any:
    return read_values([Column("p", type_)], [text])[0]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain-text_1.2", "plain-text_1.2"),
        ("a b", "a b"),
        ("a/b=c%d", "a%2Fb%3Dc%25d"),
        ("\":*?\\{[]^#'", "%22%3A%2A%3F%5C%7B%5B%5D%5E%23%27"),
        ("tab\tdel\x7f", "tab%09del%7F"),
        ("2024-01-01 12:00:00.0", "2024-01-01 12%3A00%3A00.0"),
        ("żółw", "żółw"),
    ],
)
def test_escaping(text: str, escaped: str) -> None:
    assert escape_name(text) == escaped
    assert unescape_name(escaped) == text


def test_names() -> None:
    assert make_partition_name(["p", "q/r"], ["a=b", "1"]) == "p=a%3Db/q%2Fr=1"
    assert parse_partition_name("p=a%3Db/q%2Fr=1", 2) == ("a=b", "1")


@pytest.mark.parametrize("name", ["p=1", "p=1/q", "p=1/q=2/r=3", ""])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(LodestarError) as caught:
        parse_partition_name(name, 2)
    assert (caught.value.code.name, caught.value.message) == (
        "HIVE_INVALID_METADATA",
        f"Invalid partition name: {name}",
    )


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (BOOLEAN, True, "true"),
        (TINYINT, -128, "-128"),
        (BIGINT, 2**63 - 1, "9223372036854775807"),
        (DOUBLE, 1.0, "1.0"),
        (DOUBLE, 1e10, "1.0E10"),
        (DOUBLE, float("-inf"), "-Infinity"),
        (REAL, 0.1, "0.1"),
        (DecimalType(5, 2), -150, "-1.50"),
        (DecimalType(38, 0), 10**37, "1" + "0" * 37),
        (DATE, 0, "1970-01-01"),
        (DATE, -735_000, "-0043-08-22"),
        (TimestampType(3), 1_500 * 10**9, "1970-01-01 00:00:01.5"),
        (TimestampType(3), -1 * SECOND, "1969-12-31 23:59:59.0"),
        (VARCHAR, "a b", "a b"),
        (VarcharType(3), "abc", "abc"),
        (CharType(5), "ab", "ab   "),
        (CharType(5), "", "     "),
    ],
)
def test_values(type_: Type, value: Any, text: str) -> None:
    assert write_value(type_, value) == text
    assert read(type_, text) == value


@pytest.mark.parametrize(("type_", "value"), [(INTEGER, None), (VARCHAR, None), (VARCHAR, ""), (CharType(3), None)])
def test_null(type_: Type, value: Any) -> None:
    assert write_value(type_, value) == NULL_VALUE
    assert read(type_, NULL_VALUE) is None


def test_nan() -> None:
    assert write_value(DOUBLE, float("nan")) == "NaN"
    assert str(read(DOUBLE, "NaN")) == "nan"


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (INTEGER, "", 0),
        (INTEGER, "007", 7),
        (BOOLEAN, "TRUE", True),
        (DATE, "2024-1-2", 19_724),
        (DATE, "2024-01-02 00:00:00", 19_724),
        (DecimalType(5, 2), "1.5", 150),
        (TimestampType(3), "1970-01-01 00:00:00", 0),
    ],
)
def test_other_spellings(type_: Type, text: str, value: Any) -> None:
    assert read(type_, text) == value


@pytest.mark.parametrize(
    ("type_", "text", "label"),
    [
        (INTEGER, "x", "INTEGER"),
        (TINYINT, "128", "TINYINT"),
        (BOOLEAN, "1", "BOOLEAN"),
        (REAL, "x", "FLOAT"),
        (DATE, "2024-02-30", "DATE"),
        (DATE, "2024-01-02 01:00:00", "DATE"),
        (TimestampType(3), "x", "TIMESTAMP"),
        (DecimalType(3, 1), "100.0", "decimal(3,1)"),
        (VarcharType(2), "abc", "varchar(2)"),
        (CharType(2), "abc", "char(2)"),
    ],
)
def test_texts_that_are_no_values(type_: Type, text: str, label: str) -> None:
    with pytest.raises(LodestarError) as caught:
        read_values([Column("o", VARCHAR), Column("p", type_)], ["x", text])
    name = make_partition_name(["o", "p"], ["x", text])
    assert caught.value.code.name == "HIVE_INVALID_PARTITION_VALUE"
    assert caught.value.message == f"Invalid partition value '{text}' for {label} partition key: {name}"


def test_only_printable_ascii() -> None:
    with pytest.raises(LodestarError) as caught:
        write_value(VARCHAR, "żw")
    assert caught.value.message == (
        "Hive partition keys can only contain printable ASCII characters (0x20 - 0x7E). Invalid value: C5 BC 77"
    )


@pytest.mark.parametrize(("type_", "allowed"), [(DATE, True), (VARBINARY, False), (ArrayType(INTEGER), False)])
def test_types_of_keys(type_: Type, allowed: bool) -> None:
    if allowed:
        check_partition_type("p", type_)
        return
    with pytest.raises(LodestarError) as caught:
        check_partition_type("p", type_)
    assert caught.value.message == f"Unsupported type [{type_}] for partition: p"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (100.0, "100.0"),
        (9_999_999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (1.2345678901234567e300, "1.2345678901234567E300"),
        (5e-324, "4.9E-324"),
    ],
)
def test_doubles_as_java_prints_them(value: float, text: str) -> None:
    assert java_float(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.1"), (1e-45, "1.4E-45"), (3.4028235e38, "3.4028235E38"), (2.0, "2.0")]
)
def test_floats_as_java_prints_them(value: float, text: str) -> None:
    assert java_float(value, single=True) == text
