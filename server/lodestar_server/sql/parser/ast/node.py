"""How a node class is made: what `spi.values.frozen` makes, by inheritance.

The tree has some 250 classes. Comparison and hash do not recurse, so that a chain of a thousand operators cannot
exhaust the stack.
"""

from __future__ import annotations

from dataclasses import Field, FrozenInstanceError, field
from typing import Any, ClassVar, dataclass_transform

from lodestar_server.spi.errors import Location
from lodestar_server.spi.values import constructor_of, take_fields

_set = object.__setattr__


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class NodeType(type):
    """The class of node classes: turns annotations into slots and constructor parameters, parents' first."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> NodeType:
        entries = take_fields(bases, namespace)
        namespace["_compared"] = tuple(entry.name for entry in entries if entry.compare)
        made = super().__new__(mcls, name, bases, namespace)
        # Set after the class exists: mypy must see the constructor that the annotations describe.
        type.__setattr__(made, "__init__", _compile_constructor_on_first_call)
        return made


def _compile_constructor_on_first_call(self: Node, *values: Any, **named: Any) -> None:
    kind = type(self)
    type.__setattr__(kind, "__init__", constructor_of(kind, _fields(self)))
    kind.__init__(self, *values, **named)


class Node(metaclass=NodeType):
    """A part of a statement. `at` is where Trino reports errors about it: mostly its first token, but an arithmetic
    or comparison expression is at its operator. Two nodes are equal when their contents are, wherever they stand.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _compared: ClassVar[tuple[str, ...]]

    at: Location = field(compare=False, repr=False, kw_only=True)

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        pending: list[tuple[Any, Any]] = [(self, other)]
        while pending:
            mine, theirs = pending.pop()
            if mine is theirs:
                continue
            if type(mine) is not type(theirs):
                return False
            if isinstance(mine, Node):
                for name in mine._compared:
                    pending.append((getattr(mine, name), getattr(theirs, name)))
            elif type(mine) is tuple:
                if len(mine) != len(theirs):
                    return False
                pending.extend(zip(mine, theirs, strict=True))
            elif mine != theirs:
                return False
        return True

    def __hash__(self) -> int:
        seen: list[Any] = []
        pending: list[Any] = [self]
        while pending:
            value = pending.pop()
            if isinstance(value, Node):
                seen.append(type(value))
                for name in value._compared:
                    pending.append(getattr(value, name))
            elif type(value) is tuple:
                seen.append(len(value))
                pending.extend(value)
            else:
                seen.append(value)
        return hash(tuple(seen))

    def __repr__(self) -> str:
        shown = [f"{entry.name}={getattr(self, entry.name)!r}" for entry in _fields(self) if entry.repr]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __getstate__(self) -> list[Any]:
        return [getattr(self, entry.name) for entry in _fields(self)]

    def __setstate__(self, state: list[Any]) -> None:
        for entry, value in zip(_fields(self), state, strict=True):
            _set(self, entry.name, value)


def _fields(node: Node) -> list[Field[Any]]:
    return list(type(node).__dataclass_fields__.values())
