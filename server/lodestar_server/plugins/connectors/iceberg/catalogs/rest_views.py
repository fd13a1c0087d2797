"""Views of a REST catalog. It writes their metadata itself: a change tells it what is different."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_names import RestNames
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_paths import RestPaths
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import Answer, RestRequests
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_CATALOG_ERROR
from lodestar_server.plugins.connectors.iceberg.format.schema import write_schema
from lodestar_server.plugins.connectors.iceberg.format.view_metadata import (
    ViewMetadata,
    view_of,
    view_updates,
    write_version,
)
from lodestar_server.spi.errors import (
    GENERIC_INTERNAL_ERROR,
    NOT_SUPPORTED,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

_LIST = "GET /v1/{prefix}/namespaces/{namespace}/views"
_CONFLICTS = 4


class RestViews(RestPaths):
    """A `ViewCatalog`. Not `enabled`, or at a service that offers none: there are no views. Thread-safe."""

    needs_schema = True

    def __init__(self, requests: RestRequests, names: RestNames, *, enabled: bool = True) -> None:
        super().__init__(requests, names)
        self._enabled = enabled

    def _offered(self) -> bool:
        return self._enabled and self._requests.offers(_LIST)

    def list_views(self, schema: str) -> list[str]:
        """Names."""
        if not self._offered():
            return []
        return self._shown(schema, "view")

    def find_view(self, name: SchemaTableName) -> ViewMetadata | None:
        """As it is now."""
        if not self._offered():
            return None
        answer = self._requests.ask("GET", self._path(name, "view"), expected=(200, 404))
        return None if answer.status == 404 else _view(answer)

    def create_view(self, name: SchemaTableName, view: ViewMetadata) -> None:
        """Raises: TABLE_ALREADY_EXISTS, NOT_SUPPORTED."""
        if not self._offered():
            self.refuse("createView")
        body: dict[str, Any] = {
            "name": name.table,
            "location": view.location,
            "schema": write_schema(view.schema),
            "view-version": write_version(view.version),
            "properties": dict(view.properties),
        }
        answer = self._change("POST", self._all(name.schema, "view"), body=body, expected=(200, 409))
        if answer.status == 409:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"View already exists: '{name}'")

    def change_view(self, name: SchemaTableName, change: Callable[[ViewMetadata], ViewMetadata]) -> None:
        """Raises: TABLE_NOT_FOUND, ICEBERG_CATALOG_ERROR."""
        for _ in range(_CONFLICTS):
            base = self.find_view(name)
            if base is None:
                raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' not found")
            updates = view_updates(base, change(base))
            if not updates:
                return
            body = {
                "identifier": self._identifier(name, "view"),
                "requirements": [{"type": "assert-view-uuid", "uuid": base.uuid}],
                "updates": updates,
            }
            path = self._path(name, "view")
            answer = self._change("POST", path, body=body, expected=(200, 404, 409))
            if answer.status == 200:
                return
        raise LodestarError(ICEBERG_CATALOG_ERROR, f"Failed to change view '{name}': too many concurrent changes")

    def rename_view(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: TABLE_ALREADY_EXISTS, GENERIC_INTERNAL_ERROR without the schema, as Trino does."""
        body = {"source": self._identifier(name, "view"), "destination": self._new_identifier(new_name)}
        answer = self._change("POST", "/views/rename", body=body, expected=(200, 204, 404, 409))
        self._names.forget(name)
        self._names.forget(new_name)
        if answer.status == 404:
            raise LodestarError(GENERIC_INTERNAL_ERROR, answer.reason)
        if answer.status == 409:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"View already exists: '{new_name}'")

    def drop_view(self, name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND."""
        answer = self._change("DELETE", self._path(name, "view"), expected=(200, 204, 404))
        self._names.forget(name)
        if answer.status == 404:
            raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' not found")

    def refuse(self, what: str) -> NoReturn:
        """Raises: NOT_SUPPORTED."""
        not_supported(what)


def _view(answer: Answer) -> ViewMetadata:
    try:
        return view_of(answer.body["metadata"])
    except (ValueError, KeyError, TypeError) as fault:
        raise LodestarError(ICEBERG_CATALOG_ERROR, "The REST catalog's answer is no view") from fault


def not_supported(what: str) -> NoReturn:
    """Raises: NOT_SUPPORTED, in the words that Trino has for it."""
    raise LodestarError(NOT_SUPPORTED, f"{what} is not supported for Iceberg REST catalog")
