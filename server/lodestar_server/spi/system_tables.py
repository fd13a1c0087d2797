"""Small tables made from Python values on demand: system.*, information_schema, $partitions and their kin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.session import ConnectorSession

if TYPE_CHECKING:
    from lodestar_server.spi.connector import ColumnMetadata


class SystemTable:
    """A table whose rows are computed when it is read."""

    name: SchemaTableName
    columns: tuple[ColumnMetadata, ...]

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        """Rows with one value per column, values as in `ir.Constant`.

        `constraint` (column name → allowed values) may be used to do less; the engine checks it again.
        """
        raise NotImplementedError
