"""The notation of `rules.py`, read into trees."""

from __future__ import annotations

import re

from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser.keywords import KEYWORDS
from lodestar_server.sql.parser.lexer import END

_WORDS = re.compile(r"\s*(?:'([^']+)'|<([^>]+)>|([A-Z_0-9]+)(?![a-z])|([a-z_]+)|([()?*+|]))")


@frozen
class Match:
    """A token of one of these kinds."""

    kinds: frozenset[str]


@frozen
class Call:
    """A rule."""

    rule: str


@frozen
class Sequence:
    """Parts one after the other; none is nothing."""

    parts: tuple[Part, ...]


@frozen
class Choice:
    """One of several alternatives, in parentheses; an optional one may be left out."""

    alternatives: tuple[Sequence, ...]
    optional: bool = False


@frozen
class Repeat:
    """A part any number of times, or at least once."""

    body: tuple[Sequence, ...]
    at_least_once: bool


Part = Match | Call | Choice | Repeat


@frozen
class Rule:
    """A rule and its alternatives."""

    name: str
    alternatives: tuple[Sequence, ...]


def read_rules(text: str) -> list[Rule]:
    """Every rule of a table, in order."""
    rules = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        name, _, body = paragraph.partition("=")
        rules.append(Rule(name.strip(), _Reader(body).alternatives()))
    return rules


class _Reader:
    def __init__(self, text: str) -> None:
        self._words: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            found = _WORDS.match(text, place)
            if found is None:
                raise ValueError(f"cannot read the rule at {text[place:]!r}")
            symbol, kind, keyword, rule, operator = found.groups()
            place = found.end()
            if symbol is not None:
                self._words.append(("match", symbol))
            elif kind is not None:
                self._words.append(("match", END if kind == "end" else kind))
            elif keyword is not None:
                if keyword not in KEYWORDS:
                    raise ValueError(f"not a keyword: {keyword}")
                self._words.append(("match", keyword))
            elif rule is not None:
                self._words.append(("call", rule))
            else:
                self._words.append(("operator", operator))
        self._place = 0

    def alternatives(self) -> tuple[Sequence, ...]:
        alternatives = [self._sequence()]
        while self._accept("|"):
            alternatives.append(self._sequence())
        return tuple(alternatives)

    def _accept(self, operator: str) -> bool:
        if self._place < len(self._words) and self._words[self._place] == ("operator", operator):
            self._place += 1
            return True
        return False

    def _sequence(self) -> Sequence:
        parts: list[Part] = []
        while self._place < len(self._words) and self._words[self._place] not in (("operator", "|"), ("operator", ")")):
            parts.append(self._part())
        return Sequence(tuple(parts))

    def _part(self) -> Part:
        kind, word = self._words[self._place]
        self._place += 1
        if kind == "operator":
            body = self.alternatives()
            if not self._accept(")"):
                raise ValueError("a parenthesis is missing")
            part = _choice(body)
        else:
            part = Match(frozenset({word})) if kind == "match" else Call(word)
        if self._accept("?"):
            return Choice(_as_alternatives(part), optional=True)
        if self._accept("*"):
            return Repeat(_as_alternatives(part), at_least_once=False)
        if self._accept("+"):
            return Repeat(_as_alternatives(part), at_least_once=True)
        return part


def _choice(alternatives: tuple[Sequence, ...]) -> Part:
    """A choice between single tokens is one token of several kinds."""
    kinds = match_of(alternatives)
    return Choice(alternatives) if kinds is None else kinds


def match_of(alternatives: tuple[Sequence, ...]) -> Match | None:
    """The token that alternatives amount to if each of them is one token."""
    kinds: set[str] = set()
    for alternative in alternatives:
        if len(alternative.parts) != 1 or not isinstance(alternative.parts[0], Match):
            return None
        kinds |= alternative.parts[0].kinds
    return Match(frozenset(kinds))


def _as_alternatives(part: Part) -> tuple[Sequence, ...]:
    if isinstance(part, Choice) and not part.optional:
        return part.alternatives
    return (Sequence((part,)),)
