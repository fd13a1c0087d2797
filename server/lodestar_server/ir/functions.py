"""A reference to a resolved function: what the analyzer chose, enough for the kernel to lower a call."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


class FunctionKind(Enum):
    """What a function may be called as; values are the texts of SHOW FUNCTIONS."""

    SCALAR = "scalar"
    AGGREGATE = "aggregate"
    WINDOW = "window"
    TABLE = "table"


@frozen
class FunctionRef:
    """A function with its type variables bound.

    `name` is the canonical lower-case name of the registry, operators are `$add`, `$subtract`, `$multiply`,
    `$divide`, `$modulo`, `$negate`, `$subscript`, `$like`. `arguments` are the types that the arguments of a call
    have (coercions are explicit casts in the call), variable arguments spelled out.
    """

    name: str
    arguments: tuple[Type, ...]
    result: Type
    kind: FunctionKind = FunctionKind.SCALAR
    deterministic: bool = True

    def __str__(self) -> str:
        return f"{self.name}({', '.join(t.display for t in self.arguments)}):{self.result.display}"
