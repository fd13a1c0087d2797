"""Routes: what is served, who may ask for it, and which method does what.

A route without an access class cannot be written down. Matching is on the raw path, segment by segment: nothing is
decoded or normalised, so that there is one spelling of each path (plus a trailing slash, and parameters after `;`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from lodestar_server.http.reply import Reply
from lodestar_server.spi.values import frozen

if TYPE_CHECKING:
    from lodestar_server.http.exchange import Exchange

RouteHandler = Callable[["Exchange"], Awaitable[Reply]]


class Access(Enum):
    """Who may call a route. Source: Trino's ResourceSecurity."""

    PUBLIC = "PUBLIC"
    WEB_UI = "WEB_UI"
    AUTHENTICATED_USER = "AUTHENTICATED_USER"
    MANAGEMENT_READ = "MANAGEMENT_READ"
    MANAGEMENT_WRITE = "MANAGEMENT_WRITE"
    INTERNAL_ONLY = "INTERNAL_ONLY"


@frozen
class Route:
    """One method of one path. A segment `{name}` matches anything; `{name*}` at the end the rest of the path.

    `produces` is checked against Accept (406), `consumes` against Content-Type (415). `before_ready` routes answer
    while the server starts.
    """

    method: str
    path: str
    access: Access
    handler: RouteHandler
    produces: str | None = None
    consumes: str | None = None
    before_ready: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.access, Access):
            raise TypeError(f"route {self.method} {self.path} has no access class")


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    name: str = ""
    rest: _Node | None = None
    routes: dict[str, Route] = field(default_factory=dict)


@frozen
class Match:
    """A path that exists: its methods, and the values of its parameters."""

    routes: dict[str, Route]
    parameters: dict[str, str]

    def route_for(self, method: str) -> Route | None:
        """The route of a method; HEAD falls back on GET."""
        found = self.routes.get(method)
        if found is None and method == "HEAD":
            return self.routes.get("GET")
        return found

    @property
    def allowed(self) -> str:
        """The `Allow` of a 405: what is written down."""
        return ",".join([*self.routes, "OPTIONS"])

    @property
    def options(self) -> str:
        """The `Allow` of OPTIONS: HEAD comes with GET."""
        methods = list(self.routes)
        if "GET" in methods and "HEAD" not in methods:
            methods.insert(0, "HEAD")
        return ",".join([*methods, "OPTIONS"])


class Router:
    """The routes of a server, checked when it is made."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in split_path(route.path):
            if not segment.startswith("{"):
                node = node.children.setdefault(segment, _Node())
                continue
            name = segment.strip("{}")
            if name.endswith("*"):
                node.rest = node.rest or _Node(name=name[:-1])
                node = node.rest
            else:
                node.parameter = node.parameter or _Node(name=name)
                if node.parameter.name != name:
                    raise ValueError(f"{route.path}: the parameter is called {node.parameter.name} elsewhere")
                node = node.parameter
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is there twice")
        node.routes[route.method] = route

    def find(self, segments: Sequence[str]) -> Match | None:
        """The path's routes and parameters, or None."""
        node = self._root
        parameters: dict[str, str] = {}
        rest: tuple[_Node, int] | None = None
        for index, segment in enumerate(segments):
            if node.rest is not None:
                rest = (node.rest, index)
            child = node.children.get(segment)
            if child is None:
                child = node.parameter
                if child is None:
                    return self._rest(rest, segments, parameters)
                parameters[child.name] = segment
            node = child
        if not node.routes:
            return self._rest(rest, segments, parameters)
        return Match(node.routes, parameters)

    def _rest(
        self, rest: tuple[_Node, int] | None, segments: Sequence[str], parameters: dict[str, str]
    ) -> Match | None:
        if rest is None:
            return None
        node, index = rest
        return Match(node.routes, {**parameters, node.name: "/".join(segments[index:])})


def split_path(path: str) -> list[str]:
    """The segments of a path without leading and trailing slash, parameters after `;` dropped."""
    trimmed = path[1:-1] if path.endswith("/") and len(path) > 1 else path[1:]
    if not trimmed:
        return []
    if ";" in trimmed:
        return [segment.partition(";")[0] for segment in trimmed.split("/")]
    return trimmed.split("/")
