"""Scopes: which names a piece of a query sees, and what they mean. Source: Trino Scope, RelationType, Field.

A scope is the fields of one relation, the WITH queries declared at it, and a parent. Across a `query_boundary` a name
belongs to the outer query: it is a correlation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lodestar_server.ir import Symbol
from lodestar_server.spi.errors import AMBIGUOUS_NAME, COLUMN_NOT_FOUND, Location, LodestarError
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import RowType, Type

Name = tuple[str, ...]
"""Lower-case parts of a dotted name."""
Origin = tuple[QualifiedName, str]
"""A table's column."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A column that a relation offers. `relation` is the alias or table name it can be qualified with, by any suffix.

    `name` keeps the spelling of its definition; it matches without case. `origin` is the table column it comes from.
    """

    symbol: Symbol
    name: str | None
    relation: Name | None = None
    hidden: bool = False
    origin: Origin | None = None
    aliased: bool = False

    @property
    def type(self) -> Type:
        """The column's type."""
        return self.symbol.type

    def matches(self, name: Name) -> bool:
        """The (qualified) name means this field."""
        if self.name is None or self.name.lower() != name[-1]:
            return False
        return len(name) == 1 or self.matches_relation(name[:-1])

    def matches_relation(self, prefix: Name) -> bool:
        """The prefix is a suffix of the relation's name."""
        return self.relation is not None and self.relation[-len(prefix) :] == prefix

    def renamed(self, relation: Name | None, name: str | None) -> Field:
        """The same column under another name."""
        return replace(self, relation=relation, name=name)


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """What a name was found to be; `local` is false for a column of an outer query."""

    field: Field
    local: bool
    scope: Scope


@dataclass(slots=True, eq=False)
class Scope:
    """See the module. `lambda_` marks the parameters of a lambda, `output` the SELECT list that ORDER BY may name;
    `closed` a subquery that may not be correlated."""

    fields: Sequence[Field] = ()
    parent: Scope | None = None
    query_boundary: bool = False
    named_queries: dict[str, object] = field(default_factory=dict)
    lambda_: bool = False
    closed: bool = False
    output: bool = False
    _by_name: dict[str, list[Field]] | None = None

    def visible_fields(self) -> list[Field]:
        """What `*` gives."""
        return [one for one in self.fields if not one.hidden]

    def find_fields(self, name: Name) -> list[Field]:
        """Fields of this scope alone that the name means."""
        if self._by_name is None:
            index: dict[str, list[Field]] = {}
            for one in self.fields:
                if one.name is not None:
                    index.setdefault(one.name.lower(), []).append(one)
            self._by_name = index
        candidates = self._by_name.get(name[-1])
        if not candidates:
            return []
        return candidates if len(name) == 1 else [one for one in candidates if one.matches_relation(name[:-1])]

    def local_scopes(self) -> Iterator[Scope]:
        """This scope and its parents up to the query's boundary."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = None if scope.query_boundary else scope.parent

    def is_inside_closed(self) -> bool:
        """Some query around may not be correlated."""
        scope: Scope | None = self
        while scope is not None:
            if scope.closed:
                return True
            scope = scope.parent
        return False

    def outer_query(self) -> Scope | None:
        """The scope of the query around this one."""
        for scope in self.local_scopes():
            if scope.query_boundary:
                return scope.parent
        return None

    def find(self, name: Name, shown: str, at: Location) -> Resolved | None:
        """The innermost meaning of a name, None when it has none.

        Raises: LodestarError(AMBIGUOUS_NAME) when a scope offers several.
        """
        scope: Scope | None = self
        local = True
        while scope is not None:
            found = scope.find_fields(name)
            if len(found) > 1:
                raise LodestarError(AMBIGUOUS_NAME, f"Column '{shown}' is ambiguous", location=at)
            if found:
                return Resolved(found[0], local, scope)
            if scope._is_column_prefix(name):
                return None
            local = local and not scope.query_boundary
            scope = scope.parent
        return None

    def is_column_reference(self, name: Name) -> bool:
        """Some prefix of the name is a column in some scope, so the rest are fields of a row."""
        scope: Scope | None = self
        while scope is not None:
            if scope._is_column_prefix(name):
                return True
            scope = scope.parent
        return False

    def _is_column_prefix(self, name: Name) -> bool:
        return any(self.find_fields(name[:length]) for length in range(len(name) - 1, 0, -1))

    def find_named_query(self, name: str) -> object | None:
        """The WITH query of this name that is in force here."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.named_queries.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def find_star_basis(self, chain: Name, at: Location) -> Scope | None:
        """The scope whose fields `chain.*` gives as a table, None when the chain is a row-typed column.

        Raises: LodestarError(AMBIGUOUS_NAME) when it could be either; KeyError when it is neither.
        """
        scope: Scope | None = self
        while scope is not None:
            tables = [s for s in scope.local_scopes() if len(chain) <= 3 and _has_relation(s, chain)]
            rows = [s for s in scope.local_scopes() if len(chain) >= 2 and _has_row(s, chain)]
            if tables and rows:
                raise LodestarError(AMBIGUOUS_NAME, f"Reference '{'.'.join(chain)}' is ambiguous", location=at)
            if tables:
                return tables[0]
            if rows:
                return None
            scope = scope.outer_query()
        raise KeyError(chain)


def _has_relation(scope: Scope, chain: Name) -> bool:
    return any(one.matches_relation(chain) for one in scope.fields)


def _has_row(scope: Scope, chain: Name) -> bool:
    return any(
        one.matches_relation(chain[:1]) and one.name == chain[1] and isinstance(one.type, RowType)
        for one in scope.fields
    )


def column_not_found(shown: str, at: Location) -> LodestarError:
    """The error of a name without meaning."""
    return LodestarError(COLUMN_NOT_FOUND, f"Column '{shown}' cannot be resolved", location=at)
