"""Steps of a change over files and a metastore, undone in reverse when the metastore provably refused.

A step whose outcome is unknown stops everything: what the metastore may point to stays where it is, and whoever comes
next finds out from the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from lodestar_server.plugins.toolkit.files import FileSystem, child_of, parent_of
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.plugins.toolkit.metastore.remote.journals import Entry
from lodestar_server.plugins.toolkit.metastore.remote.plans import Plan
from lodestar_server.spi.errors import LodestarError


class Publication:
    """A context manager: an exception inside undoes what was done, until it is decided that the change has happened."""

    def __init__(self, files: FileSystem, entry: Entry) -> None:
        self._files = files
        self._entry = entry
        self._undo: list[Callable[[], None]] = []
        self._decided = False
        self.is_complete = True
        """Nothing is left to be done for somebody else."""

    @property
    def journal(self) -> str:
        """Its name."""
        return self._entry.name

    def prepare(self, plan: Plan) -> None:
        """First: what is going to happen."""
        self._entry.prepare(plan)

    def move(self, source: str, target: str) -> None:
        """A file or directory; the target must not be there."""
        self._files.make_directory(parent_of(target))
        self._files.rename(source, target)
        self._undo.append(lambda: self._files.rename(target, source))

    def move_files(self, names: Sequence[str], source: str, target: str) -> None:
        """Files from one directory into another."""
        for name in names:
            self.move(child_of(source, name), child_of(target, name))

    def done(self, undo: Callable[[], None]) -> None:
        """Something else was done."""
        self._undo.append(undo)

    def decide(self, *, leaves_trace: bool = False) -> None:
        """The rows are there from now on. `leaves_trace`: readers need more than one listing to see them all.

        Raises: OutcomeUnknown.
        """
        if leaves_trace:
            self._entry.leave_trace()
        self._entry.decide()
        self._decided = True

    def decided(self) -> None:
        """The metastore has decided."""
        self._decided = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is None:
            if self.is_complete:
                self._entry.finish()
            else:
                self._entry.leave()
        elif self._decided or isinstance(fault, OutcomeUnknown) or not self._may_undo(fault):
            self._entry.leave()
        else:
            undone = True
            for undo in reversed(self._undo):
                try:
                    undo()
                except LodestarError as another:
                    undone = False
                    fault.add_note(f"Undoing failed: {another.message}")
            if undone:
                self._entry.close()
            else:
                self._entry.leave()

    def _may_undo(self, fault: BaseException) -> bool:
        """Not what somebody else has settled already, believing the writer dead."""
        try:
            return not self._undo or self._entry.holds()
        except LodestarError as another:
            fault.add_note(f"Undoing failed: {another.message}")
            return False
