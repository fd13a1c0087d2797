"""Users and roles named in statements."""

from __future__ import annotations

from lodestar_server.spi.errors import ROLE_NOT_FOUND, Location, LodestarError
from lodestar_server.spi.security import Principal, PrincipalKind
from lodestar_server.sql.parser import ast


def principal_of(given: ast.PrincipalSpecification) -> Principal:
    """The user or role that was written; the names of roles have no case."""
    if given.type is ast.PrincipalType.ROLE:
        return Principal(PrincipalKind.ROLE, given.name.value.lower())
    return Principal(PrincipalKind.USER, given.name.value)


def owner_of(principal: ast.PrincipalSpecification, at: Location, catalog: str | None = None) -> str:
    """The user of a specification. Raises: ROLE_NOT_FOUND, as there are no roles that could own anything."""
    if principal.type is ast.PrincipalType.ROLE:
        raise role_not_found(principal.name.value, at, catalog)
    return principal.name.value


def role_not_found(role: str, at: Location, catalog: str | None = None) -> LodestarError:
    """The error of a role that does not exist."""
    where = "" if catalog is None else f" in catalog '{catalog}'"
    return LodestarError(ROLE_NOT_FOUND, f"Role '{role}' does not exist{where}", location=at)
