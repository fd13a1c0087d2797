"""A text cut into tokens, spaces and comments included: joined they are the text again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lodestar.cli.sql.words import KEYWORDS


class Kind(Enum):
    """What a token is to a shell."""

    SPACE = "space"
    COMMENT = "comment"
    KEYWORD = "keyword"
    NAME = "name"
    QUOTED_NAME = "quoted name"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"
    DELIMITER = "delimiter"
    UNRECOGNIZED = "unrecognized"


@dataclass(frozen=True, slots=True)
class Token:
    """`upper` is the text in upper case for words, else the text."""

    kind: Kind
    text: str
    upper: str


# A quote, a `/*` or a `$$` that is never closed is a token of one character: the text behind it is read on.
_PATTERN = re.compile(
    r"""
      (?P<space>[ \r\n\t]+)
    | (?P<comment>--[^\r\n]*\r?\n?|/\*.*?\*/)
    | (?P<string>(?:[xX]|[uU]&)?'[^']*(?:''[^']*)*'|\$\$.*?\$\$)
    | (?P<quoted_name>"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`)
    | (?P<number>(?:[0-9][0-9_]*)?\.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?|[0-9][0-9_]*\.?(?:[eE][+-]?[0-9]+)?(?![A-Za-z_0-9])
        |0[xXoObB][0-9A-Fa-f_]+)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z_]*)
    | (?P<vertical>\\G)
    | (?P<symbol><>|<=|>=|!=|\|\||->|=>|\{-|-\}|[=<>+\-*/%?;.(),\[\]:|^${}])
    | (?P<unrecognized>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_KINDS = {
    "space": Kind.SPACE,
    "comment": Kind.COMMENT,
    "string": Kind.STRING,
    "quoted_name": Kind.QUOTED_NAME,
    "number": Kind.NUMBER,
    "symbol": Kind.SYMBOL,
    "unrecognized": Kind.UNRECOGNIZED,
}


def tokens(text: str, *, vertical: bool = False) -> Iterator[Token]:
    r"""The tokens of a text. `vertical`: `\G` is a delimiter as `;` is."""
    for found in _PATTERN.finditer(text):
        group = found.lastgroup or ""
        piece = found.group()
        if group == "word":
            upper = piece.upper()
            yield Token(Kind.KEYWORD if upper in KEYWORDS else Kind.NAME, piece, upper)
        elif group == "vertical":
            if vertical:
                yield Token(Kind.DELIMITER, piece, piece)
            else:
                yield Token(Kind.UNRECOGNIZED, piece[0], piece[0])
                yield Token(Kind.NAME, piece[1], piece[1])
        elif piece == ";":
            yield Token(Kind.DELIMITER, piece, piece)
        else:
            yield Token(_KINDS[group], piece, piece)
