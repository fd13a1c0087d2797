"""Types that random expressions have, and texts of values: ordinary ones, ends of ranges, and what trips parsers."""

from __future__ import annotations

from random import Random

from lodestar_server.spi.types import (
    BIGINT,
    BING_TILE,
    BOOLEAN,
    CODE_POINTS,
    COLOR,
    DATE,
    DOUBLE,
    GEOMETRY,
    HYPER_LOG_LOG,
    INTEGER,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    IPADDRESS,
    JONI_REGEXP,
    JSON,
    JSON_PATH,
    REAL,
    SMALLINT,
    SPHERICAL_GEOGRAPHY,
    TINYINT,
    UUID,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)

NUMBERS: tuple[Type, ...] = (
    TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, DecimalType(5, 2), DecimalType(18, 3), DecimalType(38, 10)
)  # fmt: skip
TEXTS: tuple[Type, ...] = (VARCHAR, VarcharType(5), CharType(4), VARBINARY, JSON)
INSTANTS: tuple[Type, ...] = (
    DATE, TimeType(3), TimeType(9), TimeTzType(3), TimestampType(3), TimestampType(0), TimestampType(9),
    TimestampTzType(3), TimestampTzType(6), INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH,
)  # fmt: skip
EXTREMES: tuple[Type, ...] = (
    DecimalType(38, 0), DecimalType(38, 38), DecimalType(1, 1), TimestampType(12), TimestampTzType(9),
    TimestampTzType(0), TimeTzType(9),
)  # fmt: skip
"""The widest and the narrowest of families with numbers."""
SCALARS: tuple[Type, ...] = (BOOLEAN, *NUMBERS, *TEXTS, *INSTANTS, UUID, IPADDRESS, *EXTREMES)
PAIR = RowType((RowField("x", BIGINT), RowField("y", VARCHAR)))
NESTED: tuple[Type, ...] = (
    ArrayType(BIGINT), ArrayType(VARCHAR), ArrayType(DOUBLE), MapType(VARCHAR, BIGINT),
    MapType(BIGINT, ArrayType(VARCHAR)), PAIR, ArrayType(PAIR), ArrayType(ArrayType(INTEGER)),
    RowType((RowField("d", DOUBLE), RowField("a", ArrayType(DOUBLE)))), ArrayType(DecimalType(38, 0)),
    ArrayType(TimestampTzType(3)), MapType(DATE, INTERVAL_DAY_SECOND),
)  # fmt: skip
COMMON: tuple[Type, ...] = (BOOLEAN, INTEGER, BIGINT, DOUBLE, DecimalType(18, 3), VARCHAR, DATE, TimestampType(3))

