"""What statements of several families say: IF EXISTS, COMMENT, principals, arguments."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.queries import QueryParser


class StatementBase(QueryParser):
    """The common parts of statements."""

    __slots__ = ()

    def if_exists(self) -> bool:
        """IF EXISTS, if present; IF may be a name."""
        return self.accept_all("IF", "EXISTS")

    def if_not_exists(self) -> bool:
        """IF NOT EXISTS, if present."""
        return self.accept_all("IF", "NOT", "EXISTS")

    def comment(self) -> str | None:
        """COMMENT 'text', if present."""
        return self.string_value() if self.accept("COMMENT") else None

    def principal(self) -> ast.PrincipalSpecification:
        """`USER name`, `ROLE name` or `name`."""
        start = self.pos
        kind = self.kinds[start]
        at = self.at(start)
        # USER and ROLE may be names: `TO user GRANTED BY admin`.
        if (
            kind in ("USER", "ROLE")
            and self.at_name(1)
            and not (self.kinds[start + 1] == "GRANTED" and self.kinds[start + 2] == "BY")
        ):
            self.pos += 1
            return ast.PrincipalSpecification(ast.PrincipalType[kind], self.identifier(), at=at)
        return ast.PrincipalSpecification(ast.PrincipalType.UNSPECIFIED, self.identifier(), at=at)

    def grantor(self) -> ast.GrantorSpecification:
        """A principal, CURRENT_USER or CURRENT_ROLE."""
        start = self.pos
        if self.accept("CURRENT_USER"):
            return ast.GrantorSpecification(ast.GrantorType.CURRENT_USER, at=self.at(start))
        if self.accept("CURRENT_ROLE"):
            return ast.GrantorSpecification(ast.GrantorType.CURRENT_ROLE, at=self.at(start))
        return ast.GrantorSpecification(ast.GrantorType.PRINCIPAL, self.principal(), at=self.at(start))

    def call_arguments(self) -> tuple[ast.CallArgument, ...]:
        """Arguments in parentheses, positional or by name."""
        if self.accept_all("(", ")"):
            return ()
        return self.parenthesized(self._call_argument)

    def _call_argument(self) -> ast.CallArgument:
        start = self.pos
        name = None
        if self.at_name() and self.kinds[start + 1] == "=>":
            name = self.identifier()
            self.pos += 1
        return ast.CallArgument(name, self.expression(), at=self.at(start))

    def where(self) -> ast.Expression | None:
        """WHERE condition, if present."""
        return self.expression() if self.accept("WHERE") else None

    def catalog_suffix(self) -> ast.Identifier | None:
        """IN catalog, if present."""
        return self.identifier() if self.accept("IN") else None
