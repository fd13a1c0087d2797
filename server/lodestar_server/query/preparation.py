"""From a text to the statement that runs: EXECUTE is replaced by the prepared statement and its parameters."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from lodestar_server.query.statement_types import DATA_DEFINITION, query_type
from lodestar_server.session import Session
from lodestar_server.spi.errors import INVALID_PARAMETER_USAGE, NOT_SUPPORTED, LodestarError
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.constants import check_constants
from lodestar_server.sql.parser import ast, parse_statement
from lodestar_server.sql.parser.ast.walk import walk


@frozen
class PreparedStatement:
    """A statement and the expressions for its `?`, in their order."""

    statement: ast.Statement
    parameters: tuple[ast.Expression, ...] = ()
    is_remembered: bool = False
    """Its text has this very tree the next time, too."""


def prepare(text: str, session: Session) -> PreparedStatement:
    """Parse a text and resolve EXECUTE. Raises: SYNTAX_ERROR, NOT_FOUND, INVALID_PARAMETER_USAGE …"""
    tree = parsed(text)
    prepared = resolve(tree, session)
    return replace(prepared, is_remembered=_is_short(text)) if prepared.statement is tree else prepared


def parsed(text: str) -> ast.Statement:
    """The tree of a text. Trees are frozen, and dashboards send the same texts: the last ones are kept."""
    return _remembered(text) if _is_short(text) else parse_statement(text)


def _is_short(text: str) -> bool:
    return len(text) <= _REMEMBERED_LENGTH


_REMEMBERED_LENGTH = 10_000
_remembered = lru_cache(256)(parse_statement)


def resolve(wrapped: ast.Statement, session: Session) -> PreparedStatement:
    """The statement that a parsed one stands for; also used for what EXPLAIN contains."""
    statement: ast.Statement = wrapped
    parameters: tuple[ast.Expression, ...] = ()
    is_remembered = False
    if isinstance(wrapped, ast.Execute | ast.ExecuteImmediate):
        text = session.prepared_text(wrapped.name.value) if isinstance(wrapped, ast.Execute) else _placed(wrapped)
        statement, is_remembered = parsed(text), _is_short(text)
        parameters = wrapped.parameters
    elif isinstance(wrapped, ast.ExplainAnalyze) and query_type(wrapped.statement) == DATA_DEFINITION:
        kind = type(wrapped.statement).__name__
        raise LodestarError(NOT_SUPPORTED, f"EXPLAIN ANALYZE doesn't support statement type: {kind}")
    expected = count_parameters(statement)
    if expected != len(parameters):
        message = f"Incorrect number of parameters: expected {expected} but found {len(parameters)}"
        raise LodestarError(INVALID_PARAMETER_USAGE, message, location=statement.at)
    check_constants(parameters)
    for parameter in parameters:
        _check_complete(parameter)
    return PreparedStatement(statement, parameters, is_remembered)


def _check_complete(parameter: ast.Expression) -> None:
    """A value for a `?` has none itself: nobody could give it one."""
    for node in walk(parameter):
        if isinstance(node, ast.Parameter):
            raise LodestarError(INVALID_PARAMETER_USAGE, "No value provided for parameter", location=node.at)


def _placed(immediate: ast.ExecuteImmediate) -> str:
    """Its literal's text behind as many lines and blanks as there are before it: errors point into the whole text."""
    literal = immediate.statement
    return "\n" * (literal.at.line - 1) + " " * literal.at.column + literal.value


def count_parameters(statement: ast.Statement) -> int:
    """How many `?` a statement has; none for PREPARE, whose parameters belong to what it prepares.

    Nor does Trino look for them in a materialized view's query, a call, a routine, a table's version or a row pattern
    and what it is matched over: there they are refused in their place.
    """
    if isinstance(statement, ast.Prepare | ast.CreateMaterializedView | ast.Call):
        return 0
    unseen = ast.FunctionSpecification | ast.PatternRecognitionRelation | ast.QueryPeriod
    return sum(isinstance(node, ast.Parameter) for node in walk(statement, without=unseen))
