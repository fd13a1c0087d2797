"""EXPLAIN of a statement: `connection.scalar(explain(select(…)))`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exc
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

TYPES = ("LOGICAL", "DISTRIBUTED", "VALIDATE", "IO")
FORMATS = ("TEXT", "GRAPHVIZ", "JSON")


class Explain(Executable, ClauseElement):
    """What `explain` makes."""

    __visit_name__ = "explain"
    inherit_cache = False

    def __init__(self, statement: Any, words: str) -> None:
        self.statement: Any = coercions.expect(roles.StatementRole, statement)
        self.words = words


def explain(
    statement: Any, *, analyze: bool = False, verbose: bool = False, type: str | None = None, format: str | None = None
) -> Explain:
    """The plan of a statement, as one row with one text. ANALYZE runs the statement.

    `type` is LOGICAL, DISTRIBUTED, VALIDATE or IO; `format` TEXT, GRAPHVIZ or JSON. Raises: ArgumentError.
    """
    for name, value, allowed in (("type", type, TYPES), ("format", format, FORMATS)):
        if value is not None and value.upper() not in allowed:
            raise exc.ArgumentError(f"{name} is one of {', '.join(allowed)}, not {value!r}")
    if verbose and not analyze:
        raise exc.ArgumentError("VERBOSE belongs to EXPLAIN ANALYZE")
    if analyze and (type or format):
        raise exc.ArgumentError("EXPLAIN ANALYZE has neither type nor format")
    options = [f"{word} {value.upper()}" for word, value in (("TYPE", type), ("FORMAT", format)) if value]
    words = ["EXPLAIN", *(["ANALYZE"] if analyze else []), *(["VERBOSE"] if verbose else [])]
    return Explain(statement, " ".join(words + ([f"({', '.join(options)})"] if options else [])))
