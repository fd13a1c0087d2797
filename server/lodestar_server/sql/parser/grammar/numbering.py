"""The numbers Trino's lexer gives to tokens and to their kinds.

They are no business of anybody's, but Trino once compares the one with the other where it means two places in the text,
and what it says it expected depends on whether they happen to be equal.
"""

from __future__ import annotations

import re

from lodestar_server.sql.parser.keywords import KEYWORDS
from lodestar_server.sql.parser.lexer import Tokens

# In the order of the grammar: words and symbols without a name of their own, keywords, operators, the rest.
_NAMELESS = (".", "(", ")", ",", "SKIP", "=>", "->", "[", "]", ":", "|", "^", "$", "{-", "-}", "{", "}")
_OPERATORS = ("=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "||", "?", ";")
_CLASSES = (
    *("string", "unicode string", "dollar string", "binary", "integer", "decimal", "double", "identifier"),
    *("digit identifier", "quoted identifier", "backquoted identifier"),
)
_HIDDEN = re.compile(r"[ \r\n\t]+|--[^\r\n]*\r?\n?|/\*.*?\*/", re.DOTALL)


def number_kinds() -> dict[str, int]:
    """The number of every kind of token, from 1."""
    keywords = sorted(KEYWORDS - {"SKIP"}, key=lambda word: "TEXT_STRING" if word == "STRING" else word)
    # Not quite the alphabet.
    for first, second in (("COUNT", "COPARTITION"), ("EMPTY", "ELSEIF")):
        keywords.remove(first)
        keywords.insert(keywords.index(second), first)
    ordered = (*_NAMELESS, *keywords, *_OPERATORS, *_CLASSES)
    return {kind: number for number, kind in enumerate(ordered, 1)}


def number_tokens(tokens: Tokens) -> list[int]:
    """The number of every token when runs of blanks and comments are counted, too; from 0."""
    numbers = []
    hidden = place = 0
    for index, start in enumerate(tokens.starts):
        if start > place:
            hidden += len(_HIDDEN.findall(tokens.text, place, start))
        numbers.append(index + hidden)
        place = start + len(tokens.texts[index])
    return numbers
