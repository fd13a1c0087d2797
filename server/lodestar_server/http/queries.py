"""Queries for operators: list, describe, cancel, kill."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import orjson

from lodestar_server.http.documents import basic_info, full_info, group_state, running_query, ui_info
from lodestar_server.http.exchange import Exchange
from lodestar_server.http.reply import JSON, Reply, empty_reply, json_reply
from lodestar_server.http.router import Access, Route
from lodestar_server.http.statement import QUERY_ID
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.requests import Caller
from lodestar_server.query.dispatch import Query, QueryManager
from lodestar_server.query.state import QueryState

_STATES = {state.value: state for state in QueryState}


class QueryAccess(Protocol):
    """Whose queries a user may see and end."""

    def filter_queries(self, caller: Caller, queries: Iterable[Query]) -> list[Query]:
        """Those the caller may see."""
        ...

    def check_can_kill(self, caller: Caller, query: Query) -> None:
        """Raises: RequestFault(403)."""
        ...


class OpenQueryAccess:
    """Without access control everybody sees and ends every query, as in Trino."""

    def filter_queries(self, caller: Caller, queries: Iterable[Query]) -> list[Query]:
        return list(queries)

    def check_can_kill(self, caller: Caller, query: Query) -> None:
        return None


class QueryRoutes:
    """Handlers of /v1/query and its kin, and of their twins for the web UI."""

    def __init__(self, manager: QueryManager, access: QueryAccess) -> None:
        self._manager = manager
        self._access = access

    def routes(self) -> list[Route]:
        """The routes."""
        found = []
        for root, access, lister in (
            ("/v1/query", Access.AUTHENTICATED_USER, self.list_basic),
            ("/ui/api/query", Access.WEB_UI, self.list_for_ui),
        ):
            found += [
                Route("GET", root, access, lister, produces=JSON),
                Route("GET", f"{root}/{{query}}", access, self.describe, produces=JSON),
                Route("DELETE", f"{root}/{{query}}", access, self.cancel),
                Route("PUT", f"{root}/{{query}}/killed", access, self.kill),
                Route("PUT", f"{root}/{{query}}/preempted", access, self.preempt),
            ]
        user, reader = Access.AUTHENTICATED_USER, Access.MANAGEMENT_READ
        return [
            *found,
            Route("GET", "/v1/queryState", user, self.list_states, produces=JSON),
            Route("GET", "/v1/queryState/{query}", user, self.describe_state, produces=JSON),
            Route("GET", "/v1/resourceGroupState/{group*}", reader, self.describe_group, produces=JSON),
        ]

    async def list_basic(self, exchange: Exchange) -> Reply:
        """Every query the caller may see."""
        now = self._manager.now
        found = [basic_info(query, exchange.base, now) for query in self._visible(exchange)]
        return json_reply(orjson.dumps(found))

    async def list_for_ui(self, exchange: Exchange) -> Reply:
        """The same in the form of the UI."""
        now = self._manager.now
        found = [ui_info(query, exchange.base, now) for query in self._visible(exchange)]
        return json_reply(orjson.dumps(found), extra=NO_STORE)

    async def describe(self, exchange: Exchange) -> Reply:
        """One query."""
        query = self._find(exchange)
        pruned = any(name == "pruned" and value == "true" for name, value in exchange.query)
        pretty = any(name == "pretty" for name, _ in exchange.query)
        document = full_info(query, exchange.base, self._manager.now, pruned=pruned)
        option = orjson.OPT_INDENT_2 if pretty else None
        return json_reply(orjson.dumps(document, option=option), extra=_extra(exchange))

    async def cancel(self, exchange: Exchange) -> Reply:
        """End a query for its user; one that is unknown is no error."""
        query_id = exchange.parameters["query"]
        if not QUERY_ID.fullmatch(query_id):
            raise RequestFault(404)
        query = self._manager.find(query_id)
        if query is not None:
            self._access.check_can_kill(_caller(exchange), query)
            self._manager.cancel(query)
        return empty_reply(204, _extra(exchange))

    async def kill(self, exchange: Exchange) -> Reply:
        """End a query as an operator; the body says why."""
        return await self._stop(exchange, preempted=False)

    async def preempt(self, exchange: Exchange) -> Reply:
        """End a query in favour of others."""
        return await self._stop(exchange, preempted=True)

    async def list_states(self, exchange: Exchange) -> Reply:
        """The queries that are not done, briefly. `?user=` keeps one user's."""
        users = {value for name, value in exchange.query if name == "user"}
        now = self._manager.now
        found = [
            running_query(query, now)
            for query in self._access.filter_queries(_caller(exchange), self._manager.active)
            if not users or query.session.user in users
        ]
        return json_reply(orjson.dumps(found))

    async def describe_state(self, exchange: Exchange) -> Reply:
        """One query, briefly."""
        return json_reply(orjson.dumps(running_query(self._find(exchange), self._manager.now)))

    async def describe_group(self, exchange: Exchange) -> Reply:
        """A resource group and what runs in it."""
        path = tuple(segment for segment in exchange.parameters["group"].split("/") if segment)
        group = self._manager.groups.find(path) if path else None
        if group is None:
            raise RequestFault(404, "HTTP 404 Not Found")
        return json_reply(orjson.dumps(group_state(group, self._manager.now)))

    async def _stop(self, exchange: Exchange, *, preempted: bool) -> Reply:
        message = (await exchange.read_body()).decode("utf-8", "replace")
        query = self._find(exchange)
        self._access.check_can_kill(_caller(exchange), query)
        stopped = self._manager.kill(query, message or None, preempted=preempted)
        return empty_reply(202 if stopped else 409, _extra(exchange))

    def _visible(self, exchange: Exchange) -> list[Query]:
        """Raises: RequestFault(400) for a state there is not."""
        wanted = set()
        for name, value in exchange.query:
            if name == "state":
                if value.upper() not in _STATES:
                    raise RequestFault(400, f"Unknown query state: {value[:40]}")
                wanted.add(_STATES[value.upper()])
        found = self._access.filter_queries(_caller(exchange), self._manager.list_queries())
        return [query for query in found if not wanted or query.state in wanted]

    def _find(self, exchange: Exchange) -> Query:
        """Raises: RequestFault(410) for a query that is not there any more, or must not be seen."""
        query_id = exchange.parameters["query"]
        if not QUERY_ID.fullmatch(query_id):
            raise RequestFault(404)
        query = self._manager.find(query_id)
        if query is None:
            raise RequestFault(410, "HTTP 410 Gone", headers=_extra(exchange))
        if not self._access.filter_queries(_caller(exchange), [query]):
            raise RequestFault(403, "Access Denied: Cannot access query")
        return query


NO_STORE = (
    ("X-Download-Options", "noopen"),
    ("Cache-Control", "no-cache, no-store, max-age=0"),
    ("Pragma", "no-cache"),
    ("Expires", "0"),
)


def _extra(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    return NO_STORE if exchange.target.path.startswith("/ui/") else ()


def _caller(exchange: Exchange) -> Caller:
    assert exchange.caller is not None
    return exchange.caller
