"""What a name of SQL is called at a REST catalog: the same, or the one name that is the same but for its case."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.names import SchemaTableName

Levels = tuple[str, ...]
_KEPT = 10_000


class RestNames:
    """`nested`: a schema's dots are levels of its namespace. `case_ttl`: for how many seconds it is remembered which
    name is meant; None: names are taken as they are. Thread-safe."""

    def __init__(self, *, nested: bool = False, case_ttl: float | None = None) -> None:
        self.nested = nested
        self.matches_case = case_ttl is None
        self._ttl = case_ttl or 0.0
        self._lock = threading.Lock()
        self._known: dict[tuple[Any, ...], tuple[float, Any]] = {}

    def levels(self, schema: str) -> Levels:
        """As SQL has them. Raises: NOT_SUPPORTED for several levels where they are not nested."""
        if not self.nested:
            if "." in schema:
                raise LodestarError(NOT_SUPPORTED, "Nested namespace is not enabled for this catalog")
            return (schema,)
        return tuple(level for one in schema.split(".") if (level := one.strip()))

    def namespace(self, schema: str, list_all: Callable[[], Iterable[Sequence[str]]]) -> Levels:
        """As the service has it. Raises: NOT_SUPPORTED when several could be meant."""
        levels = self.levels(schema)
        if self.matches_case:
            return levels

        def find() -> Levels:
            found = [tuple(one) for one in list_all() if tuple(level.lower() for level in one) == levels]
            if len(found) > 1:
                shown = ", ".join(".".join(one) for one in found)
                raise LodestarError(
                    NOT_SUPPORTED, f"Duplicate namespace names are not supported with Iceberg REST catalog: [{shown}]"
                )
            return found[0] if found else levels

        known: Levels = self._remembered(("namespace", levels), find)
        return known

    def relation(self, kind: str, name: SchemaTableName, list_all: Callable[[], Iterable[str]]) -> str:
        """`kind`: table or view. Raises: NOT_SUPPORTED when several could be meant."""
        if self.matches_case:
            return name.table

        def find() -> str:
            found = [one for one in list_all() if one.lower() == name.table.lower()]
            if len(found) > 1:
                raise LodestarError(
                    NOT_SUPPORTED,
                    f"Duplicate {kind} names are not supported with Iceberg REST catalog: {', '.join(found)}",
                )
            return found[0] if found else name.table

        known: str = self._remembered((kind, name), find)
        return known

    def shown(self, name: str) -> str:
        """A name of the service in SQL."""
        return name if self.matches_case else name.lower()

    def forget(self, name: SchemaTableName | str) -> None:
        """A relation, or a schema: it is gone, or another one."""
        with self._lock:
            keys = [("namespace", self.levels(name))] if isinstance(name, str) else [("table", name), ("view", name)]
            for key in keys:
                self._known.pop(key, None)

    def _remembered(self, key: tuple[Any, ...], find: Callable[[], Any]) -> Any:
        now = time.monotonic()
        with self._lock:
            known = self._known.get(key)
        if known is not None and now < known[0]:
            return known[1]
        found = find()
        with self._lock:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = (now + self._ttl, found)
        return found
