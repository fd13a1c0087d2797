"""Which queries run and which wait. The seam for resource groups, and the one group there is without them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from lodestar_server.spi.errors import QUERY_QUEUE_FULL, LodestarError
from lodestar_server.spi.values import frozen

if TYPE_CHECKING:
    from lodestar_server.query.dispatch.query import Query


@frozen
class GroupFigures:
    """A group as `/v1/resourceGroupState` shows it."""

    path: tuple[str, ...]
    running: tuple[Query, ...]
    queued: int
    max_running: int
    max_queued: int


class QueryGroups(Protocol):
    """Called from the event loop only."""

    def submit(self, query: Query) -> bool:
        """Take a query in. True: run it now; false: it waits. Raises: LodestarError when it is turned away."""
        ...

    def finished(self, query: Query) -> list[Query]:
        """A query of the group has left (it may have waited or run); the queries to run now."""
        ...

    def find(self, path: tuple[str, ...]) -> GroupFigures | None:
        """The figures of a group, or None."""
        ...


class SingleGroup:
    """One group, `global`: first come, first served, up to `max_running` at once."""

    def __init__(self, max_running: int, max_queued: int) -> None:
        self._max_running, self._max_queued = max_running, max_queued
        self._running: dict[str, Query] = {}
        self._waiting: deque[Query] = deque()

    path = ("global",)

    @property
    def has_room(self) -> bool:
        """A query would run at once."""
        return not self._waiting and len(self._running) < self._max_running

    def submit(self, query: Query) -> bool:
        query.group = self.path
        if self.has_room:
            self._running[query.id] = query
            return True
        if len(self._waiting) >= self._max_queued:
            raise LodestarError(QUERY_QUEUE_FULL, 'Too many queued queries for "global"')
        self._waiting.append(query)
        return False

    def finished(self, query: Query) -> list[Query]:
        if self._running.pop(query.id, None) is None:
            # Cancelled while it waited.
            if query in self._waiting:
                self._waiting.remove(query)
        found = []
        while self._waiting and len(self._running) < self._max_running:
            next_query = self._waiting.popleft()
            if not next_query.state.done:
                self._running[next_query.id] = next_query
                found.append(next_query)
        return found

    def find(self, path: tuple[str, ...]) -> GroupFigures | None:
        if path != self.path:
            return None
        running = tuple(self._running.values())
        return GroupFigures(self.path, running, len(self._waiting), self._max_running, self._max_queued)
