"""Procedures: what CALL runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import Type


@dataclass(frozen=True, slots=True)
class ProcedureArgument:
    """`default` counts only when the argument is not required."""

    name: str
    type: Type
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """`run(session, arguments)` gets every argument by name, values as in `ir.Constant`."""

    schema: str
    name: str
    arguments: tuple[ProcedureArgument, ...]
    run: Callable[[ConnectorSession, Mapping[str, Any]], None]
    named_arguments_only: bool = False
