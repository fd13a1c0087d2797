"""The configuration file: which one, and what it says. Java's properties format, options without their dashes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lodestar.cli.options import CONFIGURABLE, UsageError


def find_configuration(environment: Mapping[str, str], home: Path) -> Path | None:
    """The first file that exists of: LODESTAR_CONFIG, ~/.lodestar/config, $XDG_CONFIG_HOME/lodestar/config, then the
    official client's TRINO_CONFIG, ~/.trino_config, $XDG_CONFIG_HOME/trino/config.
    """
    places = []
    xdg = environment.get("XDG_CONFIG_HOME")
    for variable, in_home, in_xdg in (
        ("LODESTAR_CONFIG", ".lodestar/config", "lodestar/config"),
        ("TRINO_CONFIG", ".trino_config", "trino/config"),
    ):
        named = environment.get(variable)
        places += [Path(named)] if named else []
        places.append(home / in_home)
        places += [Path(xdg) / in_xdg] if xdg else []
    return next((place for place in places if place.is_file()), None)


def load_configuration(path: Path) -> dict[str, str]:
    """Its options. Raises: UsageError when it cannot be read or holds what is no option."""
    try:
        found = parse_properties(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"Configuration file {path} cannot be read: {fault}") from fault
    unknown = sorted(set(found) - CONFIGURABLE)
    if unknown:
        raise UsageError(f"Configuration file {path} contains unknown properties [{', '.join(unknown)}]")
    return found


_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.|$)", re.DOTALL)
_NAMED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_ENTRY = re.compile(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", re.DOTALL)


def parse_properties(text: str) -> dict[str, str]:
    """Keys and values; the last of a key counts."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        line = line.lstrip()
        if not line or line[0] in "#!":
            continue
        while (len(line) - len(line.rstrip("\\"))) % 2:
            line = line[:-1] + next(lines, "").lstrip()
        entry = _ENTRY.fullmatch(line)
        if entry is not None:
            found[_unescaped(entry[1])] = _unescaped(entry[2])
    return found


def _unescaped(text: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _NAMED.get(code, code)

    return _ESCAPE.sub(replacement, text)
