"""Schema, table, column and analyze properties, and how table properties are kept as parameters of the metastore."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.session import one_of
from lodestar_server.plugins.toolkit.java_text import java_float
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.plugins.toolkit.metastore.model import Bucketing, SortingColumn, Table, TableType
from lodestar_server.spi.errors import INVALID_TABLE_PROPERTY, LodestarError
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.types import BOOLEAN, DOUBLE, INTEGER, VARCHAR, ArrayType, MapType

FORMAT = "format"
PARTITIONED_BY = "partitioned_by"
BUCKETED_BY = "bucketed_by"
BUCKET_COUNT = "bucket_count"
SORTED_BY = "sorted_by"
BUCKETING_VERSION = "bucketing_version"
EXTERNAL_LOCATION = "external_location"
AUTO_PURGE = "auto_purge"
TRANSACTIONAL = "transactional"
EXTRA_PROPERTIES = "extra_properties"
LOCATION = "location"

_NAMES = ArrayType(VARCHAR)
_FORMATS = tuple(StorageFormat.__members__)


def _lower(names: Sequence[str | None]) -> tuple[str, ...]:
    if any(name is None for name in names):
        raise ValueError('Cannot invoke "String.toLowerCase(java.util.Locale)" because "name" is null')
    return tuple(str(name).lower() for name in names)


def _without_nulls(name: str) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    def decode(values: Sequence[Any]) -> tuple[Any, ...]:
        if any(value is None for value in values):
            raise ValueError(f"Invalid null value in analyze {name} property")
        return tuple(values)

    return decode


def _sorting(texts: Sequence[str]) -> tuple[SortingColumn, ...]:
    found = []
    for text in texts:
        name, _, order = text.rpartition(" ")
        if order.upper() in ("ASC", "DESC") and name:
            found.append(SortingColumn(name.strip(), order.upper() == "DESC"))
        else:
            found.append(SortingColumn(text))
    return tuple(found)


def _sorting_text(columns: Sequence[SortingColumn]) -> tuple[str, ...]:
    return tuple(f"{one.name} DESC" if one.descending else one.name for one in columns)


def _text(name: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(name, description, VARCHAR)


def _names(name: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(name, description, _NAMES, (), decode=_lower)


TABLE_PROPERTIES: Sequence[PropertyMetadata] = (
    _text(EXTERNAL_LOCATION, "File system location URI for external table"),
    PropertyMetadata(
        FORMAT,
        f"Hive storage format for the table. Possible values: [{', '.join(_FORMATS)}]",
        VARCHAR,
        "ORC",
        decode=one_of(_FORMATS),
    ),
    _names(PARTITIONED_BY, "Partition columns"),
    _names(BUCKETED_BY, "Bucketing columns"),
    PropertyMetadata(SORTED_BY, "Bucket sorting columns", _NAMES, (), decode=_sorting, encode=_sorting_text),
    _names("orc_bloom_filter_columns", "ORC Bloom filter index columns"),
    PropertyMetadata("orc_bloom_filter_fpp", "ORC Bloom filter false positive probability", DOUBLE, 0.05),
    PropertyMetadata(BUCKETING_VERSION, "Bucketing version", INTEGER),
    PropertyMetadata(BUCKET_COUNT, "Number of buckets", INTEGER, 0),
    _text("avro_schema_url", "URI pointing to Avro schema for the table"),
    _text("avro_schema_literal", "JSON-encoded Avro schema for the table"),
    PropertyMetadata("skip_header_line_count", "Number of header lines", INTEGER),
    PropertyMetadata("skip_footer_line_count", "Number of footer lines", INTEGER),
    _text("textfile_field_separator", "TEXTFILE field separator character"),
    _text("textfile_field_separator_escape", "TEXTFILE field separator escape character"),
    _text("null_format", "Serialization format for NULL value"),
    _text("csv_separator", "CSV separator character"),
    _text("csv_quote", "CSV quote character"),
    _text("csv_escape", "CSV escape character"),
    _text("regex", "REGEX pattern"),
    PropertyMetadata("regex_case_insensitive", "REGEX pattern is case insensitive", BOOLEAN),
    _names("parquet_bloom_filter_columns", "Parquet Bloom filter index columns"),
    PropertyMetadata(TRANSACTIONAL, "Table is transactional", BOOLEAN),
    PropertyMetadata(AUTO_PURGE, "Skip trash when table or partition is deleted", BOOLEAN, False),
    PropertyMetadata("partition_projection_enabled", "Enable AWS Athena partition projection", BOOLEAN),
    PropertyMetadata("partition_projection_ignore", "Disable AWS Athena partition projection in Trino only", BOOLEAN),
    _text("partition_projection_location_template", "Partition projection location template"),
    PropertyMetadata(EXTRA_PROPERTIES, "Extra table properties", MapType(VARCHAR, VARCHAR), decode=dict),
)

SCHEMA_PROPERTIES: Sequence[PropertyMetadata] = (_text(LOCATION, "Base file system location URI"),)

_UNITS = (
    "NANOS, MICROS, MILLIS, SECONDS, MINUTES, HOURS, HALF_DAYS, DAYS, WEEKS, MONTHS, YEARS, DECADES, CENTURIES,"
    " MILLENNIA, ERAS, FOREVER"
)
_KINDS = "ENUM, INTEGER, DATE, INJECTED"

COLUMN_PROPERTIES: Sequence[PropertyMetadata] = (
    PropertyMetadata(
        "partition_projection_type",
        f"Type of partition projection. Possible values: [{_KINDS}]",
        VARCHAR,
        decode=one_of(_KINDS.split(", ")),
    ),
    PropertyMetadata("partition_projection_values", "Enum column projection values", _NAMES),
    PropertyMetadata(
        "partition_projection_range",
        "Column projection range, applicable for date and integer projection type",
        _NAMES,
    ),
    PropertyMetadata("partition_projection_interval", "Integer column projection range interval", INTEGER),
    PropertyMetadata(
        "partition_projection_interval_unit",
        f"Date column projection range interval unit. Possible values: [{_UNITS}]",
        VARCHAR,
        decode=one_of(_UNITS.split(", ")),
    ),
    _text("partition_projection_format", "Date column projection format"),
    PropertyMetadata(
        "partition_projection_digits", "Number of digits to be used with integer column projection", INTEGER
    ),
)

ANALYZE_PROPERTIES: Sequence[PropertyMetadata] = (
    PropertyMetadata("partitions", "Partitions to be analyzed", ArrayType(_NAMES), decode=_without_nulls("partitions")),
    PropertyMetadata("columns", "Columns to be analyzed", _NAMES, decode=_without_nulls("columns")),
)


# parameters of the metastore

_ANY_TEXT = (StorageFormat.TEXTFILE, StorageFormat.CSV)


def _character(name: str) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        if len(value) != 1:
            raise LodestarError(INVALID_TABLE_PROPERTY, f"{name} must be a single character string, but was: '{value}'")
        return str(value)

    return write


def _line_count(name: str) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        if value < 0:
            raise LodestarError(HIVE_INVALID_METADATA, f"Invalid value for {name} property: {value}")
        return str(value)

    return write


def _regex(value: Any) -> str:
    import regex

    try:
        regex.compile(value)
    except regex.error:
        raise LodestarError(INVALID_TABLE_PROPERTY, f"Invalid REGEX pattern value: {value}") from None
    return str(value)


def _avro_schema(value: Any) -> str:
    import fastavro

    try:
        fastavro.parse_schema(json.loads(value))
    except (ValueError, TypeError, KeyError, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType):
        raise LodestarError(INVALID_TABLE_PROPERTY, f"Failed to parse Avro schema: {value}") from None
    return str(value)


_PARAMETERS: tuple[tuple[str, str, tuple[StorageFormat, ...], Callable[[Any], str], Callable[[str], Any]], ...] = (
    ("skip_header_line_count", "skip.header.line.count", _ANY_TEXT, _line_count("skip_header_line_count"), int),
    ("skip_footer_line_count", "skip.footer.line.count", _ANY_TEXT, _line_count("skip_footer_line_count"), int),
    (
        "null_format",
        "serialization.null.format",
        (StorageFormat.TEXTFILE, StorageFormat.RCTEXT, StorageFormat.SEQUENCEFILE),
        str,
        str,
    ),
    (
        "textfile_field_separator",
        "field.delim",
        (StorageFormat.TEXTFILE,),
        _character("textfile_field_separator"),
        str,
    ),
    (
        "textfile_field_separator_escape",
        "escape.delim",
        (StorageFormat.TEXTFILE,),
        _character("textfile_field_separator_escape"),
        str,
    ),
    ("csv_escape", "escapeChar", (StorageFormat.CSV,), _character("csv_escape"), str),
    ("csv_quote", "quoteChar", (StorageFormat.CSV,), _character("csv_quote"), str),
    ("csv_separator", "separatorChar", (StorageFormat.CSV,), _character("csv_separator"), str),
    ("avro_schema_url", "avro.schema.url", (StorageFormat.AVRO,), str, str),
    ("avro_schema_literal", "avro.schema.literal", (StorageFormat.AVRO,), _avro_schema, str),
    ("regex", "input.regex", (StorageFormat.REGEX,), _regex, str),
    (
        "regex_case_insensitive",
        "input.regex.case.insensitive",
        (StorageFormat.REGEX,),
        lambda value: "true" if value else "false",
        lambda text: text.lower() == "true",
    ),
)
"""Property, parameter, formats that have it, and the way there and back."""

ORC_BLOOM_COLUMNS = "orc.bloom.filter.columns"
ORC_BLOOM_FRACTION = "orc.bloom.filter.fpp"
PARQUET_BLOOM = "parquet_bloom_filter_columns"
PARQUET_BLOOM_COLUMNS = "parquet.bloom.filter.columns"
_DEFAULT_FRACTION = 0.05
_LINE_COUNTS = ("skip.header.line.count", "skip.footer.line.count")

_RESERVED = (
    "EXTERNAL",
    "auto.purge",
    "bucketing_version",
    "comment",
    "numFiles",
    "numRows",
    "presto_version",
    "rawDataSize",
    "totalSize",
    "transactional",
    "trino_query_id",
    "trino_version",
)


def parameters_of(properties: Mapping[str, Any], storage: StorageFormat) -> dict[str, str]:
    """The parameters that keep a table's properties. Raises: INVALID_TABLE_PROPERTY."""
    if properties.get("avro_schema_url") is not None and properties.get("avro_schema_literal") is not None:
        raise LodestarError(INVALID_TABLE_PROPERTY, "avro_schema_url and avro_schema_literal cannot both be set")
    made = {TRANSACTIONAL: "false", "auto.purge": "true" if properties.get(AUTO_PURGE) else "false"}
    for name, parameter, formats, write, _ in _PARAMETERS:
        value = properties.get(name)
        if value is None or (value == 0 and parameter in _LINE_COUNTS):
            continue
        if storage not in formats:
            shown = parameter if name.startswith("textfile_") else name
            raise LodestarError(
                INVALID_TABLE_PROPERTY, f"Cannot specify {shown} table property for storage format: {storage.name}"
            )
        made[parameter] = write(value)
    made.update(_bloom_filters(properties, storage))
    if storage is StorageFormat.REGEX and "input.regex" not in made:
        raise LodestarError(INVALID_TABLE_PROPERTY, "REGEX format requires the 'regex' table property")
    version = properties.get(BUCKETING_VERSION)
    if version is not None and not 1 <= version <= 2:
        raise LodestarError(INVALID_TABLE_PROPERTY, f"bucketing_version must be between 1 and 2 (inclusive): {version}")
    if version is not None and properties.get(BUCKETED_BY):
        made["bucketing_version"] = str(version)
    elif properties.get(BUCKETED_BY):
        made["bucketing_version"] = "1"
    extra = properties.get(EXTRA_PROPERTIES) or {}
    illegal = sorted(key for key in extra if key in _RESERVED or key in made)
    if illegal:
        raise LodestarError(INVALID_TABLE_PROPERTY, f"Illegal keys in extra_properties: [{', '.join(illegal)}]")
    made.update(extra)
    return made


