"""The HTTP server: from a parsed request to the handler that answers it, and the listening socket.

    target and host → route → ready? → access → handler → compression

Handlers and everything they call raise `RequestFault` for what they refuse; what else they raise is a fault of ours
and leaves as a 500 that says nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol

from lodestar_server.http.address import Refused, accepts, base_uri, check_forwarded, offers_gzip, parse_target
from lodestar_server.http.auth import AuthenticatorChain, Credentials, Rejected
from lodestar_server.http.config import HttpConfig
from lodestar_server.http.connection import ConnectionFactory, ConnectionLimits, Request
from lodestar_server.http.exchange import Exchange
from lodestar_server.http.reply import Reply, empty_reply, fault_reply, gzip_parts
from lodestar_server.http.router import Access, Match, Route, Router, split_path
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.headers import HeaderMap, detect_prefix
from lodestar_server.protocol.requests import Caller

log = logging.getLogger(__name__)

_COMPRESS_ASIDE_BYTES = 256 << 10
"""Larger bodies are compressed on a thread: the event loop has others to serve."""
BACKLOG = 1024


class Gate(Protocol):
    """What the server asks before it lets somebody through."""

    @property
    def ready(self) -> bool:
        """Everything has started; before that only few routes answer."""
        ...

    async def ui_user(self, exchange: Exchange) -> Caller | None:
        """Who is logged in to the web UI, or None."""
        ...

    def ui_refusal(self, exchange: Exchange) -> Reply:
        """What somebody gets who is not."""
        ...

    def check_can_manage(self, caller: Caller, *, write: bool) -> None:
        """Raises: RequestFault(403)."""
        ...


class HttpServer:
    """Serves one set of routes on one socket per scheme."""

    def __init__(
        self,
        routes: Sequence[Route],
        config: HttpConfig,
        authenticators: AuthenticatorChain,
        gate: Gate,
        *,
        alternate_prefix: str | None = None,
    ) -> None:
        self.router = Router(routes)
        self.config = config
        self.limits = ConnectionLimits(config)
        self._authenticators = authenticators
        self._gate = gate
        self._alternate_prefix = alternate_prefix
        self._policy = config.forwarded
        self._factory: ConnectionFactory | None = None
        self._servers: list[asyncio.Server] = []
        self.requests = 0

    async def listen(self, host: str | None, port: int, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Open a socket and serve. Returns its address. Raises: OSError."""
        loop = asyncio.get_running_loop()
        self._factory = self._factory or ConnectionFactory(self.handle, self.config, self.limits)
        server = await loop.create_server(self._factory, host, port, ssl=tls, backlog=BACKLOG, reuse_address=True)
        self._servers.append(server)
        for opened in server.sockets:
            if opened.family in (socket.AF_INET, socket.AF_INET6):
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address = server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def listen_on(self, opened: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve on a socket that somebody else has bound."""
        loop = asyncio.get_running_loop()
        self._factory = self._factory or ConnectionFactory(self.handle, self.config, self.limits)
        self._servers.append(await loop.create_server(self._factory, sock=opened, ssl=tls, backlog=BACKLOG))

    def transports(self) -> list[asyncio.Transport]:
        """The open connections."""
        if self._factory is None:
            return []
        return [one.transport for one in self._factory.connections if one.transport is not None]

    async def close(self, seconds: float = 5.0) -> None:
        """Stop listening, let running requests end for so long, close the connections."""
        for server in self._servers:
            server.close()
        if self._factory is not None:
            self._factory.pre_shutdown()
            await self._factory.shutdown(seconds)
        self._servers.clear()

    async def handle(self, request: Request) -> Reply:
        """Answer one request. Never raises, except when the client is gone."""
        self.requests += 1
        headers = HeaderMap(request.header_lines)
        try:
            if sum(len(name) + len(value) for name, value in request.header_lines) > self.config.max_header_size:
                raise RequestFault(431, "The request's headers are too large")
            reply = await self._answer(request, headers)
        except RequestFault as fault:
            reply = fault_reply(fault)
            reply.close = fault.status in (408, 413, 431)
        except Refused as refused:
            reply = refused.reply
        except Rejected as rejected:
            reply = rejected.reply()
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as fault:
            log.error("request failed", exc_info=fault, extra={"method": request.method, "path": request.path[:200]})
            reply = fault_reply(RequestFault(500, "Exception processing request"))
        if reply.compressible and reply.parts and self.config.compression_enabled:
            if offers_gzip(headers.first("accept-encoding")):
                await self._compress(reply)
        return reply

    async def _answer(self, request: Request, headers: HeaderMap) -> Reply:
        target = parse_target(request.target)
        secure = request.secure
        old = request.version < (1, 1)
        local = _local_address(request) if old else ""
        base = base_uri(target, headers, self._policy, secure=secure, local=local, old=old)
        check_forwarded(headers, self._policy, base + target.path)
        exchange = Exchange(request, target, headers, base, self.config.body_timeout)
        match = self.router.find(split_path(target.path))
        if match is None:
            if not self._gate.ready:
                # The engine's routes come with the engine: a client that tries again will find them.
                raise RequestFault(503, "Server is still initializing")
            if target.path.startswith("/ui/"):
                return await self._unknown_ui_path(exchange)
            raise RequestFault(404, "HTTP 404 Not Found")
        route = match.route_for(exchange.method)
        if route is None:
            return await self._other_method(exchange, match)
        accept = headers.first("accept")
        if accept and route.produces is not None and not accepts(accept, route.produces):
            return empty_reply(406)
        if route.consumes is not None:
            sent = (headers.first("content-type") or "").partition(";")[0].strip().lower()
            if sent != route.consumes:
                return empty_reply(415)
        if not self._gate.ready and not route.before_ready:
            raise RequestFault(503, "Server is still initializing")
        exchange.parameters = match.parameters
        if self._alternate_prefix is not None:
            exchange.prefix = detect_prefix(headers, self._alternate_prefix)
        if route.access is not Access.PUBLIC:
            refused = await self._admit(exchange, route.access)
            if refused is not None:
                return refused
        return await route.handler(exchange)

    async def _admit(self, exchange: Exchange, access: Access) -> Reply | None:
        """Set the caller, or say what he gets instead. Raises: Rejected, RequestFault."""
        if access is Access.INTERNAL_ONLY:
            raise RequestFault(403, "Internal only resource")
        if access is Access.WEB_UI:
            exchange.caller = await self._gate.ui_user(exchange)
            return self._gate.ui_refusal(exchange) if exchange.caller is None else None
        exchange.caller = await self._authenticate(exchange)
        if access is Access.MANAGEMENT_READ:
            self._gate.check_can_manage(exchange.caller, write=False)
        elif access is Access.MANAGEMENT_WRITE:
            self._gate.check_can_manage(exchange.caller, write=True)
        return None

    async def _authenticate(self, exchange: Exchange) -> Caller:
        credentials = Credentials(
            exchange.headers, exchange.prefix, exchange.base.startswith("https:"), exchange.remote_address
        )
        return await self._authenticators.authenticate(credentials)

    async def _unknown_ui_path(self, exchange: Exchange) -> Reply:
        """Whoever is not logged in learns nothing about which pages there are."""
        if await self._gate.ui_user(exchange) is None:
            return self._gate.ui_refusal(exchange)
        raise RequestFault(404, "HTTP 404 Not Found")

    async def _other_method(self, exchange: Exchange, match: Match) -> Reply:
        if exchange.method != "OPTIONS":
            if exchange.target.path.startswith("/ui/") and await self._gate.ui_user(exchange) is None:
                return self._gate.ui_refusal(exchange)
            return empty_reply(405, [("Allow", match.allowed)])
        await self._authenticate(exchange)
        body = _describe(exchange.base, exchange.target.path, match).encode()
        return Reply(200, (body,), "application/vnd.sun.wadl+xml", [("Allow", match.options)])

    async def _compress(self, reply: Reply) -> None:
        parts = reply.parts
        if sum(len(part) for part in parts) > _COMPRESS_ASIDE_BYTES:
            body = await asyncio.get_running_loop().run_in_executor(None, gzip_parts, parts)
        else:
            body = gzip_parts(parts)
        reply.parts = (body,)
        reply.extra = (*reply.extra, ("Content-Encoding", "gzip"))


def _describe(base: str, path: str, match: Match) -> str:
    """What OPTIONS tells of a resource: its methods, in the form that Java's clients expect."""
    methods = "".join(f'<method name="{method}"/>' for method in match.options.split(","))
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<application xmlns="http://wadl.dev.java.net/2009/02"><resources base="{base}/">'
        f'<resource path="{_xml_safe(path)}">{methods}</resource></resources></application>\n'
    )


def _xml_safe(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "/._-~%") else "_" for c in text)


def _local_address(request: Request) -> str:
    transport = request.transport
    address = None if transport is None else transport.get_extra_info("sockname")
    if not isinstance(address, tuple):
        return "localhost"
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{host}:{address[1]}"
