"""Beans: the named counters of a node, as the jmx catalog and the metrics endpoint show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class Bean:
    """A bean under its object name, `trino.execution:name=QueryManager` in the case in which it is shown.

    `attributes`: attribute name → type, fixed for the bean's life. `read` gives the present values by attribute name,
    as in `ir.Constant`; an attribute that is left out is NULL.
    """

    object_name: str
    attributes: Mapping[str, Type]
    read: Callable[[], Mapping[str, Any]]


class BeanSource(Protocol):
    """Whoever knows the beans of this node. Thread-safe; the list may change between calls."""

    def list_beans(self) -> Iterable[Bean]:
        """All beans, in any order, object names without duplicates (case does not count)."""
        ...
