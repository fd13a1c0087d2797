"""Roles and privileges: empty until the access control room lists them through the metadata services."""

from __future__ import annotations

from lodestar_server.metadata.catalogs import INFORMATION_SCHEMA
from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.information_schema.relations import table_columns
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.names import SchemaTableName


class _NoRows(EngineTable):
    """A catalog without roles and grants of its own: with allow-all access control there are none to list."""

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        return ()


class TablePrivilegesTable(_NoRows):
    """Grants on tables."""

    name = SchemaTableName(INFORMATION_SCHEMA, "table_privileges")
    columns = table_columns(
        "grantor",
        "grantor_type",
        "grantee",
        "grantee_type",
        "table_catalog",
        "table_schema",
        "table_name",
        "privilege_type",
        "is_grantable",
        "with_hierarchy",
    )


class _Roles(EngineTable):
    """A connector that keeps owners itself would keep roles too: it says that it does not."""

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        if metadata.require_catalog(catalog).connector.manages_owners:
            not_supported("This connector does not support roles")
        return ()


class RolesTable(_Roles):
    """All roles."""

    name = SchemaTableName(INFORMATION_SCHEMA, "roles")
    columns = table_columns("role_name")


class ApplicableRolesTable(_Roles):
    """Roles granted to the user, directly or through others."""

    name = SchemaTableName(INFORMATION_SCHEMA, "applicable_roles")
    columns = table_columns("grantee", "grantee_type", "role_name", "is_grantable")


class EnabledRolesTable(_Roles):
    """Roles enabled in the session."""

    name = SchemaTableName(INFORMATION_SCHEMA, "enabled_roles")
    columns = table_columns("role_name")
