"""SHOW."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.statements.session import SessionParser

_CREATED = {"TABLE": ast.ShowCreateType.TABLE, "SCHEMA": ast.ShowCreateType.SCHEMA, "VIEW": ast.ShowCreateType.VIEW}
_CREATED["FUNCTION"] = ast.ShowCreateType.FUNCTION


class ShowParser(SessionParser):
    """SHOW."""

    __slots__ = ()

    def show(self) -> ast.Statement:
        """Any SHOW."""
        start = self.pos
        at = self.at(start)
        kind = self.kinds[start + 1]
        if kind == "GRANTS":
            return self.show_grants()
        self.pos += 2
        if kind == "TABLES":
            return ast.ShowTables(self._schema(), *self._like(), at=at)
        if kind == "SCHEMAS":
            return ast.ShowSchemas(self._catalog(), *self._like(), at=at)
        if kind == "CATALOGS":
            return ast.ShowCatalogs(*self._like(), at=at)
        if kind == "COLUMNS":
            self.expect_one_of("FROM", "IN")
            return ast.ShowColumns(self.qualified_name(), *self._like(), at=at)
        if kind == "FUNCTIONS":
            return ast.ShowFunctions(self._schema(), *self._like(), at=at)
        if kind == "SESSION":
            return ast.ShowSession(*self._like(), at=at)
        if kind == "CREATE":
            return self._show_create(start)
        if kind == "STATS":
            return self._show_stats(start)
        if kind == "ROLES":
            return ast.ShowRoles(self._catalog(), False, at=at)
        if kind == "CURRENT":
            self.expect("ROLES")
            return ast.ShowRoles(self._catalog(), True, at=at)
        if kind == "ROLE":
            self.expect("GRANTS")
            return ast.ShowRoleGrants(self._catalog(), at=at)
        self.refuse()

    def _schema(self) -> ast.QualifiedName | None:
        return self.qualified_name() if self.accept("FROM") or self.accept("IN") else None

    def _catalog(self) -> ast.Identifier | None:
        return self.identifier() if self.accept("FROM") or self.accept("IN") else None

    def _like(self) -> tuple[str | None, str | None]:
        if not self.accept("LIKE"):
            return None, None
        pattern = self.string_value()
        return pattern, self.string_value() if self.accept("ESCAPE") else None

    def _show_create(self, start: int) -> ast.ShowCreate:
        if self.accept("MATERIALIZED"):
            self.expect("VIEW")
            kind = ast.ShowCreateType.MATERIALIZED_VIEW
        else:
            kind = _CREATED[self.expect_one_of(*_CREATED)]
        return ast.ShowCreate(kind, self.qualified_name(), at=self.at(start))

    def _show_stats(self, start: int) -> ast.ShowStats:
        self.expect("FOR")
        place = self.pos
        if self.accept("("):
            query = self.root_query()
            self.expect(")")
            return ast.ShowStats(ast.TableSubquery(query, at=self.at(place)), at=self.at(start))
        name = self.qualified_name()
        return ast.ShowStats(ast.Table(name, at=name.at), at=self.at(start))
