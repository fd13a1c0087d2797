"""Segments of results: their bytes, and the client's word that it has them. The identifier is the secret."""

from __future__ import annotations

from lodestar_server.http.exchange import Exchange
from lodestar_server.http.reply import Reply, empty_reply
from lodestar_server.http.router import Access, Route
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.query.dispatch.conversation import Conversations
from lodestar_server.query.dispatch.segmented import ACKNOWLEDGE_PATH, DOWNLOAD_PATH, read_identifier

ARROW_STREAM = "application/octet-stream"


class SegmentRoutes:
    """Handlers of /v1/spooled."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def routes(self) -> list[Route]:
        """The routes of segments."""
        return [
            Route("GET", DOWNLOAD_PATH + "{identifier}", Access.PUBLIC, self.download),
            Route("GET", ACKNOWLEDGE_PATH + "{identifier}", Access.PUBLIC, self.acknowledge),
        ]

    async def download(self, exchange: Exchange) -> Reply:
        """The bytes of a segment; any number of times until it is acknowledged."""
        data = await self._conversations.read_segment(_identifier(exchange))
        if data is None:
            raise RequestFault(500, "Segment not found or expired")
        return Reply(200, (data,), ARROW_STREAM)

    async def acknowledge(self, exchange: Exchange) -> Reply:
        """The client has a segment. Asking again does no harm."""
        self._conversations.acknowledge_segment(_identifier(exchange))
        return empty_reply(200)


def _identifier(exchange: Exchange) -> str:
    """Raises: RequestFault(404) for what cannot be one."""
    identifier = exchange.parameters["identifier"]
    if read_identifier(identifier) is None:
        raise RequestFault(404, "HTTP 404 Not Found")
    return identifier
