"""Table functions of a catalog: what TABLE(catalog.schema.name(…)) reads. Their arguments are constants."""

from __future__ import annotations

from lodestar_server.spi.handles import ColumnHandle, TableHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class TableFunctionArgument:
    """Required. The name is in upper case, as messages show it."""

    name: str
    type: Type


@frozen
class TableFunction:
    """A function that reads some of a table's rows, or something about them."""

    schema: str
    name: str
    arguments: tuple[TableFunctionArgument, ...]


@frozen
class TableFunctionCall:
    """What a call with its arguments is: a scan of `handle`, by those who may read these columns of `table`.

    Two columns may have the same name.
    """

    table: SchemaTableName
    handle: TableHandle
    columns: tuple[tuple[str, Type, ColumnHandle], ...]
