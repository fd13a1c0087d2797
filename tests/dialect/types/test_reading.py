"""Trino's type text → types. The texts are those of information_schema.columns of a Trino 476."""

from __future__ import annotations

import pytest

from sqlalchemy_lodestar.dialect import LodestarDialect
from sqlalchemy_lodestar.types import read_type


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("integer", "INTEGER"),
        ("tinyint", "TINYINT"),
        ("varchar", "VARCHAR"),
        ("varchar(10)", "VARCHAR(10)"),
        ("char(5)", "CHAR(5)"),
        ("decimal(10,2)", "DECIMAL(10, 2)"),
        ("double", "DOUBLE"),
        ("timestamp(3)", "TIMESTAMP(3)"),
        ("timestamp(12) with time zone", "TIMESTAMP(12) WITH TIME ZONE"),
        ("time(0) with time zone", "TIME(0) WITH TIME ZONE"),
        ("interval day to second", "INTERVAL DAY TO SECOND"),
        ("interval year to month", "INTERVAL YEAR TO MONTH"),
        ("HyperLogLog", "HyperLogLog"),
        ("qdigest(bigint)", "qdigest(bigint)"),
        ("color", "color"),
        ("array(array(integer))", "ARRAY(ARRAY(INTEGER))"),
        ("map(varchar, array(decimal(4,1)))", "MAP(VARCHAR, ARRAY(DECIMAL(4, 1)))"),
        ("row(integer, integer)", "ROW(INTEGER, INTEGER)"),
        ("row(a integer, b c varchar)", 'ROW("a" INTEGER, "b c" VARCHAR)'),
        ("row(date date, t timestamp(3) with time zone)", 'ROW("date" DATE, "t" TIMESTAMP(3) WITH TIME ZONE)'),
        ('row("a,b" integer, "c""d" varchar)', 'ROW("a,b" INTEGER, "c""d" VARCHAR)'),
        (
            'row(A"b integer, select varchar, x row(integer, y row(z timestamp(3))))',
            'ROW("A""b" INTEGER, "select" VARCHAR, "x" ROW(INTEGER, "y" ROW("z" TIMESTAMP(3))))',
        ),
    ],
)
def test_reads_what_trino_writes(text, written):
    assert LodestarDialect().type_compiler_instance.process(read_type(text)) == written


@pytest.mark.parametrize("text", ["nothing", "array(nothing)", "map(varchar)", "row(a nothing)", "varchar(x)", ""])
def test_unknown_types_are_none(text):
    assert read_type(text) is None
