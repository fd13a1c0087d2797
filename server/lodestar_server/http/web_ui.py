"""The web UI over HTTP: its pages, its login form, and the small documents its pages read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qs

import orjson

from lodestar_server.config.version import COMPATIBLE_VERSION
from lodestar_server.http.exchange import Exchange
from lodestar_server.http.node import Node, NodeRoutes, describe_threads
from lodestar_server.http.reply import CHALLENGE_TEXT, HTML, JSON, Reply, empty_reply, json_reply
from lodestar_server.http.router import Access, Route
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.requests import Caller
from lodestar_server.query.dispatch import QueryManager
from lodestar_server.query.state import QueryState

COOKIE = "Trino-UI-Token"
LOGIN_PAGE = "/ui/login.html"
_SECURITY = (
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)
_ASSETS = {"lodestar.css": "text/css", "lodestar.js": "text/javascript"}


class UiLogins(Protocol):
    """Tokens for people who are logged in."""

    def issue(self, user: str) -> str:
        """A token for a user."""
        ...

    def user_of(self, token: str) -> str | None:
        """Whose token it is, or None."""
        ...


class WebUiRoutes:
    """Handlers under /ui, and the answers to those who are not logged in."""

    def __init__(
        self,
        logins: UiLogins,
        pages: Mapping[str, bytes],
        node: Node,
        node_routes: NodeRoutes,
        manager: Callable[[], QueryManager | None],
    ) -> None:
        self._logins, self._pages = logins, pages
        self._node, self._node_routes = node, node_routes
        self._manager = manager

    def routes(self) -> list[Route]:
        """The routes."""
        public, ui = Access.PUBLIC, Access.WEB_UI
        return [
            Route("GET", "/", public, self.root, before_ready=True),
            Route("GET", "/ui", public, self.home),
            Route("GET", LOGIN_PAGE, public, self.login_page),
            Route("GET", "/ui/disabled.html", public, self.disabled_page),
            Route("GET", "/ui/assets/{name}", public, self.asset),
            Route("POST", "/ui/login", public, self.login),
            Route("GET", "/ui/logout", public, self.logout),
            Route("GET", "/ui/index.html", ui, self.overview),
            Route("GET", "/ui/query.html", ui, self.query_page),
            Route("GET", "/ui/api/stats", ui, self.stats, produces=JSON),
            Route("GET", "/ui/api/cluster", ui, self.cluster, produces=JSON),
            Route("GET", "/ui/api/worker", ui, self.workers, produces=JSON),
            Route("GET", "/ui/api/worker/{node}/status", ui, self.worker_status, produces=JSON),
            Route("GET", "/ui/api/worker/{node}/thread", ui, self.worker_threads, produces=JSON),
        ]

    # Who is there.

    async def user(self, exchange: Exchange) -> Caller | None:
        """The user of the request's cookie, or None."""
        for line in exchange.headers.lines("cookie"):
            try:
                morsel = SimpleCookie(line).get(COOKIE)
            except CookieError:
                continue
            user = None if morsel is None else self._logins.user_of(morsel.value)
            if user is not None:
                return Caller(user, user)
        return None

    def refusal(self, exchange: Exchange) -> Reply:
        """What somebody gets who is not logged in: a challenge for programs, the login page for people."""
        path = exchange.target.path
        if path.startswith("/ui/api/"):
            extra = [("WWW-Authenticate", "Trino-Form-Login")]
            return Reply(401, (b"Unauthorized",), CHALLENGE_TEXT, extra)
        asked = path + (f"?{exchange.target.query}" if exchange.target.query else "")
        return _redirect(exchange, LOGIN_PAGE if path == "/ui/" else f"{LOGIN_PAGE}?{asked}")

    async def login(self, exchange: Exchange) -> Reply:
        """The form. Without authentication any name will do, and a password is refused."""
        form = parse_qs((await exchange.read_body()).decode("utf-8", "replace"), keep_blank_values=True)
        user, password = form.get("username", [""])[0], form.get("password", [""])[0]
        if not user or password:
            return _redirect(exchange, LOGIN_PAGE)
        wanted = form.get("redirectPath", [""])[0]
        # Programs name the place with our own address before it.
        wanted = wanted.removeprefix(exchange.base) if wanted.startswith(f"{exchange.base}/") else wanted
        # Only places of our own: anything else would make the login a springboard.
        local = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable() and wanted.isascii()
        place = "/ui/" if not wanted else wanted if local else ""
        return _redirect(
            exchange, place, cookie=f"{self._logins.issue(user)};Version=1;Path=/ui;HttpOnly;SameSite=Strict"
        )

    async def logout(self, exchange: Exchange) -> Reply:
        """Forget who it was."""
        return _redirect(exchange, LOGIN_PAGE, cookie="delete;Version=1;Path=/ui;Max-Age=0;HttpOnly")

    # Pages.

    async def root(self, exchange: Exchange) -> Reply:
        """To the UI."""
        return _redirect(exchange, "/ui/")

    async def home(self, exchange: Exchange) -> Reply:
        """`/ui` leads to `/ui/`, which is the overview."""
        if not exchange.target.path.endswith("/"):
            return _redirect(exchange, "/ui/")
        if await self.user(exchange) is None:
            return self.refusal(exchange)
        return await self.overview(exchange)

    async def login_page(self, exchange: Exchange) -> Reply:
        """The form, for those who need it."""
        if await self.user(exchange) is not None:
            return _redirect(exchange, "/ui/")
        return self._page("login.html")

    async def disabled_page(self, exchange: Exchange) -> Reply:
        """What people see where the UI is switched off."""
        return self._page("disabled.html")

    async def overview(self, exchange: Exchange) -> Reply:
        """The cluster and its queries."""
        return self._page("index.html")

    async def query_page(self, exchange: Exchange) -> Reply:
        """One query."""
        return self._page("query.html")

    async def asset(self, exchange: Exchange) -> Reply:
        """Style and script."""
        kind = _ASSETS.get(exchange.parameters["name"])
        if kind is None:
            raise RequestFault(404, "HTTP 404 Not Found")
        return Reply(200, (self._pages[exchange.parameters["name"]],), kind, _SECURITY, compressible=True)

    def _page(self, name: str) -> Reply:
        return Reply(200, (self._pages[name],), HTML, _SECURITY, compressible=True)

    # Documents.

    async def stats(self, exchange: Exchange) -> Reply:
        """Figures of the cluster."""
        return json_reply(orjson.dumps(self.describe_stats()))

    def describe_stats(self) -> dict[str, Any]:
        """The figures of `/ui/api/stats`."""
        manager = self._manager()
        queries = [] if manager is None else manager.list_queries()
        queued = sum(one.state in (QueryState.QUEUED, QueryState.WAITING_FOR_RESOURCES) for one in queries)
        active = [one for one in queries if not one.done]
        totals = None if manager is None else manager.totals
        running = [one.context.progress for one in active if one.context is not None]
        return {
            "runningQueries": len(active) - queued,
            "blockedQueries": 0,
            "queuedQueries": queued,
            "activeCoordinators": 1,
            "activeWorkers": 1,
            "runningDrivers": sum(progress.running_splits for progress in running),
            "totalAvailableProcessors": self._node_routes.describe()["processors"],
            "reservedMemory": float(sum(progress.peak_memory_bytes for progress in running)),
            "totalInputRows": 0 if totals is None else totals.input_rows,
            "totalInputBytes": 0 if totals is None else totals.input_bytes,
            "totalCpuTimeSecs": 0 if totals is None else totals.cpu_nanos // 1_000_000_000,
        }

    async def cluster(self, exchange: Exchange) -> Reply:
        """Version and environment."""
        node = self._node
        document = {
            "nodeVersion": {"version": COMPATIBLE_VERSION},
            "environment": node.environment,
            "uptime": str(node.uptime()),
        }
        return json_reply(orjson.dumps(document))

    async def workers(self, exchange: Exchange) -> Reply:
        """The nodes."""
        node = self._node
        document = {
            "nodeId": node.node_id,
            "nodeIp": node.internal_address,
            "nodeVersion": COMPATIBLE_VERSION,
            "coordinator": node.coordinator,
            "state": node.state.value.lower(),
        }
        return json_reply(orjson.dumps([document]))

    async def worker_status(self, exchange: Exchange) -> Reply:
        """The status of a node."""
        self._check_node(exchange)
        return json_reply(orjson.dumps(self._node_routes.describe()))

    async def worker_threads(self, exchange: Exchange) -> Reply:
        """The threads of a node."""
        self._check_node(exchange)
        return json_reply(orjson.dumps(describe_threads()))

    def _check_node(self, exchange: Exchange) -> None:
        if exchange.parameters["node"] != self._node.node_id:
            raise RequestFault(404, "HTTP 404 Not Found")


def _redirect(exchange: Exchange, place: str, cookie: str | None = None) -> Reply:
    extra = [("Location", f"{exchange.base}{place}")]
    if cookie is not None:
        secure = ";Secure" if exchange.base.startswith("https:") else ""
        extra.append(("Set-Cookie", f"{COOKIE}={cookie}{secure}"))
    return empty_reply(303, extra)
