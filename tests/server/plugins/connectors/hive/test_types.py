"""Hive's type texts and Trino's types, both ways, and what has no counterpart."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.hive.types import (
    TimestampPrecision,
    check_timestamps,
    from_hive_type,
    to_hive_type,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import TimestampType
from lodestar_server.spi.types.text import parse_type

BOTH_WAYS = [
    ("boolean", "boolean"),
    ("tinyint", "tinyint"),
    ("smallint", "smallint"),
    ("integer", "int"),
    ("bigint", "bigint"),
    ("real", "float"),
    ("double", "double"),
    ("decimal(38,10)", "decimal(38,10)"),
    ("varchar", "string"),
    ("varchar(65535)", "varchar(65535)"),
    ("char(255)", "char(255)"),
    ("varbinary", "binary"),
    ("date", "date"),
    ("timestamp(3)", "timestamp"),
    ("array(map(bigint, varchar(3)))", "array<map<bigint,varchar(3)>>"),
    ("row(a integer, b row(c decimal(5,2)))", "struct<a:int,b:struct<c:decimal(5,2)>>"),
]


@pytest.mark.parametrize(("type_text", "hive"), BOTH_WAYS)
def test_both_ways(type_text: str, hive: str) -> None:
    assert to_hive_type(parse_type(type_text)) == hive
    assert from_hive_type(hive) == parse_type(type_text)


@pytest.mark.parametrize(
    ("hive", "type_text"),
    [
        ("decimal", "decimal(10,0)"),
        ("decimal(7)", "decimal(7,0)"),
        ("integer", "integer"),
        ("STRING", "varchar"),
        ("map< string , array<int> >", "map(varchar, array(integer))"),
        ("timestamp with local time zone", "timestamp(3) with time zone"),
    ],
)
def test_other_spellings(hive: str, type_text: str) -> None:
    assert from_hive_type(hive) == parse_type(type_text)


def test_precision_is_the_sessions() -> None:
    assert from_hive_type("timestamp", TimestampPrecision.NANOSECONDS) == TimestampType(9)


@pytest.mark.parametrize(
    ("type_text", "told"),
    [
        ("time(3)", "Unsupported Hive type: time(3)"),
        ("timestamp(3) with time zone", "Unsupported Hive type: timestamp(3) with time zone"),
        ("uuid", "Unsupported Hive type: uuid"),
        ("interval day to second", "Unsupported Hive type: interval day to second"),
        (
            "varchar(65536)",
            "Unsupported Hive type: varchar(65536). Supported VARCHAR types: VARCHAR(<=65535), VARCHAR.",
        ),
        ("char(256)", "Unsupported Hive type: char(256). Supported CHAR types: CHAR(<=255)."),
        (
            "row(integer)",
            "Anonymous row type is not supported in Hive. Please give each field a name: row(integer)",
        ),
        ("array(time(6))", "Unsupported Hive type: time(6)"),
    ],
)
def test_types_that_hive_does_not_have(type_text: str, told: str) -> None:
    with pytest.raises(LodestarError) as caught:
        to_hive_type(parse_type(type_text))
    assert (caught.value.code.name, caught.value.message) == ("NOT_SUPPORTED", told)


@pytest.mark.parametrize(
    "text", ["", "nosuch", "array<int", "array<int>>", "map<int>", "struct<a>", "varchar", "char()"]
)
def test_texts_that_are_none(text: str) -> None:
    with pytest.raises(LodestarError) as caught:
        from_hive_type(text)
    assert (caught.value.code.name, caught.value.message) == ("HIVE_INVALID_METADATA", f"Invalid Hive type: {text}")


def test_union_types() -> None:
    with pytest.raises(LodestarError) as caught:
        from_hive_type("uniontype<int,string>")
    assert caught.value.code.name == "NOT_SUPPORTED"


def test_timestamps_have_the_sessions_precision() -> None:
    check_timestamps("a", parse_type("row(x timestamp(3))"), TimestampPrecision.MILLISECONDS)
    with pytest.raises(LodestarError) as caught:
        check_timestamps("a", parse_type("array(timestamp(6))"), TimestampPrecision.MILLISECONDS)
    assert caught.value.message == (
        "Incorrect timestamp precision for timestamp(6); the configured precision is MILLISECONDS; column name: a"
    )
