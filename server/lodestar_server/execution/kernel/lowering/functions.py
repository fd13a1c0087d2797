"""Functions in Python that belong to one statement: made known to the instance for its execution only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class StatementFunction(Protocol):
    """A function that DuckDB calls with Arrow columns; types are DuckDB's texts."""

    @property
    def name(self) -> str:
        """The name in the statement's text."""
        ...

    @property
    def parameters(self) -> tuple[str, ...]:
        """Types of the parameters, at least one."""
        ...

    @property
    def result(self) -> str:
        """The type of its values."""
        ...

    @property
    def volatile(self) -> bool:
        """Each call may give another value."""
        ...

    @property
    def pieces(self) -> Sequence[tuple[str, ...]]:
        """The texts of the queries that it asks, in pieces (see `LoweredStatement.pieces`)."""
        ...

    def bind(self, connect: Callable[[], Any], check: Callable[[], None], slots: dict[str, str]) -> Callable[..., Any]:
        """The function for one execution.

        `connect` gives a fresh cursor of the instance, `check` raises when the query is cancelled, `slots` fill pieces.
        """
        ...