def _bloom_filters(properties: Mapping[str, Any], storage: StorageFormat) -> dict[str, str]:
    made = {}
    for form, name in ((StorageFormat.ORC, "orc_bloom_filter_columns"), (StorageFormat.PARQUET, PARQUET_BLOOM)):
        columns = properties.get(name)
        if not columns:
            continue
        if storage is not form:
            raise LodestarError(
                INVALID_TABLE_PROPERTY, f"Cannot specify {name} table property for storage format: {storage.name}"
            )
        made[name.replace("_", ".")] = ",".join(columns)
        if form is StorageFormat.ORC:
            fraction = properties.get("orc_bloom_filter_fpp")
            made[ORC_BLOOM_FRACTION] = java_float(_DEFAULT_FRACTION if fraction is None else float(fraction))
    return made


def properties_of(table: Table) -> dict[str, Any]:
    """A table's properties, decoded, as SHOW CREATE shows them; unset ones are absent."""
    parameters = table.parameters
    found: dict[str, Any] = {}
    if table.type is TableType.EXTERNAL_TABLE:
        found[EXTERNAL_LOCATION] = table.location
    if table.storage_format in StorageFormat.__members__:
        found[FORMAT] = table.storage_format
    if table.partition_columns:
        found[PARTITIONED_BY] = tuple(column.name for column in table.partition_columns)
    if table.bucketing is not None:
        found[BUCKETED_BY] = table.bucketing.columns
        found[BUCKET_COUNT] = table.bucketing.count
        found[BUCKETING_VERSION] = int(parameters.get("bucketing_version", "1"))
        found[SORTED_BY] = table.bucketing.sorted_by
    if parameters.get("auto.purge", "false").lower() == "true":
        found[AUTO_PURGE] = True
    if ORC_BLOOM_COLUMNS in parameters:
        names = (one.strip() for one in parameters[ORC_BLOOM_COLUMNS].split(","))
        found["orc_bloom_filter_columns"] = tuple(one for one in names if one)
    if ORC_BLOOM_FRACTION in parameters:
        found["orc_bloom_filter_fpp"] = float(parameters[ORC_BLOOM_FRACTION])
    for name, parameter, _, _, read in _PARAMETERS:
        if parameter in parameters:
            found[name] = read(parameters[parameter])
    return found


def bucketing_of(properties: Mapping[str, Any]) -> Bucketing | None:
    """Raises: INVALID_TABLE_PROPERTY when the parts do not fit together."""
    columns = properties.get(BUCKETED_BY) or ()
    count = properties.get(BUCKET_COUNT) or 0
    sorting = properties.get(SORTED_BY) or ()
    if not columns and not count:
        if sorting:
            raise LodestarError(INVALID_TABLE_PROPERTY, "sorted_by may be specified only when bucketed_by is specified")
        return None
    if count < 0:
        raise LodestarError(INVALID_TABLE_PROPERTY, "bucket_count must be greater than zero")
    if not columns or not count:
        raise LodestarError(INVALID_TABLE_PROPERTY, "bucketed_by and bucket_count must be specified together")
    return Bucketing(tuple(columns), count, tuple(sorting))
