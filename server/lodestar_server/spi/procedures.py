"""Procedures: what CALL and ALTER TABLE … EXECUTE run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class ProcedureArgument:
    """`default` counts only when the argument is not required."""

    name: str
    type: Type
    required: bool = True
    default: Any = None


@frozen
class Procedure:
    """`run(session, arguments)` gets every argument by name, values as in `ir.Constant`."""

    schema: str
    name: str
    arguments: tuple[ProcedureArgument, ...]
    run: Callable[[ConnectorSession, Mapping[str, Any]], None]
    named_arguments_only: bool = False


@frozen
class TableProcedure:
    """A procedure of tables, its name in upper case; the arguments are declared like properties.

    `rewrites`: it reads the table's rows (those that a WHERE chooses) and writes them again
    (`ConnectorMetadata.begin_table_execute`); else it is one call (`execute_on_table`).
    """

    name: str
    arguments: tuple[PropertyMetadata, ...] = ()
    rewrites: bool = False
