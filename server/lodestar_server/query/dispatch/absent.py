"""What answers statements when a server is put together without an engine: an error that says so."""

from __future__ import annotations

from lodestar_server.query.results import ResultSink, RowEncoding
from lodestar_server.session import QueryContext
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError


class AbsentPipeline:
    """Refuses every statement."""

    def run(self, text: str, context: QueryContext, results: ResultSink) -> None:
        """Raises: LodestarError(NOT_SUPPORTED)."""
        raise LodestarError(NOT_SUPPORTED, "This server was started without a SQL engine")

    def recall(self, text: str, context: QueryContext, encoding: RowEncoding) -> None:
        """Nothing was ever answered."""
