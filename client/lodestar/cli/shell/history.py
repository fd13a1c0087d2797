"""What was typed, kept in a file: one entry per line, line breaks escaped, as the official client keeps its own."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from prompt_toolkit.history import History, InMemoryHistory

from lodestar.cli.options import Options

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPED = {"n": "\n", "r": "\r"}


class LineHistory(History):
    """The file is read when the first entry is wanted, and appended to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """The newest first."""
        try:
            text = self._path.read_text("utf-8", "replace")
        except OSError:
            return []
        return [unescaped(line) for line in reversed(text.split("\n")) if line]

    def store_string(self, string: str) -> None:
        """That it cannot be kept must not disturb the session."""
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(escaped(string) + "\n")


def escaped(entry: str) -> str:
    """On one line."""
    return "".join(_ESCAPES.get(character, character) for character in entry)


def unescaped(line: str) -> str:
    """As it was typed."""
    return re.sub(r"\\(.)", lambda match: _UNESCAPED.get(match[1], match[1]), line)


def find_history_file(options: Options, environment: Mapping[str, str]) -> Path | None:
    """The option, LODESTAR_HISTORY_FILE, TRINO_HISTORY_FILE, ~/.lodestar/history; an empty name asks for none."""
    for wanted in (
        options.history_file,
        environment.get("LODESTAR_HISTORY_FILE"),
        environment.get("TRINO_HISTORY_FILE"),
    ):
        if wanted is not None:
            return Path(wanted).expanduser() if wanted else None
    return Path.home() / ".lodestar" / "history"


def open_history(path: Path | None) -> History:
    """In the file, or only while the shell runs. Statements may hold secrets: a new file is the user's alone."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError:
        return InMemoryHistory()
    return LineHistory(path)
