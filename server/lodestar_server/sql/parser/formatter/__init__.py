"""Trees to Trino's own text. Users see it: prepared statements in headers, SHOW CREATE VIEW, stored view texts, and
the positions in later errors about those. Parsing the text gives the tree again.
"""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter import definitions, queries, routines, statements, windows
from lodestar_server.sql.parser.formatter.expressions import format_expression
from lodestar_server.sql.parser.formatter.writer import Writer

__all__ = ["format_expression", "format_function_specification", "format_row_pattern", "format_statement"]

# Each of these fills the tables of formats with its own.
_FAMILIES = (definitions, queries, routines, statements, windows)


def format_statement(statement: ast.Statement) -> str:
    """A statement as Trino writes it: `SELECT (? + 1)` and two line ends for `select ?  +  1`."""
    return _written(statement)


def format_function_specification(specification: ast.FunctionSpecification) -> str:
    """A SQL routine as Trino stores it."""
    return _written(specification)


def format_row_pattern(pattern: ast.RowPattern) -> str:
    """A row pattern as Trino writes it."""
    return windows.pattern(pattern)


def _written(node: ast.Node) -> str:
    writer = Writer()
    writer.node(node, 0)
    return writer.text()
