"""Types in DDL and CAST."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sqlalchemy_lodestar import (
    ARRAY,
    HYPERLOGLOG,
    INTERVAL_YEAR_TO_MONTH,
    IPADDRESS,
    JSON,
    MAP,
    OPAQUE,
    TIME,
    TIMESTAMP,
    TINYINT,
)
from sqlalchemy_lodestar.dialect import LodestarDialect


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        # generic types lose nothing of Python's values
        (sa.DateTime(), "TIMESTAMP(6)"),
        (sa.DateTime(timezone=True), "TIMESTAMP(6) WITH TIME ZONE"),
        (sa.Time(), "TIME(6)"),
        (sa.Float(), "DOUBLE"),
        (sa.Double(), "DOUBLE"),
        (sa.Float(24), "REAL"),
        (sa.Float(25), "DOUBLE"),
        (sa.Interval(), "INTERVAL DAY TO SECOND"),
        (sa.Uuid(), "UUID"),
        (sa.Uuid(native_uuid=False), "CHAR(32)"),
        (sa.Enum("a", "bcd", name="e"), "VARCHAR(3)"),
        # upper-case types say what they are
        (sa.TIMESTAMP(), "TIMESTAMP"),
        (sa.TIME(timezone=True), "TIME WITH TIME ZONE"),
        (TIMESTAMP(9, timezone=True), "TIMESTAMP(9) WITH TIME ZONE"),
        (TIME(0), "TIME(0)"),
        (sa.REAL(), "REAL"),
        (sa.DOUBLE_PRECISION(), "DOUBLE"),
        (sa.Numeric(), "DECIMAL"),
        (sa.Numeric(10), "DECIMAL(10)"),
        (sa.Numeric(10, 2), "DECIMAL(10, 2)"),
        (TINYINT(), "TINYINT"),
        (sa.Text(), "VARCHAR"),
        (sa.Unicode(5), "VARCHAR(5)"),
        (sa.CHAR(2), "CHAR(2)"),
        (sa.LargeBinary(), "VARBINARY"),
        (sa.BLOB(), "VARBINARY"),
        (JSON(), "JSON"),
        (IPADDRESS(), "IPADDRESS"),
        (INTERVAL_YEAR_TO_MONTH(), "INTERVAL YEAR TO MONTH"),
        (HYPERLOGLOG(), "HyperLogLog"),
        (OPAQUE("qdigest(bigint)"), "qdigest(bigint)"),
        (sa.ARRAY(sa.Integer), "ARRAY(INTEGER)"),
        (ARRAY(sa.Integer, dimensions=2), "ARRAY(ARRAY(INTEGER))"),
        (MAP(sa.String, sa.DateTime), "MAP(VARCHAR, TIMESTAMP(6))"),
    ],
)
def test_types(type_, text):
    assert LodestarDialect().type_compiler_instance.process(type_) == text


@pytest.mark.parametrize("precision", [-1, 13])
def test_precisions_are_checked(precision):
    with pytest.raises(ValueError, match="between 0 and 12"):
        TIMESTAMP(precision)
