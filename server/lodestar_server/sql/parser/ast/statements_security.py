"""Roles and privileges."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Statement
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.statements_ddl import PrincipalSpecification


class GrantorType(Enum):
    """Who grants."""

    PRINCIPAL = "PRINCIPAL"
    CURRENT_USER = "CURRENT_USER"
    CURRENT_ROLE = "CURRENT_ROLE"


class GrantorSpecification(Node):
    """GRANTED BY or WITH ADMIN …; PRINCIPAL has a principal."""

    type: GrantorType
    principal: PrincipalSpecification | None = None


class GrantObject(Node):
    """What privileges are on: `kind name`, the kind None when not written."""

    entity_kind: str | None
    name: QualifiedName


class CreateRole(Statement):
    """CREATE ROLE."""

    name: Identifier
    grantor: GrantorSpecification | None = None
    catalog: Identifier | None = None


class DropRole(Statement):
    """DROP ROLE."""

    name: Identifier
    catalog: Identifier | None
    exists: bool


class GrantRoles(Statement):
    """GRANT roles TO principals."""

    roles: tuple[Identifier, ...]
    grantees: tuple[PrincipalSpecification, ...]
    admin_option: bool
    grantor: GrantorSpecification | None = None
    catalog: Identifier | None = None


class RevokeRoles(Statement):
    """REVOKE roles FROM principals."""

    roles: tuple[Identifier, ...]
    grantees: tuple[PrincipalSpecification, ...]
    admin_option: bool
    grantor: GrantorSpecification | None = None
    catalog: Identifier | None = None


class SetRoleType(Enum):
    """What SET ROLE names."""

    ROLE = "ROLE"
    ALL = "ALL"
    NONE = "NONE"


class SetRole(Statement):
    """SET ROLE."""

    type: SetRoleType
    role: Identifier | None = None
    catalog: Identifier | None = None


class Grant(Statement):
    """GRANT privileges ON object; `privileges` None is ALL PRIVILEGES, else the words as written."""

    privileges: tuple[str, ...] | None
    grant_object: GrantObject
    grantee: PrincipalSpecification
    grant_option: bool


class Deny(Statement):
    """DENY privileges ON object."""

    privileges: tuple[str, ...] | None
    grant_object: GrantObject
    grantee: PrincipalSpecification


class Revoke(Statement):
    """REVOKE privileges ON object."""

    grant_option_for: bool
    privileges: tuple[str, ...] | None
    grant_object: GrantObject
    grantee: PrincipalSpecification
