"""Trino 476's language: texts to trees (`ast`), and trees back to Trino's own text.

Every function raises LodestarError(SYNTAX_ERROR) with Trino's words and place for a text that is not in the language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lodestar_server.spi.errors import NOT_SUPPORTED, SYNTAX_ERROR, Location, LodestarError
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.cursor import Refusal, TooLarge
from lodestar_server.sql.parser.formatter import (
    format_expression,
    format_function_specification,
    format_row_pattern,
    format_statement,
)
from lodestar_server.sql.parser.grammar import find_syntax_error
from lodestar_server.sql.parser.lexer import Tokens
from lodestar_server.sql.parser.parser import Parser

__all__ = [
    "ast",
    "format_expression",
    "format_function_specification",
    "format_row_pattern",
    "format_statement",
    "parse_expression",
    "parse_function_specification",
    "parse_path_specification",
    "parse_row_pattern",
    "parse_statement",
    "parse_type",
]

N = TypeVar("N", bound=Node)


def parse_statement(text: str) -> ast.Statement:
    """The statement a client sent."""
    return _parse(text, Parser.only_statement, "statement", "single_statement")


def parse_expression(text: str) -> ast.Expression:
    """An expression by itself: a row filter, a column mask, a default."""
    return _parse(text, Parser.only_expression, "expression", "standalone_expression")


def parse_type(text: str) -> ast.DataType:
    """A type name by itself."""
    return _parse(text, Parser.only_type, "type", "standalone_type")


def parse_path_specification(text: str) -> ast.PathSpecification:
    """The path of X-Trino-Path and of `sql.path`."""
    return _parse(text, Parser.only_path_specification, "path specification", "standalone_path_specification")


def parse_function_specification(text: str) -> ast.FunctionSpecification:
    """A stored SQL routine."""
    entry = Parser.only_function_specification
    return _parse(text, entry, "function specification", "standalone_function_specification")


def parse_row_pattern(text: str) -> ast.RowPattern:
    """A row pattern by itself."""
    return _parse(text, Parser.only_row_pattern, "row pattern", "standalone_row_pattern")


def _parse(text: str, entry: Callable[[Parser], N], what: str, rule: str) -> N:
    tokens = Tokens(text)
    parser = Parser(tokens)
    try:
        tree = entry(parser)
        parser.check_tree(tree)
        return tree
    except (TooLarge, RecursionError):
        message = f"{what} is too large (stack overflow while parsing)"
        raise LodestarError(SYNTAX_ERROR, message, location=Location(1, 1)) from None
    except Refusal:
        error = find_syntax_error(tokens, rule, parser.pos)
        if error is None:
            # A lambda whose body could go on with the AND of a BETWEEN around it: the one thing read too greedily here.
            message = f"cannot read '{tokens.texts[parser.pos]}' here; put the lambda in front of it in parentheses"
            error = LodestarError(NOT_SUPPORTED, message, location=tokens.location(parser.pos))
        raise error from None
    except LodestarError as fault:
        # Trino finds faults in the tree, which it only has if the whole text is in the language.
        raise find_syntax_error(tokens, rule, parser.pos) or fault from None
