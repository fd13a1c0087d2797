"""SQLAlchemy's expressions → the text of Trino's SQL."""

from __future__ import annotations

from sqlalchemy_lodestar.compiler.ddl import NOTHING, LodestarDDLCompiler
from sqlalchemy_lodestar.compiler.identifiers import LodestarIdentifierPreparer, split_schema
from sqlalchemy_lodestar.compiler.statements import LodestarSQLCompiler
from sqlalchemy_lodestar.compiler.types import LodestarTypeCompiler

__all__ = [
    "NOTHING",
    "LodestarDDLCompiler",
    "LodestarIdentifierPreparer",
    "LodestarSQLCompiler",
    "LodestarTypeCompiler",
    "split_schema",
]
