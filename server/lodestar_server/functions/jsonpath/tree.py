"""The tree of a JSON path. `base` is what an accessor or a method is applied to."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class Node:
    """A part of a path that gives a sequence of items."""


@frozen
class Predicate:
    """A condition of a filter: true, false or unknown."""


@frozen
class JsonPath:
    """A whole path; `lax` forgives structural faults and unwraps arrays."""

    lax: bool
    root: Node


@frozen
class Context(Node):
    """`$`."""


@frozen
class CurrentItem(Node):
    """`@`."""


@frozen
class Last(Node):
    """`last`."""


@frozen
class Variable(Node):
    """`$name`."""

    name: str


@frozen
class NullLiteral(Node):
    """`null`."""


@frozen
class Literal(Node):
    """A value with its SQL type: bool, int, float, str, or for a decimal its text."""

    type: Type
    value: bool | int | float | str


@frozen
class Member(Node):
    """`base.key`; without a key `base.*`."""

    base: Node
    key: str | None


@frozen
class Descendant(Node):
    """`base..key`."""

    base: Node
    key: str


@frozen
class Elements(Node):
    """`base[a, b to c]`; without subscripts `base[*]`. A subscript is (from, to or None)."""

    base: Node
    subscripts: tuple[tuple[Node, Node | None], ...]


@frozen
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


@frozen
class Method(Node):
    """`base.method()`; `template` is the argument of datetime."""

    base: Node
    name: MethodName
    template: str | None = None


@frozen
class Arithmetic(Node):
    """`left operator right`, the operator being one of `+ - * / %`."""

    operator: str
    left: Node
    right: Node


@frozen
class Signed(Node):
    """`-base` or `+base`."""

    negative: bool
    base: Node


@frozen
class Comparison(Predicate):
    """`left operator right`, the operator being one of `== <> < > <= >=`."""

    operator: str
    left: Node
    right: Node


@frozen
class Conjunction(Predicate):
    """`left && right`."""

    left: Predicate
    right: Predicate


@frozen
class Disjunction(Predicate):
    """`left || right`."""

    left: Predicate
    right: Predicate


@frozen
class Negation(Predicate):
    """`!(predicate)`."""

    predicate: Predicate


@frozen
class IsUnknown(Predicate):
    """`(predicate) is unknown`."""

    predicate: Predicate


@frozen
class Exists(Predicate):
    """`exists(path)`."""

    path: Node


@frozen
class StartsWith(Predicate):
    """`whole starts with prefix`."""

    whole: Node
    prefix: Node


@frozen
class LikeRegex(Predicate):
    """`path like_regex pattern flag flags`."""

    path: Node
    pattern: str
    flags: str | None
