"""Text to tokens, with one compiled regular expression. Nothing is refused here: what is no token is UNRECOGNIZED.

Tokens are three parallel lists (kinds, texts, starts), which is what Python reads fastest. The kind of a keyword is the
word in upper case, the kind of a symbol is the symbol, the other kinds are the lower-case names below.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from lodestar_server.spi.errors import Location
from lodestar_server.sql.parser.keywords import KEYWORDS, NON_RESERVED

IDENTIFIER = "identifier"
QUOTED_IDENTIFIER = "quoted identifier"
BACKQUOTED_IDENTIFIER = "backquoted identifier"
DIGIT_IDENTIFIER = "digit identifier"
STRING = "string"
UNICODE_STRING = "unicode string"
DOLLAR_STRING = "dollar string"
BINARY = "binary"
INTEGER = "integer"
DECIMAL = "decimal"
DOUBLE = "double"
UNRECOGNIZED = "unrecognized"
END = "<EOF>"

SYMBOLS = (
    *("=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "||", "?", ";"),
    *(".", "(", ")", ",", "=>", "->", "[", "]", ":", "|", "^", "$", "{-", "-}", "{", "}"),
)

# What may stand where a name is expected. Backquoted names and names that start with a digit are refused with words of
# their own, so they are not among them.
NAME_KINDS = NON_RESERVED | {IDENTIFIER, QUOTED_IDENTIFIER}

# Extra ends after the end, so that the parser may look a few tokens ahead without asking whether they exist.
_PADDING = 4

# The first alternative that matches wins, not the longest, so the order and the possessive quantifiers (which give
# nothing back and keep hostile texts linear) are part of the meaning. A string must be able to give back a quote:
# `'''` is an empty string and a lonely quote.
_TOKEN = r"""
( [xX]'[^']*+'
| [uU]&'[^']*+(?:''[^']*+)*'
| [A-Za-z_][A-Za-z0-9_]*+
| '[^']*+(?:''[^']*+)*'
| "[^"]*+(?:""[^"]*+)*"
| `[^`]*+(?:``[^`]*+)*`
| (?:[0-9]++\.[0-9]*+|\.[0-9]++)[eE][+-]?[0-9]++
| [0-9]++[eE][+-][0-9]++
| [0-9](?:_?[0-9])*+\.(?:[0-9](?:_?[0-9])*+)?
| \.[0-9](?:_?[0-9])*+
| [0-9][0-9A-Za-z_]*+
| <> | <= | >= | != | \|\| | -> | => | \{- | -\} | \$\$.*?\$\$
| .
| \Z )
"""
_SPACE = r"([ \r\n\t]*+)"
_SPACE_OR_COMMENT = r"((?:[ \r\n\t]++|--[^\r\n]*+\r?+\n?+|/\*.*?\*/)*+)"
_SPACE_OR_LINE_COMMENT = r"((?:[ \r\n\t]++|--[^\r\n]*+\r?+\n?+)*+)"
_FLAGS = re.VERBOSE | re.DOTALL
_WITHOUT_COMMENTS = re.compile(_SPACE.replace(" ", r"\x20") + _TOKEN, _FLAGS)
_WITH_COMMENTS = re.compile(_SPACE_OR_COMMENT.replace(" ", r"\x20") + _TOKEN, _FLAGS)
_WITH_LINE_COMMENTS = re.compile(_SPACE_OR_LINE_COMMENT.replace(" ", r"\x20") + _TOKEN, _FLAGS)

_INTEGER = re.compile(r"0[xX](?:_?[0-9a-fA-F])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++|[0-9](?:_?[0-9])*+")
_PLAIN_DOUBLE = re.compile(r"[0-9]++[eE][0-9]++")

_KINDS: dict[str, str] = {
    **{word: word for word in KEYWORDS},
    **{word.lower(): word for word in KEYWORDS},
    **{symbol: symbol for symbol in SYMBOLS},
    "!=": "<>",
}


class Tokens:
    """The tokens of a text: three lists of equal length that end in several `END`s, and places in the text."""

    __slots__ = ("_lines", "kinds", "starts", "text", "texts")

    def __init__(self, text: str) -> None:
        kinds: list[str] = []
        texts: list[str] = []
        starts: list[int] = []
        known = _KINDS.get
        place = 0
        for space, token in _scan(text):
            place += len(space)
            kinds.append(known(token) or _classify(token))
            texts.append(token)
            starts.append(place)
            place += len(token)
            if not token:
                break
        kinds += [END] * _PADDING
        texts += [""] * _PADDING
        starts += [place] * _PADDING
        self.text = text
        self.kinds = kinds
        self.texts = texts
        self.starts = starts
        self._lines: list[int] | None = [0] if "\n" not in text else None

    def location(self, index: int) -> Location:
        """Where token `index` starts; a line ends with a line feed and with nothing else."""
        start = self.starts[index]
        lines = self._lines
        if lines is None:
            lines = self._lines = [0, *[found.end() for found in re.finditer("\n", self.text)]]
        line = bisect_right(lines, start)
        return Location(line, start - lines[line - 1] + 1)


def _scan(text: str) -> Iterator[tuple[str, str]] | list[tuple[str, str]]:
    """The text cut into pairs of (space and comments, token); the last token is empty."""
    if "/*" in text:
        return _scan_block_comments(text)
    if "--" in text:
        return _WITH_LINE_COMMENTS.findall(text)
    return _WITHOUT_COMMENTS.findall(text)


def _scan_block_comments(text: str) -> Iterator[tuple[str, str]]:
    # After the last `*/` no comment can end: looking for one at every `/*` there would cost a pass of the text each.
    last_end = text.rfind("*/")
    place = 0
    while place < last_end:
        found = _WITH_COMMENTS.match(text, place)
        if found is None:
            raise AssertionError("the token pattern matches everywhere")
        yield found.group(1), found.group(2)
        place = found.end()
    for found in _WITH_LINE_COMMENTS.finditer(text, place):
        yield found.group(1), found.group(2)


def _classify(token: str) -> str:
    """The kind of a token that is neither a symbol nor a keyword in one case."""
    if not token:
        return END
    first = token[0]
    if token[-1] == "'" and len(token) > 1:
        if first == "'":
            return STRING
        return BINARY if token[1] == "'" else UNICODE_STRING
    if first == "_" or (first.isalpha() and first.isascii()):
        return _KINDS.get(token.upper(), IDENTIFIER)
    if first in "0123456789." and len(token) + (first != ".") > 1:
        return _classify_number(token)
    if len(token) > 1:
        if first == '"':
            return QUOTED_IDENTIFIER
        if first == "`":
            return BACKQUOTED_IDENTIFIER
        if first == "$":
            return DOLLAR_STRING
    return UNRECOGNIZED


def _classify_number(token: str) -> str:
    if _INTEGER.fullmatch(token):
        return INTEGER
    if "." in token:
        return DOUBLE if "e" in token or "E" in token else DECIMAL
    if _PLAIN_DOUBLE.fullmatch(token) or (token[-1].isdigit() and ("+" in token or "-" in token)):
        return DOUBLE
    return DIGIT_IDENTIFIER
