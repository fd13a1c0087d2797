"""Roles and grants that catalogs keep."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.metadata.base import MetadataBase, listing
from lodestar_server.spi.errors import NOT_SUPPORTED, Location, LodestarError
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.security import Principal, Privilege, RoleGrant, TableGrant


class MetadataRoles(MetadataBase):
    """Every method raises NOT_SUPPORTED for a connector without roles."""

    def manages_roles(self, catalog: str) -> bool:
        """The connector decides about roles and owners, not the server."""
        return self.transaction.require_catalog(catalog).connector.manages_owners

    def require_role_management(self, catalog: str, location: Location) -> None:
        """Raises: NOT_SUPPORTED."""
        if not self.manages_roles(catalog):
            message = f"Catalog '{catalog}' does not support role management"
            raise LodestarError(NOT_SUPPORTED, message, location=location)

    # roles
    def list_roles(self, catalog: str) -> Sequence[str]:
        """All roles."""
        begun, session = self._enter(catalog)
        return begun.metadata.list_roles(session)

    def role_grants(self, catalog: str, principal: Principal) -> Sequence[RoleGrant]:
        """Roles that a principal has directly."""
        begun, session = self._enter(catalog)
        return begun.metadata.role_grants(session, principal)

    def applicable_roles(self, catalog: str, principal: Principal) -> Sequence[RoleGrant]:
        """Roles that a principal has directly and through others."""
        begun, session = self._enter(catalog)
        return begun.metadata.applicable_roles(session, principal)

    def enabled_roles(self, catalog: str) -> Sequence[str]:
        """Roles that count in the session."""
        begun, session = self._enter(catalog)
        return begun.metadata.enabled_roles(session)

    def create_role(self, catalog: str, role: str, grantor: Principal | None) -> None:
        """CREATE ROLE."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.create_role(session, role, grantor)

    def drop_role(self, catalog: str, role: str) -> None:
        """DROP ROLE."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.drop_role(session, role)

    def grant_roles(
        self,
        catalog: str,
        roles: Sequence[str],
        grantees: Sequence[Principal],
        admin_option: bool,
        grantor: Principal | None,
    ) -> None:
        """GRANT of roles."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.grant_roles(session, roles, grantees, admin_option, grantor)

    def revoke_roles(
        self,
        catalog: str,
        roles: Sequence[str],
        grantees: Sequence[Principal],
        admin_option: bool,
        grantor: Principal | None,
    ) -> None:
        """REVOKE of roles."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.revoke_roles(session, roles, grantees, admin_option, grantor)

    # privileges
    def grant_schema_privileges(
        self, catalog: str, schema: str, privileges: Sequence[Privilege], grantee: Principal, grant_option: bool
    ) -> None:
        """GRANT … ON SCHEMA."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.grant_schema_privileges(session, schema, privileges, grantee, grant_option)

    def deny_schema_privileges(
        self, catalog: str, schema: str, privileges: Sequence[Privilege], grantee: Principal
    ) -> None:
        """DENY … ON SCHEMA."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.deny_schema_privileges(session, schema, privileges, grantee)

    def revoke_schema_privileges(
        self, catalog: str, schema: str, privileges: Sequence[Privilege], grantee: Principal, grant_option: bool
    ) -> None:
        """REVOKE … ON SCHEMA."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.revoke_schema_privileges(session, schema, privileges, grantee, grant_option)

    def grant_table_privileges(
        self, table: QualifiedName, privileges: Sequence[Privilege], grantee: Principal, grant_option: bool
    ) -> None:
        """GRANT … ON TABLE."""
        begun, session = self._enter_to_write(table.catalog)
        begun.metadata.grant_table_privileges(session, table.schema_table, privileges, grantee, grant_option)

    def deny_table_privileges(self, table: QualifiedName, privileges: Sequence[Privilege], grantee: Principal) -> None:
        """DENY … ON TABLE."""
        begun, session = self._enter_to_write(table.catalog)
        begun.metadata.deny_table_privileges(session, table.schema_table, privileges, grantee)

    def revoke_table_privileges(
        self, table: QualifiedName, privileges: Sequence[Privilege], grantee: Principal, grant_option: bool
    ) -> None:
        """REVOKE … ON TABLE."""
        begun, session = self._enter_to_write(table.catalog)
        begun.metadata.revoke_table_privileges(session, table.schema_table, privileges, grantee, grant_option)

    def list_table_grants(self, catalog: str, table: SchemaTableName) -> Sequence[TableGrant]:
        """Grants on a table that the user may see."""
        begun, session = self._enter(catalog)
        with listing("table privileges", catalog):
            return begun.metadata.list_table_grants(session, table)
