"""Resources of a REST catalog: their paths, lists in pages, and changes whose outcome has to be known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_names import Levels, RestNames
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import Answer, RestRequests, Unknown
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_CATALOG_ERROR
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

SEPARATOR = "\x1f"
"""Between the levels of a namespace in a path."""
_PAGE = "100"


class RestPaths:
    """Thread-safe."""

    def __init__(self, requests: RestRequests, names: RestNames) -> None:
        self._requests = requests
        self._names = names

    def _levels(self, schema: str) -> Levels:
        return self._names.namespace(schema, lambda: self._below(()))

    def _below(self, parent: Sequence[str]) -> Iterator[list[str]]:
        """Namespaces of the first level; of all levels when they are nested."""
        query = {"parent": SEPARATOR.join(parent)} if parent else {}
        for levels in self._pages("/namespaces", "namespaces", query):
            if self._names.nested:
                yield levels
                yield from self._below(levels)
            elif len(levels) == 1:
                yield levels

    def _namespace(self, schema: str) -> str:
        return f"/namespaces/{quote(SEPARATOR.join(self._levels(schema)), safe='')}"

    def _all(self, schema: str, kind: str) -> str:
        """Path of all tables, or views, of a schema."""
        return f"{self._namespace(schema)}/{kind}s"

    def _path(self, name: SchemaTableName, kind: str) -> str:
        """Path of a table, or view."""
        return f"{self._all(name.schema, kind)}/{quote(self._remote(name, kind), safe='')}"

    def _remote(self, name: SchemaTableName, kind: str) -> str:
        return self._names.relation(kind, name, lambda: self._listed(name.schema, kind))

    def _listed(self, schema: str, kind: str) -> list[str]:
        """Names, as the service has them."""
        return [str(one["name"]) for one in self._pages(self._all(schema, kind), "identifiers", {})]

    def _shown(self, schema: str, kind: str) -> list[str]:
        """Names, as SQL has them."""
        return sorted(self._names.shown(one) for one in self._listed(schema, kind))

    def _identifier(self, name: SchemaTableName, kind: str) -> dict[str, Any]:
        return {"namespace": self._levels(name.schema), "name": self._remote(name, kind)}

    def _new_identifier(self, name: SchemaTableName) -> dict[str, Any]:
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
