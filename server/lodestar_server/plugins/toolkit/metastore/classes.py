"""Storage formats and the Java classes by which a metastore that Hive shares knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class StorageClasses(NamedTuple):
    """Names of the SerDe and of the formats of files; None where a table has none."""

    serde: str | None
    input_format: str | None
    output_format: str | None


_SERDE2 = "org.apache.hadoop.hive.serde2"
_IO = "org.apache.hadoop.hive.ql.io"
_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = f"{_IO}.HiveIgnoreKeyTextOutputFormat"
_LAZY = f"{_SERDE2}.lazy.LazySimpleSerDe"
_PARQUET = f"{_IO}.parquet.serde.ParquetHiveSerDe"
_RC_INPUT = f"{_IO}.RCFileInputFormat"
_RC_OUTPUT = f"{_IO}.RCFileOutputFormat"

CLASSES: Mapping[str, StorageClasses] = {
    "ORC": StorageClasses(f"{_IO}.orc.OrcSerde", f"{_IO}.orc.OrcInputFormat", f"{_IO}.orc.OrcOutputFormat"),
    "PARQUET": StorageClasses(
        _PARQUET, f"{_IO}.parquet.MapredParquetInputFormat", f"{_IO}.parquet.MapredParquetOutputFormat"
    ),
    "AVRO": StorageClasses(
        f"{_SERDE2}.avro.AvroSerDe", f"{_IO}.avro.AvroContainerInputFormat", f"{_IO}.avro.AvroContainerOutputFormat"
    ),
    "RCBINARY": StorageClasses(f"{_SERDE2}.columnar.LazyBinaryColumnarSerDe", _RC_INPUT, _RC_OUTPUT),
    "RCTEXT": StorageClasses(f"{_SERDE2}.columnar.ColumnarSerDe", _RC_INPUT, _RC_OUTPUT),
    "SEQUENCEFILE": StorageClasses(
        _LAZY, "org.apache.hadoop.mapred.SequenceFileInputFormat", f"{_IO}.HiveSequenceFileOutputFormat"
    ),
    "JSON": StorageClasses("org.apache.hive.hcatalog.data.JsonSerDe", _TEXT_INPUT, _TEXT_OUTPUT),
    "OPENX_JSON": StorageClasses("org.openx.data.jsonserde.JsonSerDe", _TEXT_INPUT, _TEXT_OUTPUT),
    "TEXTFILE": StorageClasses(_LAZY, _TEXT_INPUT, _TEXT_OUTPUT),
    "CSV": StorageClasses(f"{_SERDE2}.OpenCSVSerde", _TEXT_INPUT, _TEXT_OUTPUT),
    "REGEX": StorageClasses(f"{_SERDE2}.RegexSerDe", _TEXT_INPUT, _TEXT_OUTPUT),
}
"""What is written."""

_OTHER_NAMES: Mapping[tuple[str, str], str] = {
    (_PARQUET, "parquet.hive.DeprecatedParquetInputFormat"): "PARQUET",
    (_PARQUET, "parquet.hive.MapredParquetInputFormat"): "PARQUET",
    (_PARQUET, _TEXT_INPUT): "PARQUET",
    (_LAZY, "org.apache.hadoop.mapred.lib.CombineTextInputFormat"): "TEXTFILE",
    (_LAZY, "org.apache.hadoop.mapreduce.lib.input.CombineTextInputFormat"): "TEXTFILE",
    (f"{_SERDE2}.JsonSerDe", _TEXT_INPUT): "JSON",
}
_FORMATS = {(one.serde, one.input_format): name for name, one in CLASSES.items()} | dict(_OTHER_NAMES)


def format_of(classes: StorageClasses) -> str | None:
    """The format that SerDe and input format mean, None for another engine's."""
    return _FORMATS.get((classes.serde, classes.input_format))


def classes_of(storage_format: str | None, original: Mapping[str, str]) -> StorageClasses:
    """The classes of a format, else those that the table was found with."""
    if storage_format is not None:
        return CLASSES[storage_format]
    return StorageClasses(original.get("serde"), original.get("inputFormat"), original.get("outputFormat"))


def original_of(classes: StorageClasses) -> dict[str, str]:
    """As `Table.original_format` keeps classes that mean no format."""
    named = zip(("serde", "inputFormat", "outputFormat"), classes, strict=True)
    return {key: name for key, name in named if name is not None}
