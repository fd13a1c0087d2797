"""Steps of a change over files and a metastore, undone in reverse when the metastore provably refused.

A step whose outcome is unknown stops everything: what the metastore may point to stays where it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from lodestar_server.plugins.toolkit.files import FileSystem, child_of, parent_of
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.spi.errors import LodestarError


class Publication:
    """A context manager: an exception inside undoes what was done.

    `holder`: a directory for what goes aside; in the end it is deleted, unless something in it may be needed.
    """

    def __init__(self, files: FileSystem, holder: str) -> None:
        self._files = files
        self._holder = holder
        self._numbers = itertools.count(1)
        self._discarded = False
        self._undo: list[Callable[[], None]] = []

    def move(self, source: str, target: str) -> None:
        """A file or directory; the target must not be there."""
        self._files.make_directory(parent_of(target))
        self._files.rename(source, target)
        self._undo.append(lambda: self._files.rename(target, source))

    def move_files(self, names: Sequence[str], source: str, target: str) -> None:
        """Files from one directory into another."""
        for name in names:
            self.move(child_of(source, name), child_of(target, name))

    def discard(self, location: str) -> None:
        """A file that is no longer wanted goes aside."""
        self._discarded = True
        self.move(location, child_of(self._holder, str(next(self._numbers))))

    def done(self, undo: Callable[[], None]) -> None:
        """Something else was done."""
        self._undo.append(undo)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(fault, OutcomeUnknown):
            return
        undone = True
        for undo in () if fault is None else reversed(self._undo):
            try:
                undo()
            except LodestarError as another:
                undone = False
                assert fault is not None
                fault.add_note(f"Undoing failed: {another.message}")
        if undone and self._discarded:
            self._files.delete_tree(self._holder)
