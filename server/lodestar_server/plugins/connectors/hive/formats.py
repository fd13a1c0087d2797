"""Storage formats by the names that users and the metastore know."""

from __future__ import annotations

from enum import Enum

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_WRITER_OPEN_ERROR
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError


class StorageFormat(Enum):
    """In the order in which messages list them."""

    ORC = "ORC"
    PARQUET = "PARQUET"
    AVRO = "AVRO"
    RCBINARY = "RCBINARY"
    RCTEXT = "RCTEXT"
    SEQUENCEFILE = "SEQUENCEFILE"
    JSON = "JSON"
    OPENX_JSON = "OPENX_JSON"
    TEXTFILE = "TEXTFILE"
    CSV = "CSV"
    REGEX = "REGEX"


TEXT_FORMATS = (
    StorageFormat.JSON,
    StorageFormat.OPENX_JSON,
    StorageFormat.TEXTFILE,
    StorageFormat.CSV,
    StorageFormat.REGEX,
)
"""One row per line."""

HADOOP_FORMATS = (StorageFormat.RCBINARY, StorageFormat.RCTEXT, StorageFormat.SEQUENCEFILE)
"""Containers of Hadoop and Hive, read only."""

READABLE = tuple(StorageFormat)
WRITABLE = tuple(one for one in READABLE if one not in (StorageFormat.REGEX, *HADOOP_FORMATS))


def require_readable(name: str | None) -> StorageFormat:
    """The format of a table or partition. Raises: NOT_SUPPORTED for one that is not read yet."""
    found = _known(name)
    if found not in READABLE:
        not_supported(f"Reading Hive tables in {name} format is not supported")
    return found


def require_writable(name: str | None) -> StorageFormat:
    """The same for writing."""
    found = _known(name)
    if found is StorageFormat.REGEX:
        raise LodestarError(HIVE_WRITER_OPEN_ERROR, "REGEX format is read-only")
    if found not in WRITABLE:
        not_supported(f"Writing to Hive tables in {name} format is not supported")
    return found


def _known(name: str | None) -> StorageFormat:
    if name not in StorageFormat.__members__:
        not_supported(f"Unknown Hive storage format: {name}")
    return StorageFormat(name)
