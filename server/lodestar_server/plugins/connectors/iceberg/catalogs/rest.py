"""A catalog behind Iceberg's REST interface. It writes metadata files itself: a commit tells it what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lodestar_server.plugins.connectors.iceberg.catalogs.changes import (
    requirements_between,
    updates_between,
    updates_for_new,
)
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import (
    METADATA_LOCATION,
    CatalogWithViews,
    CommitConflict,
    Published,
)
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_lending import RestLending
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_names import RestNames
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_paths import RestPaths
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import Answer, RestRequests, Unknown
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_views import RestViews, not_supported
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_CATALOG_ERROR, ICEBERG_COMMIT_ERROR
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata, table_metadata
from lodestar_server.plugins.connectors.iceberg.format.schema import write_schema
from lodestar_server.plugins.toolkit.metastore.interface import TableWrite
from lodestar_server.plugins.toolkit.metastore.model import Database, Table
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.errors import (
    SCHEMA_ALREADY_EXISTS,
    SCHEMA_NOT_EMPTY,
    SCHEMA_NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

_LOCATION = "location"
_NO_COLUMNS = {"type": "struct", "schema-id": 0, "fields": []}


class RestCatalog(RestPaths, CatalogWithViews):
    """A `SelfWritingCatalog`. `lending`: takes the keys that come with a table. Thread-safe."""

    def __init__(
        self, requests: RestRequests, names: RestNames, *, views: bool = True, lending: RestLending | None = None
    ) -> None:
        super().__init__(requests, names)
        self.views = RestViews(requests, names, enabled=views)
        self._lending = lending
        self.lends_keys = lending is not None

    # schemas
    def list_databases(self) -> list[str]:
        """Namespaces of the first level; of all levels when they are nested."""
        return sorted(self._names.shown(".".join(levels)) for levels in self._below(()))

    def find_database(self, name: str) -> Database | None:
        """With its properties."""
        answer = self._requests.ask("GET", self._namespace(name), expected=(200, 404))
        if answer.status == 404:
            return None
        properties = {str(key): str(value) for key, value in (answer.body.get("properties") or {}).items()}
        return Database(
            name, properties.pop(_LOCATION, None), properties.get("owner"), properties.get("comment"), properties
        )

    def create_database(self, database: Database) -> None:
        """Raises: SCHEMA_ALREADY_EXISTS."""
        properties = {**database.parameters, **({_LOCATION: database.location} if database.location else {})}
        body = {"namespace": self._names.levels(database.name), "properties": properties}
        if self._change("POST", "/namespaces", body=body, expected=(200, 409)).status == 409:
            raise LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{database.name}'")

    def replace_database(self, database: Database) -> None:
        """Raises: NOT_SUPPORTED."""
        not_supported("setNamespacePrincipal")

    def rename_database(self, name: str, new_name: str) -> None:
        """Raises: NOT_SUPPORTED."""
        not_supported("renameNamespace")

    def drop_database(self, name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, SCHEMA_NOT_EMPTY."""
        answer = self._change("DELETE", self._namespace(name), expected=(200, 204, 404, 409))
        self._names.forget(name)
        if answer.status == 404:
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema {name} not found")
        if answer.status == 409:
            raise LodestarError(SCHEMA_NOT_EMPTY, f"Schema not empty: {name}")

    # tables
    def table_directory(self, name: SchemaTableName) -> str:
        """What the service would choose: it is asked to prepare the table, which changes nothing."""
        body = {"name": name.table, "schema": _NO_COLUMNS, "stage-create": True}
        answer = self._requests.ask("POST", self._all(name.schema, "table"), body=body)
        try:
            return str(answer.body["metadata"]["location"]).rstrip("/")
        except (KeyError, TypeError) as fault:
            raise LodestarError(ICEBERG_CATALOG_ERROR, "The REST catalog's answer is no table") from fault

    def prepare(self, name: SchemaTableName, metadata: TableMetadata) -> None:
        """A table is to be made: where keys are lent, those for its files are asked for."""
        if self._lending is None:
            return
        body = {
            "name": name.table,
            "location": metadata.location,
            "schema": write_schema(metadata.schema),
            "properties": dict(metadata.properties),
            "stage-create": True,
        }
        answer = self._requests.ask("POST", self._all(name.schema, "table"), body=body, expected=(200, 409))
        if answer.status == 409:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{name}'")
        # Whatever the place of the prepared table is called: the files will be where they were to be.
        prepared = {**(answer.body.get("metadata") or {}), "location": metadata.location}
        self._lending.take(self._requests.known, {**answer.body, "metadata": prepared})

    def list_tables(self, schema: str) -> list[str]:
        """Without views."""
        return self._shown(schema, "table")

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None for a view."""
        found = self.find_published(name)
        return None if found is None else found.entry(name)

    def find_published(self, name: SchemaTableName) -> Published | None:
        """As it is now; keys that come with it are new."""
        answer = self._requests.ask("GET", self._path(name, "table"), expected=(200, 404))
        return None if answer.status == 404 else self._published(answer)

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None:
        """Over metadata that is there. Raises: TABLE_ALREADY_EXISTS; NOT_SUPPORTED for views."""
        if table.is_view:
            materialized = "Materialized" in (table.view_expanded_text or "")
            not_supported("createMaterializedView" if materialized else "createView")
        body = {"name": table.name.table, "metadata-location": table.parameters[METADATA_LOCATION]}
        answer = self._change("POST", f"{self._namespace(table.name.schema)}/register", body=body, expected=(200, 409))
        if answer.status == 409:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{table.name}'")

    def publish_new(self, name: SchemaTableName, metadata: TableMetadata) -> Published:
        """Table and first snapshot at once. Raises: TABLE_ALREADY_EXISTS."""
        body = {
            "identifier": self._identifier(name, "table"),
            "requirements": [{"type": "assert-create"}],
            "updates": updates_for_new(metadata),
        }
        try:
            answer = self._requests.ask("POST", self._path(name, "table"), body=body, expected=(200, 409))
        except Unknown as fault:
            found = self.find_published(name)
            if found is not None and found.metadata.uuid == metadata.uuid:
                return found
            raise _lost(name, fault) from fault
        if answer.status == 409:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{name}'")
        return self._published(answer)

    def publish_change(self, name: SchemaTableName, base: TableMetadata, made: TableMetadata) -> Published:
        """Raises: CommitConflict, TABLE_NOT_FOUND, ICEBERG_COMMIT_ERROR."""
        updates = updates_between(base, made)
        body = {
            "identifier": self._identifier(name, "table"),
            "requirements": requirements_between(base, made),
            "updates": updates,
        }
        path = self._path(name, "table")
        try:
            answer = self._requests.ask("POST", path, body=body, expected=(200, 404, 409))
        except Unknown as fault:
            found = self.find_published(name)
            if found is not None and _has_happened(found.metadata, base, made):
                return found
            raise _lost(name, fault) from fault
        if answer.status == 404:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
        if answer.status == 409:
            raise CommitConflict
        return self._published(answer)

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Raises: NOT_SUPPORTED, because it is the service that writes metadata."""
        not_supported("updateMaterializedViewColumnComment")

    def replace_view(self, view: Table) -> None:
        """Raises: NOT_SUPPORTED."""
        not_supported("createView")

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        body = {"source": self._identifier(name, "table"), "destination": self._new_identifier(new_name)}
        answer = self._change("POST", "/tables/rename", body=body, expected=(200, 204, 404, 409))
        self._names.forget(name)
        self._names.forget(new_name)
        if answer.status == 404:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
        if answer.status == 409:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{new_name}'")

    def drop_table(self, name: SchemaTableName) -> None:
        """The files are the caller's. Raises: TABLE_NOT_FOUND."""
        path = self._path(name, "table")
        answer = self._change("DELETE", path, query={"purgeRequested": "false"}, expected=(200, 204, 404))
        self._names.forget(name)
        if answer.status == 404:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")

    def beans(self, catalog: str) -> Iterable[Bean]:
        """None."""
        return ()

    def close(self) -> None:
        """Give the connections back."""
        self._requests.close()
        if self._lending is not None:
            self._lending.accounts.close()

    def _published(self, answer: Answer) -> Published:
        try:
            found = Published(str(answer.body["metadata-location"]), table_metadata(answer.body["metadata"]))
        except (ValueError, KeyError, TypeError) as fault:
            raise LodestarError(ICEBERG_CATALOG_ERROR, "The REST catalog's answer is no table") from fault
        if self._lending is not None:
            self._lending.take(self._requests.known, answer.body)
        return found


def _has_happened(now: TableMetadata, base: TableMetadata, made: TableMetadata) -> bool:
    """A snapshot of ours is there; a change without one is not recognised, and counts as unknown."""
    ours = {one.id for one in made.snapshots} - {one.id for one in base.snapshots}
    return bool(ours) and ours <= {one.id for one in now.snapshots}


def _lost(name: SchemaTableName, fault: Unknown) -> LodestarError:
    return LodestarError(ICEBERG_COMMIT_ERROR, f"Cannot tell whether the commit to table {name} has happened: {fault}")
