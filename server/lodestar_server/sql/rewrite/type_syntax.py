"""Types as syntax, for statements that are made here and formatted: SHOW CREATE."""

from __future__ import annotations

import re

from lodestar_server.spi.errors import Location
from lodestar_server.spi.types import RowType, Type
from lodestar_server.sql.parser import ast, parse_type
from lodestar_server.sql.parser.keywords import RESERVED

_PLAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")


def identifier(name: str, at: Location) -> ast.Identifier:
    """A name, quoted where its text needs it."""
    plain = _PLAIN.fullmatch(name) is not None and name.upper() not in RESERVED
    return ast.Identifier(name, not plain, at=at)


def type_syntax(type_: Type, at: Location) -> ast.DataType:
    """The type as a user would write it."""
    if isinstance(type_, RowType):
        fields = (
            ast.RowField(None if field.name is None else identifier(field.name, at), type_syntax(field.type, at), at=at)
            for field in type_.fields
        )
        return ast.RowDataType(tuple(fields), at=at)
    if type_.children:
        arguments = tuple(ast.TypeParameter(type_syntax(child, at), at=at) for child in type_.children)
        return ast.GenericDataType(ast.Identifier(type_.base, at=at), arguments, at=at)
    return parse_type(type_.display)
