"""A catalog that may be read by everybody and changed by nobody. Source: Trino ReadOnlyAccessControl."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import ConnectorAccessControl


class ReadOnlyAccessControl(ConnectorAccessControl):
    """What only reads is allowed; the rest the base class refuses."""

    def check_can_show_schemas(self) -> None:
        """Allowed, as everything here."""

    def check_can_show_create_schema(self, schema: str) -> None: ...

    def filter_schemas(self, schemas: Sequence[str]) -> Sequence[str]:
        return schemas

    def check_can_show_create_table(self, table: SchemaTableName) -> None: ...

    def check_can_show_tables(self, schema: str) -> None: ...

    def filter_tables(self, tables: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return tables

    def check_can_show_columns(self, table: SchemaTableName) -> None: ...

    def filter_columns(self, table: SchemaTableName, columns: Sequence[str]) -> Sequence[str]:
        return columns

    def check_can_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None: ...

    def check_can_create_view_with_select_from_columns(
        self, table: SchemaTableName, columns: Sequence[str]
    ) -> None: ...

    def check_can_set_catalog_session_property(self, name: str) -> None: ...

    def check_can_show_functions(self, schema: str) -> None: ...

    def filter_functions(self, functions: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return functions

    def check_can_show_roles(self) -> None: ...

    def check_can_show_current_roles(self) -> None: ...

    def check_can_show_role_grants(self) -> None: ...
