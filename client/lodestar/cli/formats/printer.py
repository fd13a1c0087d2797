"""What every output format is: it takes rows in portions and writes text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Write = Callable[[str], object]
Rows = Sequence[Sequence[Any]]


class Printer(Protocol):
    """Rows in, text out. Widths of tables are those of a portion, so that nothing has to be kept."""

    def print_rows(self, rows: Rows, complete: bool) -> None:
        """Write a portion; `complete` when it is the last."""

    def finish(self) -> None:
        """Write what comes behind the rows; called once, also after a failure."""
