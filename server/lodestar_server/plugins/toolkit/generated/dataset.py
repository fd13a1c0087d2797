"""What is particular to a benchmark's data; the rest of this room treats all of them alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.types import Type

TINY = 0.01
"""The scale factor of the schema of this name."""


class GeneratedTable(Protocol):
    """A table of a benchmark."""

    @property
    def name(self) -> str:
        """Of the table, for the program too."""
        ...

    def estimated_rows(self, scale: float) -> int:
        """About how many."""
        ...

    def estimated_bytes(self, scale: float) -> int:
        """About what they take on disk."""
        ...


class Dataset(Protocol):
    """A benchmark in the types of one catalog. `variant` is the name of these types in the cache's paths."""

    label: str
    variant: str
    error: ErrorCode
    command: tuple[str, ...]
    """The program (beside the interpreter or on the path), and what comes before `parquet`."""
    options: tuple[str, ...]
    """What comes after it."""
    together_up_to: float
    """Up to this scale one run makes all tables: it takes hardly longer than one of them."""

    def tables(self) -> Mapping[str, GeneratedTable]:
        """By name."""
        ...

    def types(self, table: GeneratedTable) -> Mapping[str, Type]:
        """Types by column, in order."""
        ...

    def parts(self, table: GeneratedTable, scale: float) -> int:
        """In how many files the program makes the table."""
        ...

    def convert(self, table: GeneratedTable, made: pa.Table) -> pa.Table:
        """What the program has made, in the names and types of pages."""
        ...

    def few_values(self, table: GeneratedTable) -> list[str]:
        """Columns that are worth a dictionary; the others only take longer with one."""
        ...

    def needed(self, table: GeneratedTable, columns: Sequence[str]) -> list[str]:
        """At least one stored column, from which `select` makes those."""
        ...

    def select(self, table: GeneratedTable, columns: Sequence[str], page: pa.RecordBatch) -> pa.RecordBatch:
        """Columns, perhaps none, of a page that has the needed ones."""
        ...


def scale_text(scale: float) -> str:
    """`1000`, `0.01`."""
    return str(int(scale)) if scale == int(scale) else repr(scale)


def scale_of_schema(schema: str) -> float | None:
    """The scale factor of a schema name, None when it is none."""
    if schema == "tiny":
        return TINY
    if not schema.startswith("sf"):
        return None
    try:
        scale = float(schema[2:])
    except ValueError:
        return None
    return scale if 0 < scale < float("inf") and schema[2:] == schema[2:].strip() and "_" not in schema else None