_INTEGERS = ("0", "1", "2", "3", "-1", "5", "10", "7", "12", "100")
_LIMITS = {TINYINT: 7, SMALLINT: 15, INTEGER: 31, BIGINT: 63}
_DOUBLES = (
    "0e0", "1e0", "-1e0", "5e-1", "25e-1", "1e1", "1.5e300", "4.9e-324", "nan()", "infinity()", "-infinity()", "-0e0",
    "1e7", "1e-4", "123456.789e0",
)  # fmt: skip
_WORDS = (
    "", "a", "b", "ab", "abc", "A b", "hello world", " x ", "é", "日本語", "😀", "a,b,c", "k1=v1,k2=v2", "1", "-7",
    "3.5", "true", "2024-02-29", "2024-02-29 12:34:56.789", "12:34:56", "day", "month", "hour", "UTC",
    "Europe/Paris", "%d/%m/%Y", "yyyy-MM-dd", "[a-c]+", "a(b)?", "(\\d+)", "a%", "_b", "$.a", "$", "{\"a\": 1}",
    "[1, 2, null]", "null", "0A1B", "aGVsbG8=", "http://a.b:80/p?q=1#f", "POINT (1 2)", "1 day", "3kB", "x''y",
    "\\", "\n", "%s", "%d", "red", "NFC", "en", "1 2",
)  # fmt: skip
_JSONS = (
    "null", "1", "-2.5", "true", '"a"', "[]", "{}", "[1,2,3]", '{"a":1,"b":[true,null]}', '[{"a":"x"},{"a":"y"}]', '""',
    "1e400", '{"a":{"b":{"c":3}}}',
)  # fmt: skip
_DATES = (
    "2024-02-29", "1970-01-01", "2001-12-31", "0001-01-01", "9999-12-31", "1969-07-20", "2023-03-26", "2023-10-29",
    "2024-03-10", "1582-10-10", "1900-01-01",
)  # fmt: skip
_TIMES = ("00:00:00", "12:34:56", "23:59:59", "01:30:00", "02:30:00")
_FRACTIONS = ("", ".1", ".123", ".999999", ".123456789", ".999999999999")
_ZONES = (
    "UTC", "+05:30", "-08:00", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "+14:00", "-14:00",
    "Australia/Lord_Howe",
)  # fmt: skip
_DAY_INTERVALS = (
    "INTERVAL '1' DAY", "INTERVAL '-3' HOUR", "INTERVAL '2 03:04:05.678' DAY TO SECOND", "INTERVAL '0' SECOND",
    "INTERVAL '0.001' SECOND", "INTERVAL '-400' DAY", "INTERVAL '36525' DAY", "INTERVAL '100000000' DAY",
)  # fmt: skip
_MONTH_INTERVALS = (
    "INTERVAL '1' MONTH", "INTERVAL '-2' YEAR", "INTERVAL '1-3' YEAR TO MONTH", "INTERVAL '0' MONTH",
    "INTERVAL '-1200' MONTH", "INTERVAL '100000' YEAR",
)  # fmt: skip
_MADE = {
    GEOMETRY: (
        "ST_GeometryFromText('POINT (1 2)')",
        "ST_GeometryFromText('LINESTRING (0 0, 1 1, 2 0)')",
        "ST_GeometryFromText('POLYGON ((0 0, 0 3, 3 3, 3 0, 0 0))')",
        "ST_GeometryFromText('POINT EMPTY')",
        "ST_GeometryFromText('MULTIPOINT (1 1, 2 2)')",
    ),
    SPHERICAL_GEOGRAPHY: ("to_spherical_geography(ST_Point(1, 2))",),
    BING_TILE: ("bing_tile('0231')", "bing_tile(1, 2, 3)"),
    COLOR: ("color('red')", "rgb(1, 2, 3)"),
    HYPER_LOG_LOG: ("empty_approx_set()",),
    JONI_REGEXP: ("'[a-c]+'", "'(a)(b)?'", "'\\d+'", "''", "'.'"),
    JSON_PATH: ("'$'", "'$.a'", "'$[0]'", "'$.a.b'"),
    CODE_POINTS: ("'ab'", "' '", "''"),
}
"""Texts for types without literals; a bare text is coerced."""


def literal(random: Random, type_: Type) -> str | None:
    """The text of a value of exactly the type, sometimes NULL; None for a type of which no value can be written."""
    if type_ not in _MADE and random.random() < 0.06:
        return f"CAST(NULL AS {type_.display})"
    match type_:
        case DecimalType():
            return _decimal(random, type_)
        case VarcharType(length):
            word = random.choice(_WORDS)
            return quoted(word) if length is None else f"CAST({quoted(word[:length])} AS varchar({length}))"
        case CharType(length):
            return f"CAST({quoted(random.choice(_WORDS)[:length])} AS char({length}))"
        case TimeType(precision):
            return f"CAST(TIME '{_time(random)}' AS time({precision}))"
        case TimeTzType(precision):
            return f"CAST(TIME '{_time(random)}{random.choice(('+00:00', '+05:30', '-08:00'))}' AS {type_.display})"
        case TimestampType(precision):
            return f"CAST(TIMESTAMP '{random.choice(_DATES)} {_time(random)}' AS timestamp({precision}))"
        case TimestampTzType():
            zone = random.choice(_ZONES)
            return f"CAST(TIMESTAMP '{random.choice(_DATES)} {_time(random)} {zone}' AS {type_.display})"
        case ArrayType(element):
            parts = [literal(random, element) for _ in range(random.choice((0, 1, 2, 3)))]
            return f"CAST(ARRAY[{', '.join(one or 'NULL' for one in parts)}] AS {type_.display})"
        case MapType(key, value):
            return _map(random, type_, key, value)
        case RowType():
            fields = [literal(random, one.type) or "NULL" for one in type_.fields]
            return f"CAST(ROW({', '.join(fields)}) AS {type_.display})"
    return _simple(random, type_)


