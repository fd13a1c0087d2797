"""The statement protocol: POST a text, poll for its results, cancel it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from lodestar_server.http.exchange import Exchange
from lodestar_server.http.reply import JSON, Reply, empty_reply
from lodestar_server.http.router import Access, Route
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.identifiers import QueryIds
from lodestar_server.protocol.requests import RequestRules, read_request, read_statement
from lodestar_server.query.dispatch.conversation import EXECUTING, QUEUED, Conversation, Conversations, Document
from lodestar_server.spi.errors import USER_CANCELED, LodestarError

QUERY_ID = re.compile(r"[_a-z0-9]+")
_TOKEN = re.compile(r"-?\d{1,19}", re.ASCII)
_MAX_TOKEN = (1 << 63) - 1


class StatementRoutes:
    """Handlers of /v1/statement. `accepting` says whether new statements are taken."""

    def __init__(
        self,
        conversations: Conversations,
        ids: QueryIds,
        rules: RequestRules,
        accepting: Callable[[], bool],
    ) -> None:
        self._conversations = conversations
        self._ids = ids
        self._rules = rules
        self._accepting = accepting
        self._identity = not conversations.config.compression_enabled

    def routes(self) -> list[Route]:
        """The routes of the protocol."""
        public, poll = Access.PUBLIC, "/{query}/{slug}/{token}"
        return [
            Route("HEAD", "/v1/statement", Access.AUTHENTICATED_USER, self.check_credentials),
            Route("POST", "/v1/statement", Access.AUTHENTICATED_USER, self.post, produces=JSON),
            Route("GET", f"/v1/statement/{QUEUED}{poll}", public, self.poll_queued, produces=JSON),
            Route("DELETE", f"/v1/statement/{QUEUED}{poll}", public, self.cancel_queued),
            Route("HEAD", f"/v1/statement/{EXECUTING}{poll}", public, self.heartbeat),
            Route("DELETE", f"/v1/statement/{EXECUTING}{poll}", public, self.cancel_executing),
            Route("GET", f"/v1/statement/{EXECUTING}{poll}", public, self.poll_executing, produces=JSON),
            Route(
                "DELETE",
                f"/v1/statement/{EXECUTING}/partialCancel/{{query}}/{{stage}}/{{slug}}/{{token}}",
                public,
                self.cancel_partially,
            ),
        ]

    async def check_credentials(self, exchange: Exchange) -> Reply:
        """HEAD: whoever gets here is authenticated."""
        return Reply(200, (), JSON)

    async def post(self, exchange: Exchange) -> Reply:
        """Register a statement."""
        body = await exchange.read_body()
        # From here on nothing waits: either there is a query, or nothing has happened.
        if not self._accepting():
            raise RequestFault(503, "Server is shutting down")
        text = read_statement(body, exchange.headers.first("content-type"))
        assert exchange.caller is not None
        now = datetime.now(UTC)
        request = read_request(
            text,
            exchange.headers,
            exchange.caller,
            self._rules,
            query_id=self._ids.next(now),
            start=now,
            prefix=exchange.prefix,
            remote_address=exchange.remote_address,
        )
        query = self._conversations.manager.register(request)
        return self._reply(await self._conversations.begin(query, exchange.base), request.encoding)

    async def poll_queued(self, exchange: Exchange) -> Reply:
        """The answer before the statement is accepted."""
        conversation, token, slug = self._find(exchange)
        document = await conversation.queued(token, slug, exchange.base)
        return self._reply(document, conversation.query.request.encoding)

    async def poll_executing(self, exchange: Exchange) -> Reply:
        """The next page, or the last one again."""
        conversation, token, slug = self._find(exchange)
        document = await conversation.executing(token, slug, exchange.base)
        query = conversation.query
        # Told only while the result may come in segments: other statements answer with rows after all.
        segmented = query.segments is not None or query.columns is None
        return self._reply(document, query.request.encoding if segmented else None)

    async def heartbeat(self, exchange: Exchange) -> Reply:
        """HEAD: nothing moves."""
        conversation, token, slug = self._find(exchange)
        conversation.heartbeat(token, slug)
        return Reply(200, (), JSON)

    async def cancel_queued(self, exchange: Exchange) -> Reply:
        """DELETE on a queued URI."""
        conversation, token, slug = self._find(exchange)
        conversation.cancel(QUEUED, token, slug)
        return empty_reply(204)

    async def cancel_executing(self, exchange: Exchange) -> Reply:
        """DELETE on an executing URI."""
        conversation, token, slug = self._find(exchange)
        conversation.cancel(EXECUTING, token, slug)
        return empty_reply(204)

    async def cancel_partially(self, exchange: Exchange) -> Reply:
        """End the work, keep the rows."""
        conversation, token, slug = self._find(exchange)
        if not _TOKEN.fullmatch(exchange.parameters["stage"]):
            raise RequestFault(404)
        conversation.check_slug(EXECUTING, token, slug)
        # One stage does all the work of an embedded query; ending any stage that is not ours ends nothing.
        if exchange.parameters["stage"] in ("0", "1"):
            conversation.query.cancel_partially(LodestarError(USER_CANCELED, "Query was canceled"))
        return empty_reply(204)

    def _find(self, exchange: Exchange) -> tuple[Conversation, int, str]:
        """Raises: RequestFault(404), without a body for what is not even the form of a URI of ours."""
        parameters = exchange.parameters
        token = parameters["token"]
        if not QUERY_ID.fullmatch(parameters["query"]) or not _TOKEN.fullmatch(token):
            raise RequestFault(404)
        number = int(token)
        if number > _MAX_TOKEN:
            raise RequestFault(404)
        return self._conversations.find(parameters["query"]), number, parameters["slug"]

    def _reply(self, document: Document, encoding: str | None) -> Reply:
        extra = list(document.headers)
        if encoding is not None:
            extra.append(("X-Trino-Query-Data-Encoding", encoding))
        if self._identity:
            extra.append(("Content-Encoding", "identity"))
        return Reply(200, document.parts, JSON, extra, compressible=not self._identity)
