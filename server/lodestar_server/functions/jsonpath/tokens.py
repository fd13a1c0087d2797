"""The words of the JSON path language. They are case-sensitive.

A token's kind is the word itself for symbols and keywords, else one of the names in capitals.
"""

from __future__ import annotations

import re

from lodestar_server.spi.values import frozen

END = "<EOF>"
DECIMAL = "DECIMAL_VALUE"
DOUBLE = "DOUBLE_VALUE"
INTEGER = "INTEGER_VALUE"
STRING = "STRING"
IDENTIFIER = "IDENTIFIER"
NAMED_VARIABLE = "NAMED_VARIABLE"
UNRECOGNIZED = "UNRECOGNIZED"

_SYMBOLS = "+ * / % . .. [ , ] ? ( ) $ @ ! && || == <> != < > <= >="
_WORDS = (
    "abs ceiling datetime double exists false flag floor is keyvalue last lax like_regex - null size starts strict to "
    "true type unknown with"
)
KEYWORDS = frozenset(_WORDS.split()) - {"-"}
_NAMES = (DECIMAL, DOUBLE, INTEGER, STRING, IDENTIFIER, NAMED_VARIABLE, UNRECOGNIZED)
# The order in which messages list what was expected.
ORDER = {kind: index for index, kind in enumerate([END, *_SYMBOLS.split(), *_WORDS.split(), *_NAMES])}

_TOKEN = re.compile(
    r"""(?P<blank>[ \n\r\t]+)
    |(?P<DOUBLE_VALUE>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+)
    |(?P<DECIMAL_VALUE>[0-9]+\.[0-9]*|\.[0-9]+)
    |(?P<INTEGER_VALUE>[0-9]+)
    |(?P<STRING>"(?:[^"]|"")*")
    |(?P<IDENTIFIER>[A-Za-z_][A-Za-z_0-9]*)
    |(?P<NAMED_VARIABLE>\$[A-Za-z_][A-Za-z_0-9]*)
    |(?P<symbol>\.\.|&&|\|\||==|<>|!=|<=|>=|[-+*/%.\[\],?()$@!<>])
    |(?P<UNRECOGNIZED>.)""",
    re.VERBOSE | re.DOTALL,
)


@frozen
class Token:
    """A word of a path: its kind, its text and where it begins."""

    kind: str
    text: str
    offset: int


def shown(kind: str) -> str:
    """How messages write a kind."""
    return kind if kind == END or kind in _NAMES else f"'{kind}'"


def read_tokens(text: str) -> list[Token]:
    """The tokens of a path; the last one is END."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        assert kind is not None
        word = match[0]
        if kind == "blank":
            continue
        if kind == "symbol" or (kind == IDENTIFIER and word in KEYWORDS):
            kind = word
        tokens.append(Token(kind, word, match.start()))
    tokens.append(Token(END, END, len(text)))
    return tokens
