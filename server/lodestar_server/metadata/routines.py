"""Stored SQL routines: found by name, listed, created and dropped."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.metadata.access import Reader
from lodestar_server.metadata.base import MetadataBase
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import PERMISSION_DENIED, Location, LodestarError
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.scalar_functions import ConnectorFunction
from lodestar_server.spi.security import ACCESS_DENIED
from lodestar_server.spi.table_functions import TableFunction


class MetadataRoutines(MetadataBase):
    """Routines of all catalogs."""

    @property
    def function_schema(self) -> tuple[str, str] | None:
        """Catalog and schema of functions whose names are not qualified."""
        return self.services.function_schema

    def find_language_functions(self, name: QualifiedName) -> Sequence[LanguageFunction]:
        """The overloads stored under a name, none when the catalog is unknown."""
        if self.transaction.find_catalog(name.catalog) is None:
            return ()
        begun, session = self._enter(name.catalog)
        return begun.metadata.find_language_functions(session, name.schema_table)

    def find_function(self, name: QualifiedName) -> ConnectorFunction | None:
        """A catalog's function that the engine computes, None when the catalog is unknown."""
        return next((one for one in self._functions(name.catalog, name.schema) if one.name == name.name), None)

    def visible_connector_functions(
        self, catalog: str, schema: str
    ) -> tuple[Sequence[ConnectorFunction], Sequence[TableFunction]]:
        """Scalar and table functions of a catalog's schema that the user may see. Raises: PERMISSION_DENIED."""
        if self.transaction.find_catalog(catalog) is None:
            return (), ()
        access = self.access(catalog)
        access.check_can_show_functions(schema)
        tables = [
            one for one in self.transaction.require_catalog(catalog).connector.table_functions() if one.schema == schema
        ]
        scalars = self._functions(catalog, schema)
        names = dict.fromkeys([*(one.name for one in scalars), *(one.name for one in tables)])
        visible = {one.table for one in access.filter_functions([SchemaTableName(schema, name) for name in names])}
        return [one for one in scalars if one.name in visible], [one for one in tables if one.name in visible]

    def _functions(self, catalog: str, schema: str) -> Sequence[ConnectorFunction]:
        if self.transaction.find_catalog(catalog) is None:
            return ()
        return [one for one in self.transaction.require_catalog(catalog).connector.functions() if one.schema == schema]

    def check_can_execute_function(self, name: QualifiedName, reader: Reader, location: Location) -> None:
        """A stored routine is called, perhaps by a view. Raises: PERMISSION_DENIED."""
        if not self.may_execute_function(name, reader):
            message = f"{ACCESS_DENIED}Cannot execute function {name}"
            raise LodestarError(PERMISSION_DENIED, message, location=location)

    def may_execute_function(self, name: QualifiedName, reader: Reader) -> bool:
        """A stored routine or a table function of a catalog may be called, or handed on by a view."""
        access = self.access(name.catalog, reader)
        if reader.hands_on:
            return access.can_create_view_with_execute_function(name.schema_table)
        return access.can_execute_function(name.schema_table)

    def visible_functions(self, catalog: str, schema: str) -> Sequence[tuple[SchemaTableName, LanguageFunction]]:
        """Those of a schema that the user may see. Raises: PERMISSION_DENIED."""
        if self.transaction.find_catalog(catalog) is None:
            return ()
        access = self.access(catalog)
        access.check_can_show_functions(schema)
        found = self.list_language_functions(catalog, schema)
        visible = set(access.filter_functions(list(dict.fromkeys(name for name, _ in found))))
        return [(name, function) for name, function in found if name in visible]

    def list_language_functions(self, catalog: str, schema: str) -> Sequence[tuple[SchemaTableName, LanguageFunction]]:
        """All routines of a schema, none when the catalog is unknown."""
        if self.transaction.find_catalog(catalog) is None:
            return ()
        begun, session = self._enter(catalog)
        return begun.metadata.list_language_functions(session, schema)

    def create_language_function(self, name: QualifiedName, function: LanguageFunction, *, replace: bool) -> None:
        """CREATE [OR REPLACE] FUNCTION."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.create_language_function(session, name.schema_table, function, replace)

    def drop_language_function(self, name: QualifiedName, signature: str) -> None:
        """DROP FUNCTION of one overload."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.drop_language_function(session, name.schema_table, signature)
