"""Names of partitions, schemas and tables as they stand in paths: `p=a%2Fb/q=1`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.spi.errors import LodestarError

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""Stands for NULL, and for the empty text."""

_ESCAPED = re.compile("[\x00-\x1f\"#%'*/:=?\\\\\x7f{\\[\\]^]")
_UNESCAPED = re.compile("%([0-9A-Fa-f]{2})")


def escape_name(text: str) -> str:
    """A value or name as it stands in a path."""
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", text)


def unescape_name(text: str) -> str:
    """The inverse."""
    return _UNESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def make_partition_name(columns: Sequence[str], values: Sequence[str]) -> str:
    """`p=a/q=1`."""
    return "/".join(
        f"{escape_name(column)}={escape_name(value)}" for column, value in zip(columns, values, strict=True)
    )


def parse_partition_name(name: str, columns: int) -> tuple[str, ...]:
    """The values of a name. Raises: HIVE_INVALID_METADATA when it does not have `columns` parts."""
    values = []
    for part in name.split("/"):
        _, mark, value = part.partition("=")
        if not mark:
            break
        values.append(unescape_name(value))
    if len(values) != columns or name.count("/") != columns - 1:
        raise LodestarError(HIVE_INVALID_METADATA, f"Invalid partition name: {name}")
    return tuple(values)
