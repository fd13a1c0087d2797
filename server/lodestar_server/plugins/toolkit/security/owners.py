"""What belongs to the owner of a table or of a schema, however somebody came to own it."""

from __future__ import annotations

from abc import abstractmethod

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import ConnectorAccessControl


class OwnersAccessControl(ConnectorAccessControl):
    """Owners change what they own; everybody sees his own roles and who has which. The rest stays refused."""

    @abstractmethod
    def owns_schema(self, schema: str) -> bool:
        """The user owns the schema."""

    @abstractmethod
    def owns(self, table: SchemaTableName) -> bool:
        """The user owns the table or view."""

    def check_can_drop_schema(self, schema: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_drop_schema(schema)

    def check_can_show_create_schema(self, schema: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_show_create_schema(schema)

    def check_can_drop_table(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_drop_table(table)

    def check_can_set_table_properties(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_set_table_properties(table)

    def check_can_set_table_comment(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_set_table_comment(table)

    def check_can_set_view_comment(self, view: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_set_view_comment(view)

    def check_can_set_column_comment(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_set_column_comment(table)

    def check_can_add_column(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_add_column(table)

    def check_can_alter_column(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_alter_column(table)

    def check_can_drop_column(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_drop_column(table)

    def check_can_rename_column(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_rename_column(table)

    def check_can_drop_view(self, view: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_drop_view(view)

    def check_can_show_current_roles(self) -> None: ...

    def check_can_show_role_grants(self) -> None: ...
