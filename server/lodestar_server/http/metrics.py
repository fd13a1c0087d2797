"""Metrics for those who watch: OpenMetrics text, and beans for tools that still ask for JMX over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import orjson

from lodestar_server.http.app import HttpServer
from lodestar_server.http.exchange import Exchange
from lodestar_server.http.reply import HTML, JSON, Reply, json_reply
from lodestar_server.http.router import Access, Route
from lodestar_server.observability.metrics import Bean, Metrics, open_metrics
from lodestar_server.protocol.failure import RequestFault

OPEN_METRICS = "application/openmetrics-text"
_CONTENT_TYPE = f"{OPEN_METRICS};charset=utf-8;version=1.0.0"


class MetricsRoutes:
    """Handlers of /metrics and /v1/jmx."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """The routes."""
        reader = Access.MANAGEMENT_READ
        return [
            Route("GET", "/metrics", reader, self.metrics, produces=OPEN_METRICS),
            Route("GET", "/v1/jmx", reader, self.jmx_page),
            Route("GET", "/v1/jmx/mbean", reader, self.beans, produces=JSON),
            Route("GET", "/v1/jmx/mbean/{name}", reader, self.bean, produces=JSON),
        ]

    async def metrics(self, exchange: Exchange) -> Reply:
        """Everything, or the metrics named by `?name[]=`."""
        names = {value for name, value in exchange.query if name == "name[]"}
        text = open_metrics(self._metrics, names or None)
        return Reply(200, (text.encode(),), _CONTENT_TYPE, compressible=True)

    async def jmx_page(self, exchange: Exchange) -> Reply:
        """A page for people."""
        rows = "".join(f"<li>{bean.object_name}</li>" for bean in self._metrics)
        page = f"<!DOCTYPE html><html><head><title>Beans</title></head><body><ul>{rows}</ul></body></html>\n"
        return Reply(200, (page.encode(),), HTML, compressible=True)

    async def beans(self, exchange: Exchange) -> Reply:
        """All beans."""
        return json_reply(orjson.dumps([_describe(bean) for bean in self._metrics]))

    async def bean(self, exchange: Exchange) -> Reply:
        """One bean."""
        bean = self._metrics.find(unquote(exchange.parameters["name"]))
        if bean is None:
            raise RequestFault(404, "HTTP 404 Not Found")
        return json_reply(orjson.dumps(_describe(bean)))


def publish_http(metrics: Metrics, server: HttpServer) -> None:
    """Figures of the server itself."""
    bean = metrics.bean("lodestar.http:name=HttpServer", "The HTTP server")
    bean.gauge("Connections", "Open connections", lambda: server.limits.open)
    bean.counter("RefusedConnections", "Connections over the limits", lambda: server.limits.refused)
    bean.counter("Requests", "Requests answered", lambda: server.requests)


def _describe(bean: Bean) -> dict[str, Any]:
    return {
        "objectName": bean.object_name,
        "className": "lodestar",
        "description": bean.description,
        "descriptor": {},
        "attributes": [
            {
                "name": attribute.name,
                "type": "long",
                "description": attribute.description,
                "readable": True,
                "writable": False,
                "descriptor": {},
                "value": attribute.read(),
            }
            for attribute in bean.attributes
        ],
        "operations": [],
    }
