"""Rules of a file about who may do what in one catalog: the first that matches decides. Decisions only.

Source: Trino AccessControlRules and the rules that it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind
from lodestar_server.spi.session import Identity
from lodestar_server.spi.values import frozen


class TablePrivilege(Enum):
    """What a rule about tables hands out."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    DELETE = "DELETE"
    UPDATE = "UPDATE"
    OWNERSHIP = "OWNERSHIP"
    GRANT_SELECT = "GRANT_SELECT"


class RoutinePrivilege(Enum):
    """What a rule about functions hands out; procedures have no OWNERSHIP."""

    EXECUTE = "EXECUTE"
    GRANT_EXECUTE = "GRANT_EXECUTE"
    OWNERSHIP = "OWNERSHIP"


EXECUTES = frozenset({RoutinePrivilege.EXECUTE, RoutinePrivilege.GRANT_EXECUTE})
Pattern = re.Pattern[str] | None
"""None: everything matches."""


def _fits(pattern: Pattern, text: str) -> bool:
    return pattern is None or pattern.fullmatch(text) is not None


def _fits_one(pattern: Pattern, texts: Iterable[str]) -> bool:
    return pattern is None or any(pattern.fullmatch(text) is not None for text in texts)


@frozen
class Who:
    """Users by their names and by one of their groups."""

    user: Pattern = None
    group: Pattern = None

    def matches(self, identity: Identity) -> bool:
        """Both fit."""
        return _fits(self.user, identity.user) and _fits_one(self.group, identity.groups)


ANYBODY = Who()


@frozen
class SchemaRule:
    """Whether somebody owns a schema."""

    who: Who
    schema: Pattern
    owner: bool

    def matches(self, identity: Identity, schema: str) -> bool:
        """The rule is about this schema and user."""
        return self.who.matches(identity) and _fits(self.schema, schema)

    @property
    def opens(self) -> bool:
        """Whom it is about may see the schema."""
        return self.owner


@frozen
class Expression:
    """The SQL of a row filter or a column mask. `user`: with whose rights, None: the reader's."""

    text: str
    user: str | None = None


@frozen
class TableRule:
    """What somebody may do with a table or view, which of its columns he may not read, and what he sees of others."""

    who: Who
    schema: Pattern
    table: Pattern
    privileges: frozenset[TablePrivilege]
    restricted: frozenset[str] = frozenset()
    filter: Expression | None = None
    masks: Mapping[str, Expression] = field(default_factory=dict)

    def matches(self, identity: Identity, table: SchemaTableName) -> bool:
        """The rule is about this table and user."""
        return self.who.matches(identity) and _fits(self.schema, table.schema) and _fits(self.table, table.table)

    def selects(self, columns: Iterable[str]) -> bool:
        """These columns may be read."""
        readable = not self.privileges.isdisjoint((TablePrivilege.SELECT, TablePrivilege.GRANT_SELECT))
        return readable and self.restricted.isdisjoint(columns)

    @property
    def opens(self) -> bool:
        """Whom it is about may see the schema."""
        return bool(self.privileges)


@frozen
class RoutineRule:
    """What somebody may do with a function or a procedure."""

    who: Who
    schema: Pattern
    routine: Pattern
    privileges: frozenset[RoutinePrivilege]

    def matches(self, identity: Identity, routine: SchemaTableName) -> bool:
        """The rule is about this routine and user."""
        return self.who.matches(identity) and _fits(self.schema, routine.schema) and _fits(self.routine, routine.table)

    @property
    def opens(self) -> bool:
        """Whom it is about may see the schema."""
        return bool(self.privileges)


@frozen
class PropertyRule:
    """Whether somebody may set a session property of the catalog."""

    who: Who
    property: Pattern
    allow: bool

    def matches(self, identity: Identity, name: str) -> bool:
        """The rule is about this property and user."""
        return self.who.matches(identity) and _fits(self.property, name)


@frozen
class AuthorizationRule:
    """Whether somebody may make `new_user` an owner. There are no roles that could be one."""

    who: Who
    new_user: Pattern
    allow: bool

    def matches(self, identity: Identity, principal: Principal) -> bool:
        """The rule is about this user and new owner."""
        return (
            principal.kind is PrincipalKind.USER and self.who.matches(identity) and _fits(self.new_user, principal.name)
        )


@frozen
class Rules:
    """All rules of a file, each kind in its order."""

    schemas: tuple[SchemaRule, ...] = (SchemaRule(ANYBODY, None, owner=True),)
    tables: tuple[TableRule, ...] = (TableRule(ANYBODY, None, None, frozenset(TablePrivilege)),)
    session_properties: tuple[PropertyRule, ...] = (PropertyRule(ANYBODY, None, allow=True),)
    functions: tuple[RoutineRule, ...] = ()
    procedures: tuple[RoutineRule, ...] = ()
    authorization: tuple[AuthorizationRule, ...] = ()

    def owns_schema(self, identity: Identity, schema: str) -> bool:
        """The first rule about the schema says that it is his."""
        return next((one.owner for one in self.schemas if one.matches(identity, schema)), False)

    def sees_schema(self, identity: Identity, schema: str) -> bool:
        """Any rule lets him do something in the schema, whatever others say."""
        openings: tuple[SchemaRule | TableRule | RoutineRule, ...]
        openings = (*self.schemas, *self.tables, *self.functions, *self.procedures)
        return any(one.opens and one.who.matches(identity) and _fits(one.schema, schema) for one in openings)

    def table_rule(self, identity: Identity, table: SchemaTableName) -> TableRule | None:
        """The rule that decides about a table."""
        return next((one for one in self.tables if one.matches(identity, table)), None)

    def sets_property(self, identity: Identity, name: str) -> bool:
        """He may set the session property."""
        return next((one.allow for one in self.session_properties if one.matches(identity, name)), False)

    def function_privileges(self, identity: Identity, function: SchemaTableName) -> frozenset[RoutinePrivilege]:
        """What he may do with a function: nothing without a rule."""
        return next((one.privileges for one in self.functions if one.matches(identity, function)), frozenset())

    def procedure_privileges(self, identity: Identity, procedure: SchemaTableName) -> frozenset[RoutinePrivilege]:
        """What he may do with a procedure: nothing without a rule."""
        return next((one.privileges for one in self.procedures if one.matches(identity, procedure)), frozenset())

    def authorizes(self, identity: Identity, principal: Principal) -> bool:
        """He may hand what he owns to the principal."""
        return next((one.allow for one in self.authorization if one.matches(identity, principal)), False)
