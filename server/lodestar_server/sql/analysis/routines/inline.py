"""WITH FUNCTION: routines that belong to one query, each visible to those after it."""

from __future__ import annotations

from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.routines.body import analyze_routine
from lodestar_server.sql.analysis.routines.declaration import analyze_declaration, check_inline
from lodestar_server.sql.parser import ast


def add_inline_function(analysis: Analysis, node: ast.FunctionSpecification) -> None:
    """Analyze an inline function and make its name known. Raises: LodestarError."""
    check_inline(node)
    name = analyze_declaration(node).name
    known = analysis.routines.setdefault(name, [])
    known.append(analyze_routine(analysis, node))
