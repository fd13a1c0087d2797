"""What a type is: a frozen value with a name, its parameters and what may be done with its values.

Types compare by value, so `DecimalType(10, 2) == DecimalType(10, 2)`. How a value of a type is held is told
elsewhere: by Arrow in motion in `arrow.py`, by the kernel in its encoding table, on the wire in `protocol/`.
"""

from __future__ import annotations

from lodestar_server.spi.values import frozen


@frozen
class Type:
    """A SQL type. Every class below is one; scalars without parameters are instances of `SimpleType`."""

    @property
    def base(self) -> str:
        """The name without parameters: `varchar`, `timestamp with time zone`, `row`."""
        raise TypeError(f"{type(self).__name__} has no base name")

    @property
    def display(self) -> str:
        """The text of `typeof()`, DESCRIBE and error messages: `decimal(10,2)`, `row("a" bigint)`."""
        return self.base

    @property
    def signature_text(self) -> str:
        """The text of function resolution messages: as `display`, but without blanks between parameters."""
        return self.display

    @property
    def comparable(self) -> bool:
        """`=`, DISTINCT, GROUP BY and join keys are allowed."""
        return True

    @property
    def orderable(self) -> bool:
        """`<`, ORDER BY, min and max are allowed."""
        return True

    @property
    def children(self) -> tuple[Type, ...]:
        """The element types of a nested type, in order; empty for scalars."""
        return ()

    def __str__(self) -> str:
        return self.display


@frozen
class SimpleType(Type):
    """A type without parameters."""

    name: str
    is_comparable: bool = True
    is_orderable: bool = True

    @property
    def base(self) -> str:
        return self.name

    @property
    def comparable(self) -> bool:
        return self.is_comparable

    @property
    def orderable(self) -> bool:
        return self.is_orderable
