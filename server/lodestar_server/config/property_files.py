"""Java property files as Trino reads them: `key=value`, comments, continued lines, escapes. Text in, entries out."""

from __future__ import annotations

import re

from lodestar_server.config.faults import Fault
from lodestar_server.spi.values import frozen

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_UNICODE = re.compile(r"[0-9A-Fa-f]{4}")


@frozen
class Entry:
    """One property and the line it begins on."""

    key: str
    value: str
    line: int


def parse_properties(text: str, file: str) -> tuple[list[Entry], list[Fault]]:
    """The entries of a file in their order; a key that is there twice is a fault."""
    entries: list[Entry] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, line in _logical_lines(text):
        raw_key, raw_value = _split(line)
        try:
            key, value = _unescape(raw_key), _unescape(raw_value).strip()
        except ValueError as fault:
            faults.append(Fault(str(fault), None, file, number))
            continue
        if key in seen:
            faults.append(Fault(f"is already set in line {seen[key]}", key, file, number))
            continue
        seen[key] = number
        entries.append(Entry(key, value, number))
    return entries, faults


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers; comments and blank ones left out, continued ones joined."""
    found: list[tuple[int, str]] = []
    pending: tuple[int, str] | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.lstrip()
        if pending is None and (not line or line[0] in "#!"):
            continue
        start, before = pending if pending is not None else (number, "")
        slashes = len(line) - len(line.rstrip("\\"))
        if slashes % 2:
            pending = (start, before + line[:-1])
            continue
        pending = None
        found.append((start, before + line))
    if pending is not None:
        found.append(pending)
    return found


def _split(line: str) -> tuple[str, str]:
    """Key and value: parted by the first `=`, `:` or blank that is not escaped."""
    at = 0
    while at < len(line):
        if line[at] == "\\":
            at += 2
            continue
        if line[at] in "=:" or line[at].isspace():
            break
        at += 1
    rest = line[at:].lstrip()
    if rest[:1] in ("=", ":"):
        rest = rest[1:].lstrip()
    return line[:at], rest


def _unescape(text: str) -> str:
    """Raises: ValueError for a `\\u` that is no character."""
    if "\\" not in text:
        return text
    parts = []
    at = 0
    while at < len(text):
        character = text[at]
        if character != "\\" or at + 1 == len(text):
            parts.append(character)
            at += 1
            continue
        escaped = text[at + 1]
        if escaped == "u":
            code = text[at + 2 : at + 6]
            if not _UNICODE.fullmatch(code):
                raise ValueError("Malformed \\uxxxx encoding")
            parts.append(chr(int(code, 16)))
            at += 6
        else:
            parts.append(_ESCAPES.get(escaped, escaped))
            at += 2
    return "".join(parts)
