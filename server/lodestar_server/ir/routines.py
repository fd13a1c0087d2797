"""SQL routines whose body is more than an expression: variables, branches and loops, and the call of one."""

from __future__ import annotations

from dataclasses import field

from lodestar_server.ir.expressions import Expression
from lodestar_server.ir.symbols import Symbol
from lodestar_server.spi.errors import Location
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class RoutineStatement:
    """A statement of a routine; its expressions read the routine's parameters and variables only."""


@frozen
class Assign(RoutineStatement):
    """SET variable = value."""

    variable: Symbol
    value: Expression


@frozen
class Return(RoutineStatement):
    """RETURN value."""

    value: Expression


@frozen
class Branch(RoutineStatement):
    """The statements of the first condition that is true, else `otherwise`."""

    branches: tuple[tuple[Expression, tuple[RoutineStatement, ...]], ...]
    otherwise: tuple[RoutineStatement, ...] = ()


@frozen
class Loop(RoutineStatement):
    """LOOP, WHILE `before` is true, REPEAT until `after` is true. `label` is what LEAVE and ITERATE name."""

    label: str | None
    body: tuple[RoutineStatement, ...]
    before: Expression | None = None
    after: Expression | None = None


@frozen
class Leave(RoutineStatement):
    """LEAVE label: go on after the loop."""

    label: str


@frozen
class Iterate(RoutineStatement):
    """ITERATE label: begin the loop's next round."""

    label: str


@frozen
class Routine:
    """A routine with its types. `called_on_null` false: a NULL argument makes the result NULL."""

    name: str
    parameters: tuple[Symbol, ...]
    result: Type
    body: tuple[RoutineStatement, ...]
    deterministic: bool = True
    called_on_null: bool = True
    comment: str = ""

    @property
    def text(self) -> str:
        """How messages show it: `f(integer)`."""
        return f"{self.name}({','.join(one.type.signature_text for one in self.parameters)})"


@frozen
class RoutineCall(Expression):
    """A call of a routine with arguments of exactly its parameters' types."""

    routine: Routine
    arguments: tuple[Expression, ...]
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return self.routine.result
