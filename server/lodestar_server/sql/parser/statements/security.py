"""Roles and privileges: CREATE ROLE, GRANT, REVOKE, DENY, SET ROLE."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import END, NAME_KINDS
from lodestar_server.sql.parser.statements.dml import ChangeParser

_PRIVILEGE_WORDS = frozenset({"CREATE", "SELECT", "DELETE", "INSERT", "UPDATE"})


class SecurityParser(ChangeParser):
    """Statements about who may do what."""

    __slots__ = ()

    def create_role(self) -> ast.CreateRole:
        """CREATE ROLE."""
        start = self.pos
        self.expect("CREATE", "ROLE")
        name = self.identifier()
        grantor = self.grantor() if self.accept_all("WITH", "ADMIN") else None
        return ast.CreateRole(name, grantor, self.catalog_suffix(), at=self.at(start))

    def drop_role(self) -> ast.DropRole:
        """DROP ROLE."""
        start = self.pos
        self.expect("DROP", "ROLE")
        exists = self.if_exists()
        name = self.identifier()
        return ast.DropRole(name, self.catalog_suffix(), exists, at=self.at(start))

    def set_role(self) -> ast.SetRole:
        """SET ROLE."""
        start = self.pos
        self.expect("SET", "ROLE")
        role = None
        kind = ast.SetRoleType.ROLE
        if self.kinds[self.pos] in ("ALL", "NONE"):
            kind = ast.SetRoleType[self.kinds[self.pos]]
            self.pos += 1
        else:
            role = self.identifier()
        return ast.SetRole(kind, role, self.catalog_suffix(), at=self.at(start))

    def grant(self) -> ast.Statement:
        """GRANT privileges or roles."""
        start = self.pos
        at = self.at(start)
        self.pos += 1
        privileges = self._privileges()
        if self.accept("ON"):
            grant_object = self._grant_object(start)
            self.expect("TO")
            grantee = self.principal()
            option = self.accept_all("WITH", "GRANT", "OPTION")
            return ast.Grant(self._words(privileges), grant_object, grantee, option, at=at)
        if privileges is None:
            self.refuse()
        self.expect("TO")
        grantees = self.comma_separated(self.principal)
        option = self.accept_all("WITH", "ADMIN", "OPTION")
        grantor = self.grantor() if self.accept_all("GRANTED", "BY") else None
        catalog = self.catalog_suffix()
        return ast.GrantRoles(self._roles(privileges), _distinct(grantees), option, grantor, catalog, at=at)

    def revoke(self) -> ast.Statement:
        """REVOKE privileges or roles."""
        start = self.pos
        at = self.at(start)
        self.pos += 1
        admin_option = self.accept_all("ADMIN", "OPTION", "FOR")
        grant_option = not admin_option and self.accept_all("GRANT", "OPTION", "FOR")
        privileges = self._privileges()
        if not admin_option and self.accept("ON"):
            grant_object = self._grant_object(start)
            self.expect("FROM")
            return ast.Revoke(grant_option, self._words(privileges), grant_object, self.principal(), at=at)
        if privileges is None or grant_option:
            self.refuse()
        self.expect("FROM")
        grantees = self.comma_separated(self.principal)
        grantor = self.grantor() if self.accept_all("GRANTED", "BY") else None
        catalog = self.catalog_suffix()
        return ast.RevokeRoles(self._roles(privileges), _distinct(grantees), admin_option, grantor, catalog, at=at)

    def deny(self) -> ast.Deny:
        """DENY privileges."""
        start = self.pos
        self.pos += 1
        privileges = self._privileges()
        self.expect("ON")
        grant_object = self._grant_object(start)
        self.expect("TO")
        return ast.Deny(self._words(privileges), grant_object, self.principal(), at=self.at(start))

    def _privileges(self) -> tuple[int, ...] | None:
        """The indexes of the tokens that name privileges or roles; None is ALL PRIVILEGES."""
        if self.accept_all("ALL", "PRIVILEGES"):
            return None
        return self.comma_separated(self._privilege)

    def _privilege(self) -> int:
        start = self.pos
        if self.kinds[start] in _PRIVILEGE_WORDS:
            self.pos += 1
        else:
            self.identifier()
        return start

    def _words(self, tokens: tuple[int, ...] | None) -> tuple[str, ...] | None:
        return None if tokens is None else tuple([self.texts[index] for index in tokens])

    def _roles(self, tokens: tuple[int, ...]) -> tuple[ast.Identifier, ...]:
        roles = []
        for index in tokens:
            if self.kinds[index] in _PRIVILEGE_WORDS:
                raise self.fault("May not use a privilege name as a role name", self.at(index))
            place, self.pos = self.pos, index
            roles.append(self.identifier())
            self.pos = place
        return tuple(dict.fromkeys(roles))

    def _grant_object(self, statement_start: int) -> ast.GrantObject:
        # `ON t TO alice` has no kind, `ON kind t TO alice` has: TO may be a name.
        at = self.at(statement_start)
        kind = None
        if self.kinds[self.pos] == "TABLE" or (self.at_name() and self.at_name(1) and self._kind_follows()):
            kind = self.texts[self.pos]
            self.pos += 1
        return ast.GrantObject(kind, self.qualified_name(), at=at)

    def _kind_follows(self) -> bool:
        index = self.pos + 1
        while self.kinds[index + 1] == "." and self.kinds[index + 2] in NAME_KINDS:
            index += 2
        return self.kinds[index + 1] in ("TO", "FROM", END)

    def show_grants(self) -> ast.ShowGrants:
        """SHOW GRANTS."""
        start = self.pos
        self.expect("SHOW", "GRANTS")
        return ast.ShowGrants(self._grant_object(start) if self.accept("ON") else None, at=self.at(start))


def _distinct(grantees: tuple[ast.PrincipalSpecification, ...]) -> tuple[ast.PrincipalSpecification, ...]:
    return tuple(dict.fromkeys(grantees))
