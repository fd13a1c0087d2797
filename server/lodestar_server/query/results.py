"""Where a running statement puts what it has: the seam between the pipeline and the spool that clients read."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import pyarrow as pa

from lodestar_server.session import SessionChanges
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen

__all__ = ["OutputColumn", "QueryPhase", "ResultSink", "RowEncoding", "SessionChanges"]


@frozen
class OutputColumn:
    """A column as the client sees it: the user's spelling of the name, the full type."""

    name: str
    type: Type


class RowEncoding(Enum):
    """How rows reach the spool.

    JSON_TEXT: record batches of one string column `row`; each value is a row's JSON array followed by a comma
    (`[1,"a"],`), so that a page body is a slice of the column's buffer.
    JSON_TEXT_LEGACY: the same for a client without PARAMETRIC_DATETIME (3 fraction digits).
    ARROW: record batches of the columns, in the Arrow types of `spi/types/arrow.py`.
    """

    JSON_TEXT = "JSON_TEXT"
    JSON_TEXT_LEGACY = "JSON_TEXT_LEGACY"
    ARROW = "ARROW"


class QueryPhase(Enum):
    """Where the pipeline is; the state machine decides what the client is told."""

    PLANNING = "PLANNING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FINISHING = "FINISHING"


class ResultSink(Protocol):
    """Called from the pipeline's worker thread, in order: enter…, begin, append…, finish. An exception ends it."""

    encoding: RowEncoding
    """Settled once `begin` was called."""

    def enter(self, phase: QueryPhase) -> None:
        """The pipeline has reached a phase."""

    def describe(self, query_type: str | None, update_type: str | None) -> None:
        """What kind of statement it is (SELECT, INSERT, DATA_DEFINITION …), as soon as it is known."""

    def begin(self, columns: Sequence[OutputColumn], *, spoolable: bool) -> None:
        """The columns; empty for statements without a result. `spoolable`: a plain query, fit for segments."""

    def append(self, batch: pa.RecordBatch) -> None:
        """Rows in `encoding`; blocks while too much is unread; raises when the query was cancelled."""

    def update_count(self, count: int | None) -> None:
        """The count of an INSERT, DELETE …; its one-row result is appended besides."""

    def change_session(self, changes: SessionChanges) -> None:
        """Headers for the client, once the statement has succeeded."""

    def finish(self) -> None:
        """Everything is appended and committed."""
