"""SHOW and DESCRIBE."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.sql.parser.ast.base import Relation, Statement
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.statements_security import GrantObject


@dataclass(frozen=True, slots=True)
class ShowCatalogs(Statement):
    """SHOW CATALOGS LIKE."""

    like_pattern: str | None = None
    escape: str | None = None


@dataclass(frozen=True, slots=True)
class ShowSchemas(Statement):
    """SHOW SCHEMAS FROM catalog LIKE."""

    catalog: Identifier | None = None
    like_pattern: str | None = None
    escape: str | None = None


@dataclass(frozen=True, slots=True)
class ShowTables(Statement):
    """SHOW TABLES FROM schema LIKE."""

    schema: QualifiedName | None = None
    like_pattern: str | None = None
    escape: str | None = None


@dataclass(frozen=True, slots=True)
class ShowColumns(Statement):
    """SHOW COLUMNS FROM table LIKE; DESCRIBE and DESC are the same."""

    table: QualifiedName
    like_pattern: str | None = None
    escape: str | None = None


@dataclass(frozen=True, slots=True)
class ShowFunctions(Statement):
    """SHOW FUNCTIONS FROM schema LIKE."""

    schema: QualifiedName | None = None
    like_pattern: str | None = None
    escape: str | None = None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ShowCreate(Statement):
    """SHOW CREATE kind name."""

    type: ShowCreateType
    name: QualifiedName


@dataclass(frozen=True, slots=True)
class ShowStats(Statement):
    """SHOW STATS FOR table, or for a query in parentheses (a TableSubquery)."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class ShowRoles(Statement):
    """SHOW ROLES or SHOW CURRENT ROLES."""

    catalog: Identifier | None
    current: bool


@dataclass(frozen=True, slots=True)
class ShowRoleGrants(Statement):
    """SHOW ROLE GRANTS."""

    catalog: Identifier | None


@dataclass(frozen=True, slots=True)
class ShowGrants(Statement):
    """SHOW GRANTS ON object."""

    grant_object: GrantObject | None
