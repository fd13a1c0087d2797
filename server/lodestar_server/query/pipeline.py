"""The route of one statement on one page: text → AST → bound → plan → optimized → executed → results."""

from __future__ import annotations

from typing import Protocol

from lodestar_server.query.results import ResultSink
from lodestar_server.session import QueryContext


class Pipeline(Protocol):
    """What dispatch hands a statement to; blocking, called on a worker thread."""

    def run(self, text: str, context: QueryContext, results: ResultSink) -> None:
        """Run a statement to its end. Raises: LodestarError; the caller turns anything else into an internal error."""
