"""Identifiers and dotted names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from lodestar_server.spi.errors import Location
from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser.ast.base import Expression


class Identifier(Expression):
    """A name as written, without its quotes; `delimited` says whether it had any. Case is kept."""

    value: str
    delimited: bool = False

    @property
    def canonical(self) -> str:
        """The SQL standard's form: upper case unless delimited."""
        return self.value if self.delimited else self.value.upper()


@frozen
class QualifiedName:
    """One or more identifiers with dots between. `parts` are lower-cased and alone decide equality."""

    parts: tuple[str, ...]
    original_parts: tuple[Identifier, ...] = field(compare=False, repr=False)

    @staticmethod
    def of(identifiers: Iterable[Identifier]) -> QualifiedName:
        """The name made of these identifiers, of which there is at least one."""
        originals = tuple(identifiers)
        return QualifiedName(tuple([part.value.lower() for part in originals]), originals)

    @property
    def at(self) -> Location:
        """The place of the first part."""
        return self.original_parts[0].at

    @property
    def suffix(self) -> str:
        """The last part, lower-cased."""
        return self.parts[-1]

    @property
    def prefix(self) -> QualifiedName | None:
        """Everything before the last part."""
        if len(self.parts) == 1:
            return None
        return QualifiedName(self.parts[:-1], self.original_parts[:-1])

    def __str__(self) -> str:
        return ".".join(self.parts)
