"""Statements with parameters: a question mark for each value, and many rows of values at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lodestar.errors import ProgrammingError
from lodestar.types.literals import MAX_DECIMAL_DIGITS, literal, text_literal

MAX_BATCH_ROWS = 1000
MAX_BATCH_CHARACTERS = 400_000
"""Servers take a million characters by default."""

PREPARED_NAME = "lodestar_many"
MAX_HEADER_CHARACTERS = 4000
"""Longer statements do not travel in headers: proxies refuse them."""


def check_parameters(parameters: Any) -> Sequence[Any]:
    """Raises: ProgrammingError for what is no sequence of values."""
    if isinstance(parameters, (str, bytes, Mapping)) or not isinstance(parameters, Sequence):
        raise ProgrammingError("Parameters are a sequence of values, one for each question mark")
    return parameters


def execute_immediate(text: str, parameters: Sequence[Any]) -> str:
    """The statement with its values: `EXECUTE IMMEDIATE '…' USING …`. Raises: DataError, NotSupportedError."""
    return f"EXECUTE IMMEDIATE {text_literal(text)} USING {', '.join(map(literal, check_parameters(parameters)))}"


def execute_prepared(parameters: Sequence[Any]) -> str:
    """The same for a statement that travels in a header."""
    return f"EXECUTE {PREPARED_NAME} USING {', '.join(map(literal, check_parameters(parameters)))}"


_TOKENS = re.compile(
    r"""
    (?P<blank>\s+ | --[^\n]* | /\*.*?\*/)
  | (?P<word>[A-Za-z_][A-Za-z0-9_@]*)
  | (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*")
  | (?P<mark>\?)
  | (?P<open>\() | (?P<close>\))
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class InsertTemplate:
    """`INSERT INTO t VALUES (?, 1, ?)`: what stands before the row, and the row's text between the question marks."""

    prefix: str
    pieces: tuple[str, ...]

    def row(self, parameters: Sequence[Any]) -> str:
        """The row with its values. Raises: ProgrammingError for the wrong number of them."""
        if len(parameters) != len(self.pieces) - 1:
            wanted, found = len(self.pieces) - 1, len(parameters)
            raise ProgrammingError(f"Incorrect number of parameters: expected {wanted} but found {found}")
        parts = [self.pieces[0]]
        for value, piece in zip(parameters, self.pieces[1:], strict=True):
            parts += (literal(value), piece)
        return "".join(parts)


def find_insert_template(text: str) -> InsertTemplate | None:
    """The template of an INSERT of one row of VALUES, None for every other statement."""
    words: list[str] = []
    depth = 0
    start: int | None = None
    marks: list[int] = []
    ended = False
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if kind == "blank":
            continue
        if ended:
            return None
        if start is None:
            if kind == "word" and depth == 0:
                words.append(token[0].upper())
            elif kind == "mark":
                return None
            elif kind == "open":
                if depth == 0 and words[-1:] == ["VALUES"]:
                    start = token.start()
                depth += 1
            elif kind == "close":
                depth -= 1
            continue
        if kind == "mark":
            marks.append(token.start())
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            ended = depth == 0
    if start is None or not ended or not marks or words[:2] != ["INSERT", "INTO"]:
        return None
    edges = [start, *marks]
    pieces = [text[edges[0] : edges[1]]]
    pieces += [text[one + 1 : other] for one, other in zip(marks, [*marks[1:], len(text)], strict=True)]
    return InsertTemplate(text[:start], tuple(pieces))


def insert_batches(template: InsertTemplate, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, int]]:
    """Statements that insert all rows, in order, and how many rows each has.

    Rows are joined only where each would have meant the same alone: values of one column have one type. (A column of
    integers and decimals, say, becomes decimals as a whole.)
    """
    texts: list[str] = []
    size = 0
    shapes: list[_Shape | None] = []
    for parameters in rows:
        text = template.row(check_parameters(parameters))
        new = [_shape(value) for value in parameters]
        joined = _joined(shapes, new) if texts else new
        full = len(texts) >= MAX_BATCH_ROWS or size + len(text) > MAX_BATCH_CHARACTERS
        if texts and (joined is None or full):
            yield template.prefix + ", ".join(texts), len(texts)
            texts, size, joined = [], 0, new
        texts.append(text)
        size += len(text) + 2
        assert joined is not None
        shapes = joined
    if texts:
        yield template.prefix + ", ".join(texts), len(texts)


_Shape = tuple[Any, ...]
"""What decides a literal's type: its kind, and for decimals the digits before and behind the point."""


def _shape(value: Any) -> _Shape | None:
    """None for NULL, which has every type."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        if not value.is_finite():
            return ("decimal", 0, 0)
        exponent = int(value.as_tuple().exponent)
        return ("decimal", max(0, value.adjusted() + 1), max(0, -exponent))
    if isinstance(value, int) and not isinstance(value, bool):
        kind = "integer" if -(2**31) < value < 2**31 else "bigint" if -(2**63) <= value < 2**63 else "decimal"
        return (kind,) if kind != "decimal" else ("decimal", len(str(abs(value))), 0)
    if isinstance(value, str):
        return (str,)
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        # Nested types are decided by everything in them: such rows go alone.
        return (object(),)
    fraction = bool(getattr(value, "picosecond", 0) or getattr(value, "nanosecond", 0))
    return (type(value), getattr(value, "tzinfo", None) is None, fraction)


def _joined(shapes: Sequence[_Shape | None], new: Sequence[_Shape | None]) -> list[_Shape | None] | None:
    """The shape of a batch with one row more, None when the row does not fit in."""
    found: list[_Shape | None] = []
    for one, other in zip(shapes, new, strict=True):
        if one is None or other is None:
            found.append(one or other)
        elif one[0] == "decimal" == other[0]:
            whole, fraction = max(one[1], other[1]), max(one[2], other[2])
            if whole + fraction > MAX_DECIMAL_DIGITS:
                return None
            found.append(("decimal", whole, fraction))
        elif one == other:
            found.append(one)
        else:
            return None
    return found
