"""How a node class is made: what `@dataclass(frozen=True, slots=True)` makes, for a sixth of its import time.

The tree has some 250 classes. `dataclasses` compiles six methods for each when it is imported, about 0.15 s in all,
most of which a server never calls. Here comparison, hash and repr are shared, and the
constructor is compiled when the first instance is made. Comparison and hash do not recurse, so that a chain of a
thousand operators cannot exhaust the stack.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError, field
from typing import Any, ClassVar, dataclass_transform

from lodestar_server.spi.errors import Location

_set = object.__setattr__

# `dataclasses.replace` and `fields` accept only fields that carry this mark; it has no public name.
_ORDINARY_FIELD = vars(dataclasses)["_FIELD"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class NodeType(type):
    """The class of node classes: turns annotations into slots and constructor parameters, parents' first."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> NodeType:
        entries: dict[str, Field[Any]] = {}
        for base in bases:
            entries.update(getattr(base, "__dataclass_fields__", {}))
        own = [entry for entry in namespace.get("__annotations__", {}) if not entry.startswith("_")]
        for entry in own:
            default = namespace.pop(entry, MISSING)
            described: Field[Any] = default if isinstance(default, Field) else field(default=default)
            described.name = entry
            described.type = namespace["__annotations__"][entry]
            if described.kw_only is MISSING:
                described.kw_only = False
            described._field_type = _ORDINARY_FIELD  # type: ignore[attr-defined]
            entries[entry] = described
        namespace["__slots__"] = tuple(own)
        namespace["__dataclass_fields__"] = entries
        namespace["__match_args__"] = tuple(entry.name for entry in entries.values() if not entry.kw_only)
        namespace["_compared"] = tuple(entry.name for entry in entries.values() if entry.compare)
        made = super().__new__(mcls, name, bases, namespace)
        # Set after the class exists: mypy must see the constructor that the annotations describe.
        type.__setattr__(made, "__init__", _compile_constructor_on_first_call)
        return made


def _compile_constructor_on_first_call(self: Node, *values: Any, **named: Any) -> None:
    kind = type(self)
    entries = kind.__dataclass_fields__.values()
    ordered = sorted(entries, key=lambda entry: bool(entry.kw_only))
    parameters: list[str] = []
    scope: dict[str, Any] = {"_set": _set}
    for entry in ordered:
        if entry.kw_only and "*" not in parameters:
            parameters.append("*")
        if entry.default is MISSING:
            parameters.append(entry.name)
        else:
            scope[f"_default_{entry.name}"] = entry.default
            parameters.append(f"{entry.name}=_default_{entry.name}")
    body = "\n".join(f"    _set(self, {entry.name!r}, {entry.name})" for entry in ordered)
    exec(f"def __init__(self, {', '.join(parameters)}):\n{body}", scope)
    constructor = scope["__init__"]
    constructor.__qualname__ = f"{kind.__qualname__}.__init__"
    type.__setattr__(kind, "__init__", constructor)
    constructor(self, *values, **named)


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
