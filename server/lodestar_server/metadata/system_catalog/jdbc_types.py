"""How JDBC sees a type: numbers of java.sql.Types, sizes and radix; and the table of types."""

from __future__ import annotations

from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.system_catalog.columns import columns_of
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.values import frozen

UNBOUNDED = 2_147_483_647
JAVA_OBJECT = 2000
LONGEST_ZONE = 32
"""Characters of the longest zone name."""


@frozen
class JdbcType:
    """`data_type` of java.sql.Types; the others are NULL where they mean nothing."""

    data_type: int
    size: int | None = None
    digits: int | None = None
    radix: int | None = None
    octets: int | None = None


_FIXED: dict[Type, JdbcType] = {
    BOOLEAN: JdbcType(16),
    TINYINT: JdbcType(-6, 3, radix=10),
    SMALLINT: JdbcType(5, 5, radix=10),
    INTEGER: JdbcType(4, 10, radix=10),
    BIGINT: JdbcType(-5, 19, radix=10),
    REAL: JdbcType(7, 24, radix=2),
    DOUBLE: JdbcType(8, 53, radix=2),
    VARBINARY: JdbcType(-3, UNBOUNDED, octets=UNBOUNDED),
    DATE: JdbcType(91, 14),
}


def jdbc_type(type_: Type) -> JdbcType:
    """Source: the answers of Trino 476 (system.jdbc.columns)."""
    match type_:
        case DecimalType(precision, scale):
            return JdbcType(3, precision, scale, 10)
        case VarcharType(length):
            size = UNBOUNDED if length is None else length
            return JdbcType(12, size, octets=size)
        case CharType(length):
            return JdbcType(1, length, octets=length)
        case TimeType(precision):
            return JdbcType(92, 8 + _fraction(precision), precision)
        case TimeTzType(precision):
            return JdbcType(2013, 14 + _fraction(precision), precision)
        case TimestampType(precision):
            return JdbcType(93, 21 + _fraction(precision), precision)
        case TimestampTzType(precision):
            return JdbcType(2014, 22 + _fraction(precision) + 1 + LONGEST_ZONE, precision)
        case ArrayType():
            return JdbcType(2003)
        case _:
            return _FIXED.get(type_, JdbcType(JAVA_OBJECT))


def _fraction(precision: int) -> int:
    return 1 + precision if precision > 0 else 0


_COMPARABLE = (
    "BingTile, Geometry, ObjectId, color, interval day to second, interval year to month, ipaddress, json,"
    " unknown, uuid"
)
_NOT_COMPARABLE = (
    "Classifier, CodePoints, HyperLogLog, JoniRegExp, JsonPath, JsonPath2016, KdbTree, LikePattern, Model,"
    " P4HyperLogLog, Re2JRegExp, Regressor, SetDigest, SphericalGeography, json2016, tdigest,"
    " char, decimal, function, map, qdigest, row, time, time with time zone, timestamp, timestamp with time zone,"
    " varchar"
)
"""Types with parameters are among these."""

_SEARCHABLE, _NOT_SEARCHABLE = 3, 0


class JdbcTypesTable(EngineTable):
    """One row per type; a type with parameters is there by its bare name, without sizes. integer is there twice."""

    name = SchemaTableName("jdbc", "types")
    columns = columns_of(
        "type_name varchar; data_type bigint; precision bigint; literal_prefix varchar; literal_suffix varchar;"
        " create_params varchar; nullable bigint; case_sensitive boolean; searchable bigint;"
        " unsigned_attribute boolean; fixed_prec_scale boolean; auto_increment boolean; local_type_name varchar;"
        " minimum_scale bigint; maximum_scale bigint; sql_data_type bigint; sql_datetime_sub bigint;"
        " num_prec_radix bigint"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Always the same."""
        for type_ in (*_FIXED, INTEGER):
            yield _row(type_.display, jdbc_type(type_), _SEARCHABLE)
        for names, searchable in ((_COMPARABLE, _SEARCHABLE), (_NOT_COMPARABLE, _NOT_SEARCHABLE)):
            for name in names.split(", "):
                yield _row(name, JdbcType(JAVA_OBJECT), searchable)
        yield _row("array", JdbcType(2003), _NOT_SEARCHABLE)


def _row(name: str, jdbc: JdbcType, searchable: int) -> tuple[object, ...]:
    return (
        name,
        jdbc.data_type,
        jdbc.size,
        None,
        None,
        None,
        1,
        False,
        searchable,
        None,
        False,
        None,
        None,
        0,
        0,
        None,
        None,
        jdbc.radix,
    )
