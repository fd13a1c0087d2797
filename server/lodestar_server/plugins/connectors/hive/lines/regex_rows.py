"""RegexSerDe: a column per group of an expression that has to match the whole line; read only."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import regex

from lodestar_server.plugins.connectors.hive.lines import scalars
from lodestar_server.plugins.connectors.hive.lines.scalars import as_text
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import BOOLEAN, VARBINARY, Type


class UnreadableType(ValueError):
    """A type that has no text."""


class RegexDecoder:
    """Lines to columns by their places; a line that does not match is a row of NULLs."""

    def __init__(self, columns: Sequence[tuple[int, Type]], pattern: str, *, case_insensitive: bool) -> None:
        self._columns = columns
        for _, type_ in columns:
            if type_.children or type_ == VARBINARY:
                raise UnreadableType(str(type_))
        flags = regex.DOTALL | (regex.IGNORECASE if case_insensitive else 0)
        try:
            self._pattern = regex.compile(pattern, flags)
        except regex.error as fault:
            raise LodestarError(HIVE_INVALID_METADATA, f"Invalid regex: {pattern}: {fault}") from None

    def decode(self, lines: pa.Array) -> list[pa.Array]:
        """A column each."""
        found = [self._pattern.fullmatch(line) for line in as_text(lines).to_pylist()]
        groups = self._pattern.groups
        made = []
        for place, type_ in self._columns:
            values = [None if match is None or place >= groups else match[place + 1] for match in found]
            if type_ == BOOLEAN:
                made.append(pa.array([None if one is None else one.lower() == "true" for one in values], pa.bool_()))
            else:
                made.append(scalars.parse(pa.array(values, pa.string()), type_))
        return made
