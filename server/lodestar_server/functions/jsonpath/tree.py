"""The tree of a JSON path. `base` is what an accessor or a method is applied to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.spi.types import Type


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a path that gives a sequence of items."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition of a filter: true, false or unknown."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A whole path; `lax` forgives structural faults and unwraps arrays."""

    lax: bool
    root: Node


@dataclass(frozen=True, slots=True)
class Context(Node):
    """`$`."""


@dataclass(frozen=True, slots=True)
class CurrentItem(Node):
    """`@`."""


@dataclass(frozen=True, slots=True)
class Last(Node):
    """`last`."""


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class NullLiteral(Node):
    """`null`."""


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value with its SQL type: bool, int, float, str, or for a decimal its text."""

    type: Type
    value: bool | int | float | str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.key`; without a key `base.*`."""

    base: Node
    key: str | None


@dataclass(frozen=True, slots=True)
class Descendant(Node):
    """`base..key`."""

    base: Node
    key: str


@dataclass(frozen=True, slots=True)
class Elements(Node):
    """`base[a, b to c]`; without subscripts `base[*]`. A subscript is (from, to or None)."""

    base: Node
    subscripts: tuple[tuple[Node, Node | None], ...]


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`base ? (predicate)`."""

    base: Node
    predicate: Predicate


class MethodName(Enum):
    """The methods; the value is how a path spells them."""

    ABS = "abs"
    CEILING = "ceiling"
    DATETIME = "datetime"
    DOUBLE = "double"
    FLOOR = "floor"
    KEYVALUE = "keyvalue"
    SIZE = "size"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Method(Node):
    """`base.method()`; `template` is the argument of datetime."""

    base: Node
    name: MethodName
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left operator right`, the operator being one of `+ - * / %`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Signed(Node):
    """`-base` or `+base`."""

    negative: bool
    base: Node


@dataclass(frozen=True, slots=True)
class Comparison(Predicate):
    """`left operator right`, the operator being one of `== <> < > <= >=`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conjunction(Predicate):
    """`left && right`."""

    left: Predicate
    right: Predicate


@dataclass(frozen=True, slots=True)
class Disjunction(Predicate):
    """`left || right`."""

    left: Predicate
    right: Predicate


@dataclass(frozen=True, slots=True)
class Negation(Predicate):
    """`!(predicate)`."""

    predicate: Predicate


@dataclass(frozen=True, slots=True)
class IsUnknown(Predicate):
    """`(predicate) is unknown`."""

    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Exists(Predicate):
    """`exists(path)`."""

    path: Node


@dataclass(frozen=True, slots=True)
class StartsWith(Predicate):
    """`whole starts with prefix`."""

    whole: Node
    prefix: Node


@dataclass(frozen=True, slots=True)
class LikeRegex(Predicate):
    """`path like_regex pattern flag flags`."""

    path: Node
    pattern: str
    flags: str | None
