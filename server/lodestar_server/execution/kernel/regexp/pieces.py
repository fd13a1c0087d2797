"""Parts of a regular expression, written for two engines as they are read.

DuckDB's engine (RE2) is fast and never slow on purpose, but knows neither lookaround nor backreferences; Python's
`regex` knows all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lodestar_server.spi.values import frozen

MAX_RE2_REPEAT = 1000
_META = re.compile(r"[\\.+*?()|\[\]{}^$&~#\-]")


@frozen
class Piece:
    """`re2` is None for what RE2 cannot say. `nullable`: matches the empty text. `width` in characters, None when it
    varies. `groups` inside. `repeats`: how often RE2 would copy it."""

    re2: str | None
    regex: str
    nullable: bool
    width: int | None
    groups: frozenset[int] = frozenset()
    repeats: int = 1


EMPTY = Piece("", "", True, 0)


def escaped(text: str) -> str:
    """Literal text for both engines."""
    return _META.sub(r"\\\g<0>", text)


def literal(text: str) -> Piece:
    """One character or several."""
    return Piece(escaped(text), escaped(text), not text, len(text))


def assertion(re2: str | None, python: str) -> Piece:
    """Something that matches between characters."""
    return Piece(re2, python, True, 0)


def one_of(re2: str | None, python: str) -> Piece:
    """A class of characters."""
    return Piece(re2, python, False, 1)


def sequence(parts: Sequence[Piece]) -> Piece:
    """One after the other."""
    if len(parts) == 1:
        return parts[0]
    return Piece(
        _joined("", parts),
        "".join(part.regex for part in parts),
        all(part.nullable for part in parts),
        None if any(part.width is None for part in parts) else sum(part.width or 0 for part in parts),
        frozenset().union(*(part.groups for part in parts)),
        max((part.repeats for part in parts), default=1),
    )


def _joined(separator: str, parts: Sequence[Piece]) -> str | None:
    texts = [part.re2 for part in parts]
    return None if None in texts else separator.join(text for text in texts if text is not None)


def choice(branches: Sequence[Piece]) -> Piece:
    """The first branch that matches; still to be put in a group."""
    if len(branches) == 1:
        return branches[0]
    widths = {branch.width for branch in branches}
    return Piece(
        _joined("|", branches),
        "|".join(branch.regex for branch in branches),
        any(branch.nullable for branch in branches),
        widths.pop() if len(widths) == 1 else None,
        frozenset().union(*(branch.groups for branch in branches)),
        max(branch.repeats for branch in branches),
    )


def group(opening: str, inner: Piece, *, re2_opening: str | None = None) -> Piece:
    """`opening` inner `)`; RE2's opening is None where it has no such group."""
    re2 = None if re2_opening is None or inner.re2 is None else f"{re2_opening}{inner.re2})"
    return replace(inner, re2=re2, regex=f"{opening}{inner.regex})")


def plain(inner: Piece) -> Piece:
    """(?:inner)"""
    return group("(?:", inner, re2_opening="(?:")


def lookaround(opening: str, inner: Piece) -> Piece:
    """Looking ahead or behind, which only Python does."""
    return Piece(None, f"{opening}{inner.regex})", True, 0, inner.groups)


def repeated(inner: Piece, low: int, high: int | None, mode: str) -> Piece:
    """`mode`: nothing, `?` for lazy, `+` for possessive."""
    text = _QUANTIFIERS.get((low, high)) or (
        f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"
    )
    whole = plain(inner)
    largest = max(low, high or 0, 1) * inner.repeats
    expressible = whole.re2 is not None and mode != "+" and largest <= MAX_RE2_REPEAT
    width = inner.width * low if inner.width is not None and low == high else None
    return Piece(
        f"{whole.re2}{text}{mode}" if expressible else None,
        f"{whole.regex}{text}{mode}",
        inner.nullable or low == 0,
        width,
        inner.groups,
        largest,
    )


_QUANTIFIERS: dict[tuple[int, int | None], str] = {(0, None): "*", (1, None): "+", (0, 1): "?"}
