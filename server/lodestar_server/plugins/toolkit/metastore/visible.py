"""Which files of a table's directories are rows of it now."""

from __future__ import annotations

from collections.abc import Iterable

from lodestar_server.plugins.toolkit.files import FileInfo, split_location

HOME = "_lodestar"
"""A directory in a table's own: what writes to it are about to do. Engines that read Hive's tables skip its name."""


class Visible:
    """What a reader makes of a listing. `hidden`: locations of files that are not there yet, or not any more."""

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        self._hidden = frozenset(map(_path, hidden))
        self.met = False
        """A listing has shown that somebody writes, or has written."""

    def shown(self, found: list[FileInfo]) -> list[FileInfo]:
        """Those that are rows, and directories."""
        kept = []
        for info in found:
            if info.name == HOME:
                self.met = True
            elif not self._hidden or _path(info.location) not in self._hidden:
                kept.append(info)
        return kept


def _path(location: str) -> str:
    # A metastore may write `file:///a` where somebody has told it `file:/a`.
    return split_location(location)[1].lstrip("/")