def _simple(random: Random, type_: Type) -> str | None:
    if type_ == BOOLEAN:
        return random.choice(("true", "false"))
    if type_ in _LIMITS:
        value = random.choice(_INTEGERS)
        if random.random() < 0.08:
            value = str((1 << _LIMITS[type_]) - 1)
        return f"({value})" if type_ == INTEGER else f"CAST({value} AS {type_.display})"
    if type_ == DOUBLE:
        return f"({random.choice(_DOUBLES)})"
    if type_ == REAL:
        return f"CAST({random.choice(_DOUBLES)} AS real)"
    if type_ == VARBINARY:
        return random.choice(("X''", "X'00'", "X'48656C6C6F'", "X'FF00FF'", "to_utf8('abc')"))
    if type_ == JSON:
        return f"JSON {quoted(random.choice(_JSONS))}"
    if type_ == DATE:
        return f"DATE '{random.choice(_DATES)}'"
    if type_ == INTERVAL_DAY_SECOND:
        return random.choice(_DAY_INTERVALS)
    if type_ == INTERVAL_YEAR_MONTH:
        return random.choice(_MONTH_INTERVALS)
    if type_ == UUID:
        return random.choice(
            ("UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'", "UUID '00000000-0000-0000-0000-000000000000'")
        )
    if type_ == IPADDRESS:
        return random.choice(("IPADDRESS '10.0.0.1'", "IPADDRESS '2001:db8::1'", "IPADDRESS '::'"))
    if type_ in _MADE:
        return random.choice(_MADE[type_])
    return f"CAST(NULL AS {type_.display})" if type_.display in ("SetDigest", "tdigest", "KdbTree") else None


def _decimal(random: Random, type_: DecimalType) -> str:
    digits = random.choice(
        (
            "0",
            "1",
            "5",
            "12",
            "-7",
            "150",
            "99",
            "-12345",
            "9" * type_.precision,
            "-" + "9" * type_.precision,
            "5" + "0" * (type_.precision - 1),
        )
    )
    sign = "-" if digits.startswith("-") else ""
    digits = digits.lstrip("-")[-type_.precision :].rjust(type_.scale + 1, "0")
    whole, fraction = digits[: len(digits) - type_.scale], digits[len(digits) - type_.scale :]
    return f"CAST(DECIMAL '{sign}{whole}.{fraction}' AS {type_.display})"


def _time(random: Random) -> str:
    return random.choice(_TIMES) + random.choice(_FRACTIONS)


def _map(random: Random, type_: MapType, key: Type, value: Type) -> str:
    keys = [one for one in (literal(random, key) for _ in range(random.choice((0, 1, 2)))) if one and "NULL" not in one]
    keys = list(dict.fromkeys(keys))
    values = [literal(random, value) or "NULL" for _ in keys]
    return f"CAST(MAP(ARRAY[{', '.join(keys)}], ARRAY[{', '.join(values)}]) AS {type_.display})"


def quoted(word: str) -> str:
    """A text as a literal."""
    return "'" + word.replace("'", "''") + "'"
