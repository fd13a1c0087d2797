"""Resources of a REST catalog: their paths, lists in pages, and changes whose outcome has to be known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import Answer, RestRequests, Unknown
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_CATALOG_ERROR
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

SEPARATOR = "\x1f"
"""Between the levels of a namespace in a path."""
_PAGE = "100"


class RestPaths:
    """`nested`: a schema's dots are levels of its namespace. Thread-safe."""

    def __init__(self, requests: RestRequests, *, nested: bool = False) -> None:
        self._requests = requests
        self._nested = nested

    def _levels(self, schema: str) -> list[str]:
        return schema.split(".") if self._nested else [schema]

    def _path(self, schema: str, *rest: str) -> str:
        namespace = quote(SEPARATOR.join(self._levels(schema)), safe="")
        return "/".join(("/namespaces", namespace, *(quote(one, safe="") for one in rest)))

    def _identifier(self, name: SchemaTableName) -> dict[str, Any]:
        return {"namespace": self._levels(name.schema), "name": name.table}

    def _pages(self, path: str, key: str, query: dict[str, str]) -> Iterator[Any]:
        query = {**query, "pageSize": _PAGE, "pageToken": ""}
        while True:
            answer = self._requests.ask("GET", path, query=query, expected=(200, 404))
            yield from answer.body.get(key) or ()
            query["pageToken"] = answer.body.get("next-page-token") or ""
            if not query["pageToken"]:
                return

    def _change(self, method: str, path: str, **given: Any) -> Answer:
        try:
            return self._requests.ask(method, path, **given)
        except Unknown as fault:
            raise LodestarError(
                ICEBERG_CATALOG_ERROR, f"Cannot tell whether the change has happened: {fault}"
            ) from fault
