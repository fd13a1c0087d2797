"""Roles and privileges that catalogs keep."""

from __future__ import annotations

from lodestar_server.metadata.catalogs import INFORMATION_SCHEMA
from lodestar_server.metadata.computed import Constraint, EngineTable, Rows, may_be
from lodestar_server.metadata.information_schema.relations import table_columns
from lodestar_server.metadata.names_wanted import wanted_prefixes
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.spi.errors import PERMISSION_DENIED, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind


class TablePrivilegesTable(EngineTable):
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

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Only a catalog that keeps grants has some."""
        if not metadata.manages_roles(catalog) or not may_be(constraint, "table_catalog", catalog):
            return
        for prefix in wanted_prefixes(metadata, catalog, constraint, "table_schema", "table_name"):
            for name in metadata.list_tables(catalog, prefix.schema, prefix.table):
                if name.schema == INFORMATION_SCHEMA:
                    continue
                for one in metadata.list_table_grants(catalog, name):
                    grantor = (None, None) if one.grantor is None else (one.grantor.name, one.grantor.kind.value)
                    grantee = (one.grantee.name, one.grantee.kind.value)
                    shown = (one.privilege.value, "YES" if one.grantable else "NO", None)
                    yield (*grantor, *grantee, catalog, name.schema, name.table, *shown)


class RolesTable(EngineTable):
    """All roles, for those who may see them."""

    name = SchemaTableName(INFORMATION_SCHEMA, "roles")
    columns = table_columns("role_name")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Nothing for those who may not see roles."""
        if not metadata.manages_roles(catalog):
            return
        try:
            metadata.access(catalog).check_can_show_roles()
        except LodestarError as error:
            if error.code is not PERMISSION_DENIED:
                raise
            return
        yield from ((role,) for role in metadata.list_roles(catalog))


class ApplicableRolesTable(EngineTable):
    """Roles granted to the user, directly or through others."""

    name = SchemaTableName(INFORMATION_SCHEMA, "applicable_roles")
    columns = table_columns("grantee", "grantee_type", "role_name", "is_grantable")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Each with the principal that has it."""
        if metadata.manages_roles(catalog):
            user = Principal(PrincipalKind.USER, metadata.session.user)
            for one in metadata.applicable_roles(catalog, user):
                yield (one.grantee.name, one.grantee.kind.value, one.role, "YES" if one.grantable else "NO")


class EnabledRolesTable(EngineTable):
    """Roles enabled in the session."""

    name = SchemaTableName(INFORMATION_SCHEMA, "enabled_roles")
    columns = table_columns("role_name")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Those that count."""
        if metadata.manages_roles(catalog):
            yield from ((role,) for role in metadata.enabled_roles(catalog))
