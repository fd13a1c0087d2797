"""A file of rules: its text to `Rules`, with every fault at once. What is not understood is a fault, never left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

import orjson

from lodestar_server.plugins.toolkit.java_patterns import java_pattern
from lodestar_server.plugins.toolkit.security.rules import (
    AuthorizationRule,
    Expression,
    Pattern,
    PropertyRule,
    RoutinePrivilege,
    RoutineRule,
    Rules,
    SchemaRule,
    TablePrivilege,
    TableRule,
    Who,
)
from lodestar_server.spi.values import frozen

R = TypeVar("R")
P = TypeVar("P", bound=Enum)
_WHO = ("user", "group")
_ALIASES = {
    "sessionProperties": "session_properties",
    "functionKinds": "function_kinds",
    "originalUser": "original_user",
    "originalGroup": "original_group",
    "originalRole": "original_role",
    "newUser": "new_user",
    "newRole": "new_role",
}
"""Second names that Trino takes as well."""
_ROLES = ("role", "original_role", "new_role")


class RulesError(Exception):
    """`faults`: what is wrong with the rules, each with its place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def read_rules(content: bytes, pointer: str = "") -> Rules:
    """The rules of a JSON document, below a JSON pointer (RFC 6901). Raises: RulesError."""
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise RulesError([f"not JSON: {fault}"]) from None
    found = _at(document, pointer)
    if not isinstance(found, dict):
        raise RulesError([f"there is no object at '{pointer}'" if pointer else "not an object"])
    reader = _Reader()
    rules = reader.rules(_Object("", found, reader.faults))
    if reader.faults:
        raise RulesError(reader.faults)
    return rules


def _at(document: Any, pointer: str) -> Any:
    if pointer and not pointer.startswith("/"):
        raise RulesError([f"the JSON pointer '{pointer}' does not begin with '/'"])
    found = document
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


class _Object:
    """One object of the document: what is taken of it, and at the end what nobody took."""

    def __init__(self, place: str, values: Mapping[str, Any], faults: list[str]) -> None:
        self._place = place
        self._values = {_ALIASES.get(key, key): value for key, value in values.items()}
        self._left = dict.fromkeys(self._values)
        self._faults = faults

    def fault(self, message: str) -> None:
        self._faults.append(f"{self._place}: {message}" if self._place else message)

    def take(self, key: str) -> Any:
        self._left.pop(key, None)
        return self._values.get(key)

    def truth(self, key: str, *, default: bool) -> bool:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(f"'{key}' is neither true nor false")
        return value is True

    def pattern(self, key: str) -> Pattern:
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(f"'{key}' is not a text")
            return None
        try:
            return java_pattern(value)
        except re.error as fault:
            self.fault(f"'{key}' is not a regular expression that is supported: {value} ({fault})")
            return None

    def privileges(self, kind: type[P], without: Iterable[P] = ()) -> frozenset[P]:
        value = self.take("privileges")
        allowed = {one.value: one for one in kind if one not in without}
        if not isinstance(value, list):
            self.fault("'privileges' is missing" if value is None else "'privileges' is not a list")
            return frozenset()
        found = set()
        for one in value:
            privilege = allowed.get(one.upper()) if isinstance(one, str) else None
            if privilege is None:
                self.fault(f"privilege {one!r} is not one of {', '.join(allowed)}")
            else:
                found.add(privilege)
        return frozenset(found)

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is not None and not isinstance(value, str):
            self.fault(f"'{key}' is not a text")
            return None
        return value

    def expression(self, key: str) -> Expression | None:
        """`key`, with the user of its environment."""
        text, user = self.text(key), None
        environment = self.take(f"{key}_environment")
        if environment is not None:
            if isinstance(environment, dict):
                inner = _Object(f"{self._place}.{key}_environment", environment, self._faults)
                user = inner.text("user")
                inner.finish()
            else:
                self.fault(f"'{key}_environment' is not an object")
        return None if text is None else Expression(text, user)

    def who(self, prefix: str = "") -> Who:
        user, group = (self.pattern(prefix + one) for one in _WHO)
        return Who(user, group)

    def children(self, key: str, read: Callable[[_Object], R]) -> tuple[R, ...] | None:
        """What each object of a list is; None without the list."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.fault(f"'{key}' is not a list")
            return ()
        place = f"{self._place}.{key}" if self._place else key
        found = []
        for number, one in enumerate(value):
            if not isinstance(one, dict):
                self._faults.append(f"{place}[{number}]: not an object")
                continue
            child = _Object(f"{place}[{number}]", one, self._faults)
            found.append(read(child))
            child.finish()
        return tuple(found)

    def finish(self) -> None:
        for key in self._left:
            if key in _ROLES:
                if self._values[key] is not None:
                    self.fault("File connector access control does not support role rules")
            elif key == "function_kinds":
                if self._values[key]:
                    self.fault("function_kind is no longer supported in security rules")
            else:
                self.fault(f"'{key}' is not known here")


@frozen
class _Column:
    name: str
    allowed: bool
    mask: Expression | None


class _Reader:
    def __init__(self) -> None:
        self.faults: list[str] = []

    def rules(self, top: _Object) -> Rules:
        kinds: dict[str, tuple[Any, ...] | None] = {
            "schemas": top.children("schemas", self._schema),
            "tables": top.children("tables", self._table),
            "session_properties": top.children("session_properties", self._property),
            "functions": top.children("functions", self._function),
            "procedures": top.children("procedures", self._procedure),
            "authorization": top.children("authorization", self._authorization),
        }
        top.finish()
        return Rules(**{kind: found for kind, found in kinds.items() if found is not None})

    def _schema(self, one: _Object) -> SchemaRule:
        return SchemaRule(one.who(), one.pattern("schema"), owner=one.truth("owner", default=False))

    def _table(self, one: _Object) -> TableRule:
        privileges = one.privileges(TablePrivilege)
        columns = one.children("columns", self._column) or ()
        names = [one.name for one in columns]
        for name in sorted({name for name in names if names.count(name) > 1}):
            one.fault(f"column '{name}' is there twice")
        restricted = frozenset(one.name for one in columns if not one.allowed)
        masks = {one.name: one.mask for one in columns if one.mask is not None}
        return TableRule(
            one.who(),
            one.pattern("schema"),
            one.pattern("table"),
            privileges,
            restricted,
            one.expression("filter"),
            masks,
        )

    def _column(self, one: _Object) -> _Column:
        name = one.take("name")
        if not isinstance(name, str):
            one.fault("'name' is missing")
        return _Column(str(name), one.truth("allow", default=True), one.expression("mask"))

    def _property(self, one: _Object) -> PropertyRule:
        return PropertyRule(one.who(), one.pattern("property"), one.truth("allow", default=False))

    def _function(self, one: _Object) -> RoutineRule:
        privileges = one.privileges(RoutinePrivilege)
        return RoutineRule(one.who(), one.pattern("schema"), one.pattern("function"), privileges)

    def _procedure(self, one: _Object) -> RoutineRule:
        privileges = one.privileges(RoutinePrivilege, without=[RoutinePrivilege.OWNERSHIP])
        return RoutineRule(one.who(), one.pattern("schema"), one.pattern("procedure"), privileges)

    def _authorization(self, one: _Object) -> AuthorizationRule:
        if one.take("new_user") is None:
            one.fault("'new_user' is missing")
        return AuthorizationRule(one.who("original_"), one.pattern("new_user"), one.truth("allow", default=True))
