"""Figures of this process: beans with attributes, read when somebody looks.

A bean has a JMX object name, because that is how Trino's dashboards know it: `trino.execution:name=QueryManager`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lodestar_server.spi.values import frozen

Number = int | float


@frozen
class Attribute:
    """One figure of a bean. `counter`: it only grows."""

    name: str
    description: str
    read: Callable[[], Number]
    counter: bool = False


@dataclass(slots=True)
class Bean:
    """Figures that belong together."""

    object_name: str
    description: str
    attributes: list[Attribute] = field(default_factory=list)

    def gauge(self, name: str, description: str, read: Callable[[], Number]) -> None:
        """Add a figure that goes up and down."""
        self.attributes.append(Attribute(name, description, read))

    def counter(self, name: str, description: str, read: Callable[[], Number]) -> None:
        """Add a figure that only grows."""
        self.attributes.append(Attribute(name, description, read, counter=True))


class Metrics:
    """The beans of a server."""

    def __init__(self) -> None:
        self._beans: dict[str, Bean] = {}

    def bean(self, object_name: str, description: str) -> Bean:
        """The bean of this name, made when it is not there."""
        return self._beans.setdefault(object_name, Bean(object_name, description))

    def find(self, object_name: str) -> Bean | None:
        """The bean of this name, or None."""
        return self._beans.get(object_name)

    def __iter__(self) -> Iterator[Bean]:
        return iter(list(self._beans.values()))


_UNSAFE = re.compile(r"[^a-zA-Z0-9]+")


def metric_name(bean: Bean, attribute: Attribute) -> str:
    """`trino_execution_name_QueryManager_RunningQueries`."""
    return _UNSAFE.sub("_", f"{bean.object_name}_{attribute.name}").strip("_")


def open_metrics(metrics: Metrics, wanted: set[str] | None = None) -> str:
    """Everything as OpenMetrics text; with `wanted` only metrics of these names."""
    lines = []
    for bean in metrics:
        for attribute in bean.attributes:
            name = metric_name(bean, attribute)
            if wanted is not None and name not in wanted:
                continue
            suffix = "_total" if attribute.counter else ""
            lines.append(f"# TYPE {name} {'counter' if attribute.counter else 'gauge'}\n")
            lines.append(f"# HELP {name} {attribute.description}\n")
            lines.append(f"{name}{suffix} {attribute.read()}\n")
    lines.append("# EOF\n")
    return "".join(lines)
