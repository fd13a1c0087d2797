"""Text functions without a SQL form."""

from __future__ import annotations

import unicodedata
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT


def refused(message: str) -> ValueError:
    """An invalid argument."""
    return ValueError(marked(INVALID_FUNCTION_ARGUMENT, message))


@value_function("trino_normalize", ["VARCHAR", "VARCHAR"], "VARCHAR", pa.string())
def normalize(text: str, form: str) -> str:
    """Unicode normalization."""
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


@value_function("trino_from_utf8", ["BLOB", "VARCHAR"], "VARCHAR", pa.string())
def from_utf8(value: bytes, replacement: str) -> str:
    """Decode, each invalid sequence replaced."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        pass
    pieces: list[str] = []
    position = 0
    while position < len(value):
        length = _sequence_length(value, position)
        pieces.append(value[position : position + length].decode() if length > 0 else replacement)
        position += abs(length)
    return "".join(pieces)


_LEADS = ((0xE0, 0xC0, 2, 0x80), (0xF0, 0xE0, 3, 0x800), (0xF8, 0xF0, 4, 0x10000))
"""Mask and pattern of a leading byte, length of its sequence, the smallest code point that needs so many bytes."""


def _sequence_length(value: bytes, position: int) -> int:
    """The bytes of the sequence at a position, negative when they are no code point. Source: airlift SliceUtf8."""
    lead = value[position]
    if lead < 0x80:
        return 1
    for mask, pattern, length, smallest in _LEADS:
        if lead & mask != pattern:
            continue
        point = lead & ~mask & 0xFF
        for index in range(1, length):
            if position + index >= len(value) or value[position + index] & 0xC0 != 0x80:
                return -index
            point = point << 6 | value[position + index] & 0x3F
        valid = smallest <= point < 0x110000 and not 0xD800 <= point < 0xE000
        return length if valid else -length
    return -1


_SOUNDEX_CODES = {
    letter: code
    for letters, code in (("BFPV", "1"), ("CGJKQSXZ", "2"), ("DT", "3"), ("L", "4"), ("MN", "5"), ("R", "6"))
    for letter in letters
}


@value_function("trino_soundex", ["VARCHAR"], "VARCHAR", pa.string())
def soundex(text: str) -> str:
    """The American code of a word. Source: commons-codec Soundex."""
    # Java looks at UTF-16 units, of which the halves of a pair are no letters.
    letters = "".join(character for character in text if character.isalpha() and character <= "\uffff").upper()
    if not letters:
        return ""
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise refused(f"The character is not mapped: {letter} (index={ord(letter) - ord('A')})")
    code, last = letters[0], _SOUNDEX_CODES.get(letters[0], "")
    for letter in letters[1:]:
        digit = _SOUNDEX_CODES.get(letter, "")
        if digit and digit != last:
            code += digit
            if len(code) == 4:
                break
        if letter not in "HW":
            last = digit
    return code.ljust(4, "0")


@value_function("trino_luhn_check", ["VARCHAR"], "BOOLEAN", pa.bool_())
def luhn_check(text: str) -> bool:
    """Whether the digits pass the Luhn test."""
    if not text.isascii() or not text.isdigit():
        if text == "":
            return False
        raise refused("Input contains non-digit character")
    total = 0
    for index, digit in enumerate(reversed(text)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_PAIRS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))
_PAIRS_TEXT = "STRUCT(key VARCHAR, value VARCHAR)[]"


def _check_delimiters(entry: str, key: str) -> None:
    if not entry:
        raise refused("entryDelimiter is empty")
    if not key:
        raise refused("keyValueDelimiter is empty")
    if entry == key:
        raise refused("entryDelimiter and keyValueDelimiter must not be the same")


def _pairs(text: str, entry: str, key: str, quote: str = "'") -> list[dict[str, str]]:
    _check_delimiters(entry, key)
    pairs = []
    pieces = text.split(entry)
    if pieces and pieces[-1] == "":
        pieces.pop()
    for piece in pieces:
        parts = piece.split(key)
        if len(parts) != 2:
            raise refused(
                f"Key-value delimiter must appear exactly once in each entry. Bad input: {quote}{piece}{quote}"
            )
        pairs.append({"key": parts[0], "value": parts[1]})
    return pairs


@value_function("trino_split_to_pairs", ["VARCHAR", "VARCHAR", "VARCHAR"], _PAIRS_TEXT, _PAIRS)
def split_to_pairs(text: str, entry: str, key: str) -> list[dict[str, str]]:
    """Keys and values as they come."""
    return _pairs(text, entry, key)


@value_function("trino_split_to_map", ["VARCHAR", "VARCHAR", "VARCHAR"], _PAIRS_TEXT, _PAIRS)
def split_to_map(text: str, entry: str, key: str) -> list[dict[str, str]]:
    """Keys and values; a key may come once."""
    pairs = _pairs(text, entry, key)
    seen: set[str] = set()
    for pair in pairs:
        if pair["key"] in seen:
            raise refused(f"Duplicate keys ({pair['key']}) are not allowed")
        seen.add(pair["key"])
    return pairs


@value_function(
    "trino_split_to_multimap",
    ["VARCHAR", "VARCHAR", "VARCHAR"],
    "STRUCT(key VARCHAR, value VARCHAR[])[]",
    pa.list_(pa.struct([("key", pa.string()), ("value", pa.list_(pa.string()))])),
)
def split_to_multimap(text: str, entry: str, key: str) -> list[dict[str, Any]]:
    """Keys and all their values."""
    made: dict[str, list[str]] = {}
    for pair in _pairs(text, entry, key, ""):
        made.setdefault(pair["key"], []).append(pair["value"])
    return [{"key": one, "value": values} for one, values in made.items()]


@value_function("trino_code_point_hamming", ["VARCHAR", "VARCHAR"], "BIGINT", pa.int64())
def code_point_hamming(a: str, b: str) -> int:
    """Positions with different code points, of texts of one length."""
    return sum(one != other for one, other in zip(a, b, strict=True))


@value_function("trino_code_point_levenshtein", ["VARCHAR", "VARCHAR"], "BIGINT", pa.int64())
def code_point_levenshtein(a: str, b: str) -> int:
    """Insertions, deletions and substitutions from one text to the other."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (one != other))
    return row[-1]


_MAX_LIST_BYTES = 1_048_576


@value_function("trino_truncated_list", ["VARCHAR[]", "VARCHAR", "VARCHAR", "BOOLEAN"], "VARCHAR", pa.string())
def truncated_list(parts: list[str], separator: str, filler: str, with_count: bool) -> str:
    """Texts joined as far as they fit, then a filler and how many are left out. Source: Trino's listagg."""
    made = ""
    size = 0
    for index, part in enumerate(parts):
        piece = part if index == 0 else separator + part
        size += len(piece.encode())
        if size > _MAX_LIST_BYTES:
            left = f"({len(parts) - index})" if with_count else ""
            return f"{made}{separator if index else ''}{filler}{left}"
        made += piece
    return made
