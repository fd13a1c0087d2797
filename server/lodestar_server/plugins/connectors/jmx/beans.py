"""Beans by table name: lower case, `*` for many; their present values as rows; samples of the past."""

from __future__ import annotations

import fnmatch
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lodestar_server.spi.beans import Bean, BeanSource
from lodestar_server.spi.types import VARCHAR, TimestampTzType, Type

NODE = "node"
OBJECT_NAME = "object_name"
TIMESTAMP = "timestamp"
TIMESTAMP_TYPE = TimestampTzType(3)

Columns = tuple[tuple[str, Type], ...]


class BeanCatalog:
    """The beans of several sources; the first to name a bean wins."""

    def __init__(self, node_id: str, sources: Sequence[BeanSource]) -> None:
        self._node_id = node_id
        self._sources = sources

    def by_table(self) -> dict[str, Bean]:
        """Table name → bean."""
        found: dict[str, Bean] = {}
        for source in self._sources:
            for bean in source.list_beans():
                found.setdefault(bean.object_name.lower(), bean)
        return found

    def matching(self, table: str) -> list[Bean]:
        """The bean of a table name, or all that a name with `*` means, in alphabetical order."""
        beans = self.by_table()
        if "*" not in table:
            return [beans[table]] if table in beans else []
        pattern = re.compile(fnmatch.translate(table.replace("[", "[[]").replace("?", "[?]")))
        return [beans[name] for name in sorted(beans) if pattern.match(name)]

    def columns(self, beans: Iterable[Bean]) -> Columns:
        """Attributes of all of them in lower case and alphabetical order, then node and object_name."""
        attributes = {name.lower(): type_ for bean in beans for name, type_ in bean.attributes.items()}
        return (*sorted(attributes.items()), (NODE, VARCHAR), (OBJECT_NAME, VARCHAR))

    def row(self, bean: Bean, columns: Columns) -> list[Any]:
        """The bean's present values."""
        values = {name.lower(): value for name, value in bean.read().items()}
        values[NODE] = self._node_id
        values[OBJECT_NAME] = bean.object_name
        return [values.get(name) for name, _ in columns]


class BeanHistory:
    """Samples of some beans, bounded. Thread-safe."""

    def __init__(self, beans: BeanCatalog, tables: Sequence[str], max_entries: int) -> None:
        self._beans = beans
        self._lock = threading.Lock()
        wanted = {one.object_name.lower() for table in tables for one in beans.matching(table)}
        self._samples: dict[str, deque[list[Any]]] = {name: deque(maxlen=max_entries) for name in sorted(wanted)}

    @property
    def tables(self) -> list[str]:
        """What is sampled."""
        return list(self._samples)

    def columns(self, table: str) -> Columns:
        """`timestamp` and the bean's own."""
        return ((TIMESTAMP, TIMESTAMP_TYPE), *self._beans.columns(self._beans.matching(table)))

    def sample(self, picoseconds: int) -> None:
        """Keep the present values; `picoseconds` since 1970, UTC."""
        for table, samples in self._samples.items():
            for bean in self._beans.matching(table):
                row = self._beans.row(bean, self.columns(table)[1:])
                with self._lock:
                    samples.append([(picoseconds, "UTC"), *row])

    def rows(self, table: str) -> Iterator[list[Any]]:
        """The samples, oldest first."""
        with self._lock:
            return iter(list(self._samples.get(table, ())))
