"""The states of a query and its moves between them. Pure: no clock, no locks, no I/O.

    QUEUED → WAITING_FOR_RESOURCES → DISPATCHING → PLANNING → STARTING → RUNNING → FINISHING → FINISHED
    FAILED from every state that is not final

A query only moves forward; a step may be left out (a DDL statement never runs). Asking for a state that lies behind,
or for any after the end, is no error and changes nothing: the worker, the client and the tracker race, and whoever
comes first decides.
"""

from __future__ import annotations

from enum import Enum


class QueryState(Enum):
    """The text is what clients see."""

    QUEUED = "QUEUED"
    WAITING_FOR_RESOURCES = "WAITING_FOR_RESOURCES"
    DISPATCHING = "DISPATCHING"
    PLANNING = "PLANNING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FINISHING = "FINISHING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"

    rank: int
    """Its place in the order of states."""
    done: bool
    """No move leads out of it."""


for _rank, _state in enumerate(QueryState):
    # Plain attributes: they are asked many times per document, and an enum hashes slowly.
    _state.rank = _rank
    _state.done = _state in (QueryState.FINISHED, QueryState.FAILED)


class QueryTimeline:
    """The state of one query and when it entered each. Instants are seconds on one monotonic clock."""

    __slots__ = ("_entered", "created", "state")

    def __init__(self, now: float) -> None:
        self.created = now
        self.state = QueryState.QUEUED
        self._entered: list[float | None] = [None] * len(QueryState)
        self._entered[0] = now

    def advance(self, state: QueryState, now: float) -> bool:
        """Move on to `state`; false when the query is already there, further, or done."""
        if self.state.done or state.rank <= self.state.rank:
            return False
        self.state = state
        self._entered[state.rank] = now
        return True

    def entered(self, state: QueryState) -> float | None:
        """When the query entered a state; None when it has not, or left it out."""
        return self._entered[state.rank]

    @property
    def ended(self) -> float | None:
        """When the query was done."""
        return self._entered[self.state.rank] if self.state.done else None

    @property
    def began(self) -> float | None:
        """When the query left the queue; None while it waits, and when it failed there."""
        began = self._first_after(QueryState.WAITING_FOR_RESOURCES)
        return None if self.state is QueryState.FAILED and began == self.ended else began

    def elapsed(self, now: float) -> float:
        """Seconds from creation to the end, or to now."""
        ended = self.ended
        return (now if ended is None else ended) - self.created

    def queued(self, now: float) -> float:
        """Seconds spent waiting to be started."""
        started = self._first_after(QueryState.WAITING_FOR_RESOURCES)
        return (now if started is None else started) - self.created

    def executing(self, now: float) -> float | None:
        """Seconds since execution began (planning is over); None before."""
        began = self._first_after(QueryState.PLANNING)
        if began is None or (self.state is QueryState.FAILED and began == self.ended):
            return None
        ended = self.ended
        return (now if ended is None else ended) - began

    def planning(self, now: float) -> float | None:
        """Seconds in planning so far; None before it began."""
        began = self.entered(QueryState.PLANNING)
        if began is None:
            return None
        over = self._first_after(QueryState.PLANNING)
        return (now if over is None else over) - began

    def finishing(self, now: float) -> float:
        """Seconds in finishing."""
        began = self.entered(QueryState.FINISHING)
        if began is None:
            return 0.0
        ended = self.ended
        return (now if ended is None else ended) - began

    def _first_after(self, state: QueryState) -> float | None:
        for instant in self._entered[state.rank + 1 :]:
            if instant is not None:
                return instant
        return None
