"""The way of one statement, without I/O: requests out, responses in.

    NEW ── start_request ──> SENT ── receive ──> RUNNING ── next_request / receive … ──> FINISHED | FAILED
                                                    └── cancel ──> CANCELED

Asking for the next document acknowledges the one before. The same request may be sent again as often as wanted until
its answer is received: the server keeps the last document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from lodestar.errors import DatabaseError, InterfaceError, OperationalError, error_of_query
from lodestar.protocol.documents import PageData, WireColumn, read_columns, read_data, read_document
from lodestar.protocol.messages import HttpRequest, HttpResponse, Origin, split_uri

STATEMENT_PATH = "/v1/statement"
_ENCODING_HEADER = "x-trino-query-data-encoding"


class Phase(Enum):
    """Where a statement is."""

    NEW = "NEW"
    SENT = "SENT"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """Finished header lines: of the statement, of polls at the same server, of requests to any other place."""

    statement: bytes = field(repr=False)
    poll: bytes = field(repr=False)
    elsewhere: bytes = field(repr=False)


class Statement:
    """One statement's way. Fields are what the last document said."""

    def __init__(self, origin: Origin, text: str, headers: RequestHeaders) -> None:
        """Raises: InterfaceError for a text that cannot be sent."""
        try:
            self._body = text.encode()
        except UnicodeEncodeError:
            raise InterfaceError("The statement holds a lone surrogate, which is no character") from None
        self._origin = origin
        self._place = f"{origin.url}/"
        self._headers = headers
        self.phase = Phase.NEW
        self.query_id: str | None = None
        self.info_uri: str | None = None
        self.next_uri: str | None = None
        self.partial_cancel_uri: str | None = None
        self.columns: tuple[WireColumn, ...] | None = None
        self.stats: Mapping[str, Any] = {}
        self.warnings: Sequence[Mapping[str, Any]] = ()
        self.update_type: str | None = None
        self.update_count: int | None = None
        self.encoding: str | None = None
        self.error: DatabaseError | None = None
        self.cancel_wanted = False
        """Cancelled while the POST was under way: the DELETE is still to be sent."""

    @property
    def done(self) -> bool:
        """Whether there is nothing more to ask."""
        return self.phase in (Phase.FINISHED, Phase.FAILED, Phase.CANCELED)

    def start_request(self) -> HttpRequest:
        """The POST. It may be asked for again while nothing was received."""
        assert self.phase in (Phase.NEW, Phase.SENT)
        self.phase = Phase.SENT
        return HttpRequest("POST", self._origin, STATEMENT_PATH, self._headers.statement, self._body, False)

    def next_request(self) -> HttpRequest:
        """The next GET. Raises: OperationalError when the statement was cancelled meanwhile."""
        if self.phase is Phase.CANCELED:
            raise self._canceled()
        assert self.next_uri is not None
        return self.request("GET", self.next_uri)

    def request(self, method: str, uri: str, extra: bytes = b"") -> HttpRequest:
        """A request to a URI that the server gave. Credentials go to the server's own address only."""
        if uri.startswith(self._place) and "#" not in uri:
            # Nearly always; taking a URI apart takes longer than all the rest.
            return HttpRequest(method, self._origin, uri[len(self._place) - 1 :], self._headers.poll + extra)
        origin, target = split_uri(uri)
        lines = self._headers.poll if origin == self._origin else self._headers.elsewhere
        return HttpRequest(method, origin, target, lines + extra)

    def segment_request(self, uri: str, extra: bytes) -> HttpRequest:
        """A request for a segment: without credentials, wherever it goes. Raises: TransportError."""
        origin, target = split_uri(uri)
        return HttpRequest("GET", origin, target, self._headers.elsewhere + extra)

    def receive(self, response: HttpResponse) -> PageData | None:
        """Take the answer (status 200) to the last request; its rows, None when it has none.

        Raises: the error of the query, TransportError for an answer that is none (ask again).
        """
        document = read_document(response)
        if self.phase is Phase.CANCELED:
            raise self._canceled()
        self.query_id = str(document["id"])
        self.info_uri = document.get("infoUri")
        self.partial_cancel_uri = document.get("partialCancelUri")
        self.stats = document["stats"]
        if document.get("warnings"):
            self.warnings = document["warnings"]
        if self.columns is None:
            self.columns = read_columns(document)
        if "updateType" in document:
            self.update_type = document["updateType"]
        if "updateCount" in document:
            self.update_count = document["updateCount"]
        self.encoding = response.header(_ENCODING_HEADER) or self.encoding
        error = document.get("error")
        if error is not None:
            self._end(Phase.FAILED)
            self.error = error_of_query(error, self.query_id)
            raise self.error
        data = read_data(document)
        next_uri = document.get("nextUri")
        if next_uri is None:
            self._end(Phase.FINISHED)
        else:
            self.next_uri, self.phase = next_uri, Phase.RUNNING
        return data

    def cancel(self) -> HttpRequest | None:
        """The statement is wanted no more: the DELETE to send, if the server knows of it and is not done.

        While the POST is under way there is no request yet: `cancel_wanted` says to ask again after its answer.
        """
        if self.done:
            return None
        if self.next_uri is None:
            self.cancel_wanted = True
            return None
        uri = self.next_uri
        self._end(Phase.CANCELED)
        return self.request("DELETE", uri)

    def abandon(self) -> None:
        """The conversation cannot go on (the server does not answer): nothing more will be asked."""
        if not self.done:
            self._end(Phase.FAILED)

    def _end(self, phase: Phase) -> None:
        self.phase = phase
        self.next_uri = self.partial_cancel_uri = None

    def _canceled(self) -> OperationalError:
        return OperationalError(
            "Query was canceled",
            error_code=3,
            error_name="USER_CANCELED",
            error_type="USER_ERROR",
            query_id=self.query_id,
        )
