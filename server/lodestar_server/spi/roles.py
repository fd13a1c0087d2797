"""Roles and grants that a connector keeps: a part of its metadata. Every ability is optional."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, Privilege, RoleGrant, TableGrant
from lodestar_server.spi.session import ConnectorSession


def _unsupported(what: str) -> NoReturn:
    raise LodestarError(NOT_SUPPORTED, f"This connector does not support {what}")


class RoleMetadata:
    """The engine has asked access control, and whether roles that are named exist. Source: Trino ConnectorMetadata."""

    # roles
    def list_roles(self, session: ConnectorSession) -> Sequence[str]:
        """All roles, in lower case."""
        _unsupported("roles")

    def create_role(self, session: ConnectorSession, role: str, grantor: Principal | None) -> None:
        """CREATE ROLE [WITH ADMIN grantor]; the name is free."""
        _unsupported("roles")

    def drop_role(self, session: ConnectorSession, role: str) -> None:
        """DROP ROLE."""
        _unsupported("roles")

    def role_grants(self, session: ConnectorSession, principal: Principal) -> Sequence[RoleGrant]:
        """Roles that the principal has directly."""
        _unsupported("roles")

    def applicable_roles(self, session: ConnectorSession, principal: Principal) -> Sequence[RoleGrant]:
        """Roles that it has directly and through others."""
        _unsupported("roles")

    def enabled_roles(self, session: ConnectorSession) -> Sequence[str]:
        """Roles that count in the session."""
        _unsupported("roles")

    def grant_roles(
        self,
        session: ConnectorSession,
        roles: Sequence[str],
        grantees: Sequence[Principal],
        admin_option: bool,
        grantor: Principal | None,
    ) -> None:
        """GRANT roles TO principals [WITH ADMIN OPTION]."""
        _unsupported("roles")

    def revoke_roles(
        self,
        session: ConnectorSession,
        roles: Sequence[str],
        grantees: Sequence[Principal],
        admin_option: bool,
        grantor: Principal | None,
    ) -> None:
        """REVOKE [ADMIN OPTION FOR] roles FROM principals."""
        _unsupported("roles")

    # privileges
    def grant_schema_privileges(
        self,
        session: ConnectorSession,
        schema: str,
        privileges: Sequence[Privilege],
        grantee: Principal,
        grant_option: bool,
    ) -> None:
        """GRANT … ON SCHEMA."""
        _unsupported("grants on schemas")

    def deny_schema_privileges(
        self, session: ConnectorSession, schema: str, privileges: Sequence[Privilege], grantee: Principal
    ) -> None:
        """DENY … ON SCHEMA."""
        _unsupported("denys on schemas")

    def revoke_schema_privileges(
        self,
        session: ConnectorSession,
        schema: str,
        privileges: Sequence[Privilege],
        grantee: Principal,
        grant_option: bool,
    ) -> None:
        """REVOKE [GRANT OPTION FOR] … ON SCHEMA."""
        _unsupported("revokes on schemas")

    def grant_table_privileges(
        self,
        session: ConnectorSession,
        table: SchemaTableName,
        privileges: Sequence[Privilege],
        grantee: Principal,
        grant_option: bool,
    ) -> None:
        """GRANT … ON TABLE, on views too."""
        _unsupported("grants on tables")

    def deny_table_privileges(
        self, session: ConnectorSession, table: SchemaTableName, privileges: Sequence[Privilege], grantee: Principal
    ) -> None:
        """DENY … ON TABLE."""
        _unsupported("denys on tables")

    def revoke_table_privileges(
        self,
        session: ConnectorSession,
        table: SchemaTableName,
        privileges: Sequence[Privilege],
        grantee: Principal,
        grant_option: bool,
    ) -> None:
        """REVOKE [GRANT OPTION FOR] … ON TABLE."""
        _unsupported("revokes on tables")

    def list_table_grants(self, session: ConnectorSession, table: SchemaTableName) -> Sequence[TableGrant]:
        """Grants on a table that the session's user may see."""
        return ()
