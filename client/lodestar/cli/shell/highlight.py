"""Colours of the input."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from lodestar.cli.sql.tokens import Kind, tokens

_STYLES = {
    Kind.KEYWORD: "bold",
    Kind.STRING: "ansigreen",
    Kind.NUMBER: "ansicyan",
    Kind.COMMENT: "ansibrightblack italic",
    Kind.UNRECOGNIZED: "ansired",
}


class SqlLexer(Lexer):
    """Keywords, strings, numbers and comments; from what is no token on, everything is red."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines = styled_lines(document.text)
        return lambda number: lines[number] if number < len(lines) else []


def styled_lines(text: str) -> list[StyleAndTextTuples]:
    """Each line's pieces with their styles."""
    lines: list[StyleAndTextTuples] = [[]]
    wrong = False
    for token in tokens(text, vertical=True):
        wrong = wrong or token.kind is Kind.UNRECOGNIZED
        style = _STYLES[Kind.UNRECOGNIZED] if wrong else _STYLES.get(token.kind, "")
        first, *others = token.text.split("\n")
        lines[-1].append((style, first))
        lines += [[(style, other)] for other in others]
    return lines
