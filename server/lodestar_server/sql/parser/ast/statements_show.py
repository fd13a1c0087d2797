"""SHOW and DESCRIBE."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Relation, Statement
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.statements_security import GrantObject


class ShowCatalogs(Statement):
    """SHOW CATALOGS LIKE."""

    like_pattern: str | None = None
    escape: str | None = None


class ShowSchemas(Statement):
    """SHOW SCHEMAS FROM catalog LIKE."""

    catalog: Identifier | None = None
    like_pattern: str | None = None
    escape: str | None = None


class ShowTables(Statement):
    """SHOW TABLES FROM schema LIKE."""

    schema: QualifiedName | None = None
    like_pattern: str | None = None
    escape: str | None = None


class ShowColumns(Statement):
    """SHOW COLUMNS FROM table LIKE; DESCRIBE and DESC are the same."""

    table: QualifiedName
    like_pattern: str | None = None
    escape: str | None = None


class ShowFunctions(Statement):
    """SHOW FUNCTIONS FROM schema LIKE."""

    schema: QualifiedName | None = None
    like_pattern: str | None = None
    escape: str | None = None


class ShowSession(Statement):
    """SHOW SESSION LIKE."""

    like_pattern: str | None = None
    escape: str | None = None


class ShowCreateType(Enum):
    """What SHOW CREATE shows."""

    TABLE = "TABLE"
    VIEW = "VIEW"
    SCHEMA = "SCHEMA"
    MATERIALIZED_VIEW = "MATERIALIZED VIEW"
    FUNCTION = "FUNCTION"


class ShowCreate(Statement):
    """SHOW CREATE kind name."""

    type: ShowCreateType
    name: QualifiedName


class ShowStats(Statement):
    """SHOW STATS FOR table, or for a query in parentheses (a TableSubquery)."""

    relation: Relation


class ShowRoles(Statement):
    """SHOW ROLES or SHOW CURRENT ROLES."""

    catalog: Identifier | None
    current: bool


class ShowRoleGrants(Statement):
    """SHOW ROLE GRANTS."""

    catalog: Identifier | None


class ShowGrants(Statement):
    """SHOW GRANTS ON object."""

    grant_object: GrantObject | None
