"""Regular expressions that DuckDB's engine cannot run, and patterns that differ from row to row.

Matching lets other threads run, and ends after a while: some patterns take exponential time on some texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
import regex

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.execution.kernel.regexp import Pattern, PatternError, parse_pattern
from lodestar_server.spi.errors import EXCEEDED_TIME_LIMIT

_SECONDS = 30.0
_MAX_GROUP_DIGITS = 9


def read_pattern(text: str) -> Pattern:
    """Raises: a marked INVALID_FUNCTION_ARGUMENT."""
    try:
        return parse_pattern(text)
    except PatternError as problem:
        raise refused(str(problem)) from None


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    try:
        return regex.compile(read_pattern(text).regex, regex.VERSION1)
    except regex.error as problem:
        raise refused(str(problem)) from None


def _in_time(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except TimeoutError:
        message = "Matching a regular expression takes too long"
        raise ValueError(marked(EXCEEDED_TIME_LIMIT, message)) from None


def _first(pattern: str, text: str, start: int = 0) -> Any:
    return _in_time(lambda: _compiled(pattern).search(text, start, concurrent=True, timeout=_SECONDS))


def _all(pattern: str, text: str) -> list[Any]:
    """All matches; after an empty one the next character is passed over."""
    made: list[Any] = []
    position = 0
    while position <= len(text):
        found = _first(pattern, text, position)
        if found is None:
            break
        made.append(found)
        position = found.end() + (found.end() == found.start())
    return made


def check_group(pattern: str, group: int) -> int:
    """Raises for a group that the pattern has not."""
    if group < 0:
        raise refused("Group cannot be negative")
    count = read_pattern(pattern).group_count
    if group > count:
        raise refused(f"Pattern has {count} groups. Cannot access group {group}")
    return group


@value_function("trino_regexp_like", ["VARCHAR", "VARCHAR"], "BOOLEAN", pa.bool_())
def regexp_like(text: str, pattern: str) -> bool:
    """The pattern matches somewhere."""
    return _first(pattern, text) is not None


@value_function("trino_regexp_extract", ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR", pa.string())
def regexp_extract(text: str, pattern: str, group: int) -> str | None:
    """A group of the first match, 0 for all of it."""
    found = _first(pattern, text) if check_group(pattern, group) >= 0 else None
    return None if found is None else found[group]


@value_function("trino_regexp_extract_all", ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]", pa.list_(pa.string()))
def regexp_extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    """A group of every match."""
    check_group(pattern, group)
    return [found[group] for found in _all(pattern, text)]


@value_function("trino_regexp_count", ["VARCHAR", "VARCHAR"], "BIGINT", pa.int64())
def regexp_count(text: str, pattern: str) -> int:
    """The number of matches."""
    return len(_all(pattern, text))


@value_function("trino_regexp_split", ["VARCHAR", "VARCHAR"], "VARCHAR[]", pa.list_(pa.string()))
def regexp_split(text: str, pattern: str) -> list[str]:
    """What is between the matches."""
    parts = []
    end = 0
    for found in _all(pattern, text):
        parts.append(text[end : found.start()])
        end = found.end()
    return [*parts, text[end:]]


@value_function("trino_regexp_position", ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT"], "INTEGER", pa.int32())
def regexp_position(text: str, pattern: str, start: int, occurrence: int) -> int:
    """Where the n-th match from a character on begins, -1 without one."""
    if start < 1:
        raise refused("start position cannot be smaller than 1")
    if occurrence < 1:
        raise refused("occurrence cannot be smaller than 1")
    _compiled(pattern)
    position = start - 1
    while position <= len(text) and start <= len(text):
        found = _first(pattern, text, position)
        if found is None:
            break
        if occurrence == 1:
            return int(found.start()) + 1
        occurrence -= 1
        position = found.end() + (found.end() == found.start())
    return -1


# Replacing


def parse_replacement(replacement: str, pattern: Pattern) -> list[str | int]:
    """Texts and the numbers of groups between them. Raises: a marked INVALID_FUNCTION_ARGUMENT."""
    illegal = f"Illegal replacement sequence: {replacement}"
    parts: list[str | int] = []
    characters = iter(enumerate(replacement))
    skip_to = 0
    for index, character in characters:
        if index < skip_to:
            continue
        if character == "\\":
            if index + 1 == len(replacement):
                raise refused(illegal)
            parts.append(replacement[index + 1])
            skip_to = index + 2
        elif character == "$":
            group, skip_to = _group_reference(replacement, index + 1, pattern, illegal)
            parts.append(group)
        else:
            parts.append(character)
    return parts


def _group_reference(replacement: str, start: int, pattern: Pattern, illegal: str) -> tuple[int, int]:
    """The group that is named after a dollar sign, and where its name ends."""
    if replacement[start : start + 1] == "{":
        end = replacement.find("}", start)
        if end < 0:
            end = len(replacement)
        name = replacement[start + 1 : end]
        if name not in pattern.names:
            raise refused(f"Illegal replacement sequence: unknown group {{ {name} }}")
        return pattern.names[name], end + 1
    end = start
    number = 0
    while end < len(replacement) and replacement[end].isascii() and replacement[end].isdigit():
        longer = number * 10 + int(replacement[end])
        if end > start and longer > pattern.group_count:
            break
        number, end = longer, end + 1
    if end == start:
        raise refused(illegal)
    if number > pattern.group_count:
        raise refused(f"Illegal replacement sequence: unknown group {number}")
    return number, end


def duckdb_replacement(replacement: str, pattern: Pattern) -> str | None:
    """The replacement as DuckDB writes one, None when it has no such. Raises as `parse_replacement`."""
    made = ""
    for part in parse_replacement(replacement, pattern):
        if isinstance(part, int) and part > _MAX_GROUP_DIGITS:
            return None
        made += f"\\{part}" if isinstance(part, int) else part.replace("\\", "\\\\")
    return made


@value_function("trino_regexp_replace", ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR", pa.string())
def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    """Every match replaced; `$1` and `${name}` are groups."""
    found = _all(pattern, text)
    if not found:
        return text
    parts = parse_replacement(replacement, read_pattern(pattern))

    def pieces() -> Iterator[str]:
        end = 0
        for match in found:
            yield text[end : match.start()]
            for part in parts:
                yield (match[part] or "") if isinstance(part, int) else part
            end = match.end()
        yield text[end:]

    return "".join(pieces())


@value_function(
    "trino_regexp_matches",
    ["VARCHAR", "VARCHAR"],
    "STRUCT(before VARCHAR, groups VARCHAR[])[]",
    pa.list_(pa.struct([("before", pa.string()), ("groups", pa.list_(pa.string()))])),
)
def regexp_matches(text: str, pattern: str) -> list[dict[str, Any]]:
    """What comes before each match, and its groups; at last what comes after all, without groups."""
    made: list[dict[str, Any]] = []
    end = 0
    for found in _all(pattern, text):
        made.append({"before": text[end : found.start()], "groups": list(found.groups())})
        end = found.end()
    return [*made, {"before": text[end:], "groups": None}]
