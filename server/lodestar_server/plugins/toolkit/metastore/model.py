"""What a metastore keeps: databases, tables, partitions. Frozen; a change makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind
from lodestar_server.spi.values import frozen

Json = Mapping[str, Any]


class TableType(Enum):
    """Kinds of tables in Hive's words."""

    MANAGED_TABLE = "MANAGED_TABLE"
    EXTERNAL_TABLE = "EXTERNAL_TABLE"
    VIRTUAL_VIEW = "VIRTUAL_VIEW"
    MATERIALIZED_VIEW = "MATERIALIZED_VIEW"


@frozen
class HiveColumn:
    """`type` is Hive's text."""

    name: str
    type: str
    comment: str | None = None


@frozen
class SortingColumn:
    """A column of `sorted_by`."""

    name: str
    descending: bool = False


@frozen
class Bucketing:
    """How rows are spread over `count` files of each partition."""

    columns: tuple[str, ...]
    count: int
    sorted_by: tuple[SortingColumn, ...] = ()


@frozen
class Database:
    """A schema. `location` is where its managed tables are, None for the metastore's own place."""

    name: str
    location: str | None = None
    owner: str | None = None
    comment: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    owner_kind: PrincipalKind = PrincipalKind.USER

    @property
    def owner_principal(self) -> Principal | None:
        """The owner as somebody with privileges."""
        return None if self.owner is None else Principal(self.owner_kind, self.owner)


@frozen
class Table:
    """A table or view. `location` is where its files are. `statistics`: column name → figures, see `figures.py`.

    A table without a `storage_format` of Hive's may have its classes in `original_format`.
    """

    name: SchemaTableName
    owner: str | None
    type: TableType
    columns: tuple[HiveColumn, ...]
    partition_columns: tuple[HiveColumn, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    storage_format: str | None = None
    original_format: Mapping[str, str] = field(default_factory=dict)
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    bucketing: Bucketing | None = None
    location: str = ""
    view_original_text: str | None = None
    view_expanded_text: str | None = None
    statistics: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_view(self) -> bool:
        """Not a table."""
        return self.type is TableType.VIRTUAL_VIEW


@frozen
class Partition:
    """A partition by its values (as text)."""

    values: tuple[str, ...]
    columns: tuple[HiveColumn, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    storage_format: str | None = None
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    bucketing: Bucketing | None = None
    location: str = ""
    statistics: Mapping[str, Json] = field(default_factory=dict)
