"""Frozen values: what `@dataclass(frozen=True, slots=True)` makes, for a twentieth of its import time.

`dataclasses` compiles six methods for each class when it is imported, which takes a millisecond. A server imports some
370 such classes before it answers, and never calls most of their methods. Here comparison, hash and repr are shared,
and a constructor is compiled when the first instance is made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

Class = TypeVar("Class", bound=type)

_set = object.__setattr__

# `dataclasses` accepts only fields that carry this mark; it has no public name.
_ORDINARY_FIELD = vars(dataclasses)["_FIELD"]


@dataclass(frozen=True, slots=True)
class _Like:
    """What `dataclasses` writes down about such a class: one of its own may inherit from ours."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Class) -> Class:
    """A data class of slots that cannot be assigned to, equal and hashed by its fields; its own methods stay."""
    namespace = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    entries = take_fields(cls.__mro__[:0:-1], namespace)
    for name, method in _SHARED.items():
        if namespace.get(name) is None:
            namespace[name] = method
    namespace["_compared"] = _getter([entry.name for entry in entries if entry.compare])
    namespace["__dataclass_params__"] = vars(_Like)["__dataclass_params__"]
    made: Any = type(cls)(cls.__name__, cls.__bases__, namespace)
    if "__init__" not in namespace:
        made.__init__ = _on_first_call(made)
    return cast(Class, made)


def take_fields(bases: Iterable[type], namespace: dict[str, Any]) -> list[Field[Any]]:
    """The fields of a class that is about to be made, those of its bases first; `namespace` gets slots for its own."""
    entries: dict[str, Field[Any]] = {}
    for base in bases:
        entries.update(vars(base).get("__dataclass_fields__", {}))
    inherited = set(entries)
    for name, annotation in namespace.get("__annotations__", {}).items():
        if str(annotation).removeprefix("typing.").startswith("ClassVar"):
            continue
        default = namespace.pop(name, MISSING)
        described: Field[Any] = default if isinstance(default, Field) else field(default=default)
        described.name = name
        described.type = annotation
        if described.kw_only is MISSING:
            described.kw_only = False
        described._field_type = _ORDINARY_FIELD  # type: ignore[attr-defined]
        entries[name] = described
    made = list(entries.values())
    namespace["__slots__"] = tuple(name for name in entries if name not in inherited)
    namespace["__dataclass_fields__"] = entries
    namespace["__match_args__"] = tuple(entry.name for entry in made if entry.init and not entry.kw_only)
    return made


def constructor_of(kind: type, entries: Iterable[Field[Any]]) -> Callable[..., None]:
    """`__init__` of a class with these fields: keyword-only ones last, `__post_init__` at the end."""
    scope: dict[str, Any] = {"_set": _set, "_MISSING": MISSING}
    parameters, body = ["self"], []
    for entry in sorted(entries, key=lambda entry: bool(entry.kw_only)):
        name = entry.name
        if entry.kw_only and "*" not in parameters:
            parameters.append("*")
        value = name
        if entry.default_factory is not MISSING:
            scope[f"_make_{name}"] = entry.default_factory
            value = f"_make_{name}() if {name} is _MISSING else {name}" if entry.init else f"_make_{name}()"
            default = "=_MISSING"
        elif entry.default is not MISSING:
            scope[f"_default_{name}"] = entry.default
            value = name if entry.init else f"_default_{name}"
            default = f"=_default_{name}"
        else:
            default = ""
        if entry.init:
            parameters.append(f"{name}{default}")
        if entry.init or value != name:
            body.append(f" _set(self, {name!r}, {value})")
    if hasattr(kind, "__post_init__"):
        body.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(body or [" pass"]), scope)
    constructor: Callable[..., None] = scope["__init__"]
    constructor.__qualname__ = f"{kind.__qualname__}.__init__"
    return constructor


def _on_first_call(kind: Any) -> Callable[..., None]:
    def __init__(self: Any, *values: Any, **named: Any) -> None:
        kind.__init__ = constructor_of(kind, fields(kind))
        kind.__init__(self, *values, **named)

    return __init__


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda _: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


def _setattr(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = type(self)._compared
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(type(self)._compared(self))


def _repr(self: Any) -> str:
    shown = (f"{entry.name}={getattr(self, entry.name)!r}" for entry in fields(self) if entry.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, entry.name) for entry in fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for entry, value in zip(fields(self), state, strict=True):
        _set(self, entry.name, value)


_SHARED = {
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
