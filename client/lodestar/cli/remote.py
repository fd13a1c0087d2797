"""Statements of a session at a server, document by document: what the shell needs between start and end of a query."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lodestar.connection import Connection
from lodestar.errors import DatabaseError
from lodestar.protocol.documents import PageData, SegmentedData
from lodestar.protocol.encodings import read_json_segment, require_encoding
from lodestar.protocol.operations import Operation, advance, cancel, fetch_segment, send, start
from lodestar.protocol.statement import Statement
from lodestar.session import ClientSession

Rows = Sequence[Sequence[Any]]

_UNREACHABLE_SECONDS = 1.0
"""How long a statement is offered to a server that does not take it."""


class Remote:
    """The server, and the session with it, which statements change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._core = connection._core

    @property
    def session(self) -> ClientSession:
        """As the last answer left it."""
        return self._core.session

    def start(self, text: str) -> RunningStatement:
        """Send a statement. Raises: lodestar.Error."""
        return RunningStatement(
            self._connection, Statement(self._core.settings.origin, text, self._core.request_headers())
        )

    def fetch(self, text: str) -> list[Sequence[Any]]:
        """All rows of a query of the shell's own. Raises: lodestar.Error."""
        running = self.start(text)
        rows: list[Sequence[Any]] = []
        while not running.statement.done:
            rows += running.advance() or ()
        return rows

    def close(self) -> None:
        """Cancel, roll back, hang up."""
        self._connection.close()


class RunningStatement:
    """A statement that was sent. `statement` has what the last document said."""

    def __init__(self, connection: Connection, statement: Statement) -> None:
        self._connection = connection
        self._core = connection._core
        self.statement = statement
        self.aborted = False
        self._limits = self._core.limits()
        # Where nobody listens, a person wants to know it at once.
        patient = replace(self._limits, policy=replace(self._limits.policy, give_up_after=_UNREACHABLE_SECONDS))
        connection.run(start(statement, patient, self._core.apply))

    def advance(self) -> Rows | None:
        """The next document's rows, None when it has none. The statement must not be done. Raises: lodestar.Error."""
        return self._connection.run(self._advance())

    def cancel(self) -> None:
        """Nobody wants the rest. That the server does not answer is no error."""
        self.aborted = True
        with contextlib.suppress(DatabaseError):
            self._connection.run(cancel(self.statement, self._core.limits(5.0)))

    def cancel_leaf_stage(self) -> None:
        """End the reading: the query finishes with the rows it has. Nothing happens where the server knows no way."""
        uri = self.statement.partial_cancel_uri
        if uri is not None:
            request = self.statement.request("DELETE", uri)
            with contextlib.suppress(DatabaseError):
                self._connection.run(send(request, self._core.limits(5.0), lambda response: None))

    def _advance(self) -> Operation[Rows | None]:
        data: PageData | None = yield from advance(self.statement, self._limits, self._core.apply)
        if not isinstance(data, SegmentedData):
            return data
        encoding = require_encoding(data.encoding)
        rows: list[Sequence[Any]] = []
        for segment in data.segments:
            found = yield from fetch_segment(self.statement, segment, self._limits)
            rows += read_json_segment(encoding, segment, found)
        return rows
