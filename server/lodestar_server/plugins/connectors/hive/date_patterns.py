"""Dates by a pattern of Java's SimpleDateFormat, as far as partitions' names need it: digits and fixed text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

_PIECES = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_FIELDS = {"y": "year", "M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second", "S": "millisecond"}


@dataclass(frozen=True)
class DatePattern:
    """`letters`: those that stand for something. Raises: ValueError for what is no pattern, or is not supported."""

    text: str
    letters: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        pieces: list[tuple[str, int] | str] = []
        end = 0
        for match in _PIECES.finditer(self.text):
            if match.start() != end:
                break
            end = match.end()
            letter = match[2]
            if letter is None:
                pieces.append(match[0] if match[1] is None else match[1].replace("''", "'") or "'")
            elif letter not in _FIELDS or (letter == "M" and len(match[0]) > 2):
                raise ValueError(f"Date pattern is not supported: {self.text}")
            else:
                pieces.append((letter, len(match[0])))
        if end != len(self.text):
            raise ValueError(f"Unterminated quote in date pattern: {self.text}")
        object.__setattr__(self, "_pieces", pieces)
        object.__setattr__(self, "letters", frozenset(one[0] for one in pieces if isinstance(one, tuple)))
        object.__setattr__(self, "_regex", re.compile("".join(map(_regex_of, _with_next(pieces)))))

    def format(self, moment: datetime) -> str:
        """A moment's text; what the pattern does not name is lost."""
        made = []
        for piece in self._pieces:  # type: ignore[attr-defined]
            if isinstance(piece, str):
                made.append(piece)
                continue
            letter, width = piece
            value = moment.microsecond // 1000 if letter == "S" else getattr(moment, _FIELDS[letter])
            made.append(f"{value % 100:02d}" if (letter, width) == ("y", 2) else f"{value:0{width}d}")
        return "".join(made)

    def parse(self, text: str) -> datetime:
        """The moment of a text. Raises: ValueError."""
        found = self._regex.match(text)  # type: ignore[attr-defined]
        values = {"year": 1970, "month": 1, "day": 1}
        if found is None:
            raise ValueError(f'Unparseable date: "{text}"')
        for piece, digits in zip(
            [one for one in self._pieces if isinstance(one, tuple)],  # type: ignore[attr-defined]
            found.groups(),
            strict=True,
        ):
            letter, width = piece
            value = int(digits)
            if letter == "y" and width == 2 and len(digits) == 2:
                value += 2000 if value < 50 else 1900
            values[_FIELDS[letter]] = value
        milliseconds = values.pop("millisecond", 0)
        try:
            return datetime(**values, microsecond=milliseconds * 1000)  # type: ignore[arg-type]
        except ValueError:
            raise ValueError(f'Unparseable date: "{text}"') from None


def _with_next(pieces: list[tuple[str, int] | str]) -> list[tuple[tuple[str, int] | str, bool]]:
    """Each piece, and whether digits follow it at once: then its width is fixed."""
    following = [*pieces[1:], ""]
    return [(piece, isinstance(after, tuple)) for piece, after in zip(pieces, following, strict=True)]


def _regex_of(piece: tuple[tuple[str, int] | str, bool]) -> str:
    what, fixed = piece
    if isinstance(what, str):
        return re.escape(what)
    return rf"(\d{{{what[1]}}})" if fixed else r"(\d+)"
