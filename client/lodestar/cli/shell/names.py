"""Names of the server's things for completion: asked for when they are first wanted, kept for two minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from lodestar.cli.remote import Remote
from lodestar.errors import Error

_FRESH_SECONDS = 120.0
Names = Sequence[str]


class ServerNames:
    """Catalogs, schemas, tables, columns, functions. What cannot be had is empty: completion never fails."""

    def __init__(self, remote: Remote, clock: Callable[[], float] = time.monotonic) -> None:
        self._remote = remote
        self._clock = clock
        self._kept: dict[str, tuple[float, Names]] = {}
        self._lock = threading.Lock()

    def catalogs(self) -> Names:
        """All catalogs."""
        return self._ask("SHOW CATALOGS")

    def schemas(self, catalog: str) -> Names:
        """Of a catalog."""
        return self._ask(f"SHOW SCHEMAS FROM {_quoted(catalog)}")

    def tables(self, catalog: str, schema: str) -> Names:
        """Of a schema, views too."""
        return self._ask(f"SHOW TABLES FROM {_quoted(catalog)}.{_quoted(schema)}")

    def columns(self, catalog: str, schema: str, table: str) -> Names:
        """Of a table."""
        return self._ask(f"SHOW COLUMNS FROM {_quoted(catalog)}.{_quoted(schema)}.{_quoted(table)}")

    def functions(self) -> Names:
        """By name, each once."""
        return self._ask("SHOW FUNCTIONS")

    def forget(self) -> None:
        """Something was created or dropped: ask again."""
        with self._lock:
            self._kept = {text: kept for text, kept in self._kept.items() if text == "SHOW FUNCTIONS"}

    def _ask(self, text: str) -> Names:
        with self._lock:
            kept = self._kept.get(text)
        if kept is not None and self._clock() - kept[0] < _FRESH_SECONDS:
            return kept[1]
        if self._remote.session.transaction_id is not None:
            # A question inside the user's transaction could break it.
            return kept[1] if kept is not None else ()
        try:
            names: Names = tuple(dict.fromkeys(str(row[0]) for row in self._remote.fetch(text)))
        except Error:
            names = ()
        with self._lock:
            self._kept[text] = self._clock(), names
        return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
