"""Views of an iceberg catalog: entries of the metastore, as Trino keeps them, or Iceberg's own (`catalog_views`)."""

from __future__ import annotations

from dataclasses import replace as changed

from lodestar_server.plugins.connectors.iceberg.catalog_views import (
    commented_column,
    commented_view,
    new_view,
    replaced_view,
    view_definition,
)
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import ViewCatalog
from lodestar_server.plugins.connectors.iceberg.reading import IcebergReading
from lodestar_server.plugins.toolkit.metastore.model import Database, Table
from lodestar_server.plugins.toolkit.metastore.views import decode_view, is_materialized, is_trino_view, view_table
from lodestar_server.spi.connector import RelationKind, ViewDefinition, not_supported
from lodestar_server.spi.errors import (
    NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.session import ConnectorSession


class IcebergViews(IcebergReading):
    """Each change is made at once."""

    def _check_schema(self, schema: str) -> None:
        if self._metastore.find_database(schema) is None:
            raise LodestarError(NOT_FOUND, f"Schema {schema} not found")

    def _view(self, name: SchemaTableName) -> Table:
        entry = self._transaction.find_entry(name)
        if entry is None or not is_trino_view(entry):
            raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' not found")
        return entry

    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        """Views of other engines are refused when they are read."""
        if self._tables.views is not None:
            known = self._transaction.find_view(name)
            return None if known is None else view_definition(name, known)
        entry = self._transaction.find_entry(name)
        if entry is None or not entry.is_view or is_materialized(entry):
            return None
        return decode_view(entry)

    def create_view(
        self, session: ConnectorSession, name: SchemaTableName, view: ViewDefinition, replace: bool
    ) -> None:
        """Raises: NOT_FOUND without the schema, TABLE_ALREADY_EXISTS."""
        views = self._tables.views
        if views is None or views.needs_schema:
            self._check_schema(name.schema)
        if views is not None:
            self._put_view(views, name, view, replace)
            return
        made = view_table(name, view, session.user, session.query_id, "Iceberg")
        made = changed(made, location=self._metastore.table_directory(name))
        known = self._transaction.find_entry(name)
        self._transaction.forget(name)
        if known is not None and not (replace and is_trino_view(known)):
            raise LodestarError(TABLE_ALREADY_EXISTS, f"View already exists: '{name}'")
        if known is not None:
            self._metastore.replace_view(changed(made, owner=known.owner))
        else:
            self._metastore.create_table(made, None, session.user)

    def _put_view(self, views: ViewCatalog, name: SchemaTableName, view: ViewDefinition, replace: bool) -> None:
        database = self._metastore.find_database(name.schema) or Database(name.schema)
        location = self._tables.default_location(name, self._tables.schema_location(database))
        known = self._transaction.find_view(name)
        if self._transaction.find_entry(name) is not None or (known is not None and not replace):
            raise LodestarError(TABLE_ALREADY_EXISTS, f"View already exists: '{name}'")
        self._transaction.forget(name)
        if known is None:
            views.create_view(name, new_view(name, view, location))
        else:
            views.change_view(name, lambda base: replaced_view(base, name, view, location))

    def drop_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """DROP VIEW."""
        if self._tables.views is not None:
            self._transaction.forget(name)
            self._tables.views.drop_view(name)
            return
        self._view(name)
        self._transaction.forget(name)
        self._metastore.drop_table(name)

    def rename_view(self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """ALTER VIEW … RENAME TO."""
        if self._tables.views is not None:
            self._transaction.forget(name, new_name)
            self._tables.views.rename_view(name, new_name)
            return
        self._view(name)
        self._check_schema(new_name.schema)
        self._transaction.forget(name, new_name)
        self._metastore.rename_table(name, new_name)

    def set_view_comment(self, session: ConnectorSession, name: SchemaTableName, comment: str | None) -> None:
        """COMMENT ON VIEW."""
        if self._tables.views is not None:
            self._transaction.forget(name)
            self._tables.views.change_view(name, lambda base: commented_view(base, comment))
            return
        view = changed(decode_view(self._view(name)), comment=comment)
        self.create_view(session, name, view, True)

    def set_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a view."""
        if self._tables.views is not None:
            self._transaction.forget(name)
            self._tables.views.change_view(name, lambda base: commented_column(base, column, comment))
            return
        view = decode_view(self._view(name))
        columns = tuple(changed(one, comment=comment) if one.name == column else one for one in view.columns)
        self.create_view(session, name, changed(view, columns=columns), True)

    def set_view_owner(self, session: ConnectorSession, name: SchemaTableName, owner: str) -> None:
        """Refused, in the words that Trino has for it."""
        if self._tables.views is not None:
            self._tables.views.refuse("setViewPrincipal")
        not_supported("This connector does not support setting an owner on a table")

    def _drop_anything(self, session: ConnectorSession, name: SchemaTableName, kind: RelationKind) -> None:
        if kind is RelationKind.VIEW:
            self.drop_view(session, name)
        elif kind is RelationKind.MATERIALIZED_VIEW:
            self.drop_materialized_view(session, name)
        else:
            table = self.find_table(session, name)
            if table is None:
                raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
            self.drop_table(session, table)
