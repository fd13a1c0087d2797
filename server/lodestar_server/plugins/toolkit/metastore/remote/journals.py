"""Journals of writes over a remote metastore: what is about to happen to a table, beside its rows.

Below `<table>/_lodestar/`, for each write:

- `<id>.alive`: the process that writes, written again every few seconds; also before there is a plan.
- `<id>/…`: rows that wait.
- `<id>.json`: the plan, written once, before the first file moves to its place.
- `<id>.outcome`: done or undone, written once, by whoever is first: the writer when everything is in its place, or
  somebody who has found the writer dead. With it a write of rows has happened, or never will.

What of it is there in the end is deleted in this order: plan, outcome, rows, sign of life. A write to several
partitions leaves `<id>.changed` instead of that of the one before: who reads lists the journal before and after, and
reads again when it is not the same.
"""

from __future__ import annotations

import logging
import math
import uuid
from dataclasses import dataclass, field

from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem, child_of, split_location
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CONCURRENT_MODIFICATION_DETECTED
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.plugins.toolkit.metastore.remote.plans import Plan, is_done, outcome, read_plan
from lodestar_server.plugins.toolkit.metastore.visible import HOME
from lodestar_server.plugins.toolkit.processes import has_ended, this_process
from lodestar_server.plugins.toolkit.renewing import LEASE_SECONDS, Renewer, StoreClock
from lodestar_server.spi.errors import LodestarError

_log = logging.getLogger(__name__)

ALIVE, PLAN, OUTCOME, CHANGED = ".alive", ".json", ".outcome", ".changed"
_LAST_CALL_SECONDS = 2.0
_LEFT = b"left"
"""Instead of a process: it lives, and will not do anything any more."""


@dataclass(slots=True)
class Traces:
    """What lies in a table's journal of one write: files by their ending, and whether rows wait."""

    name: str
    files: dict[str, FileInfo] = field(default_factory=dict)
    staged: bool = False

    @property
    def has_plan(self) -> bool:
        """Something may have moved."""
        return PLAN in self.files

    @property
    def is_decided(self) -> bool:
        """There is an outcome."""
        return OUTCOME in self.files


def state(names: frozenset[str]) -> frozenset[str]:
    """Those of which readers have to know: while they are the same nothing has happened."""
    return frozenset(name for name in names if name.endswith((PLAN, OUTCOME, CHANGED)))


def tells(names: frozenset[str]) -> bool:
    """Whether somebody writes, or has died in it."""
    return not all(name.endswith(CHANGED) for name in names)


class Journals:
    """Of one catalog. Thread-safe."""

    def __init__(self, files: FileSystem, lease_seconds: float = LEASE_SECONDS) -> None:
        self._files = files
        self._lease_seconds = lease_seconds
        self._renewer = Renewer(lease_seconds)
        self._clocks: dict[str, StoreClock] = {}
        self._entries: dict[str, Entry] = {}

    # writing
    def open(self) -> Entry:
        """A write begins; nothing is recorded before it has a place."""
        return Entry(self, self._files, self._renewer)

    def put(self, directory: str, entry: Entry) -> None:
        """Rows of a write wait in this directory."""
        self._entries[directory] = entry

    def drop(self, directory: str) -> None:
        """They wait no more."""
        self._entries.pop(directory, None)

    def entry_of(self, directory: str) -> Entry | None:
        """The write whose rows wait there."""
        return self._entries.get(directory)

    # looking
    def names(self, location: str) -> frozenset[str]:
        """What is in the journal of the table at a location."""
        found = self._files.list(child_of(location, HOME))
        return frozenset(info.name for info in found if not info.name.startswith("."))

    def traces(self, location: str) -> list[Traces]:
        """One for each write that has left any."""
        found: dict[str, Traces] = {}
        for info in self._files.list(child_of(location, HOME)):
            for ending in (ALIVE, PLAN, OUTCOME):
                name = info.name.removesuffix(ending)
                if name != info.name and not info.name.startswith("."):
                    found.setdefault(name, Traces(name)).files[ending] = info
            if info.is_directory:
                found.setdefault(info.name, Traces(info.name)).staged = True
        return list(found.values())

    def plan_of(self, location: str, one: Traces) -> Plan | None:
        """None when there is none (any more)."""
        content = self._files.read(one.files[PLAN].location) if one.has_plan else None
        return None if content is None else read_plan(content, location)

    def is_done(self, one: Traces) -> bool | None:
        """None while nobody has decided. Raises: LookupError when it is gone."""
        if not one.is_decided:
            return None
        content = self._files.read(one.files[OUTCOME].location)
        if content is None:
            raise LookupError(one.name)
        return is_done(content)

    def is_dead(self, location: str, one: Traces) -> bool:
        """Whether its writer will not do anything any more."""
        return self.seconds_left(location, one) <= 0

    def seconds_left(self, location: str, one: Traces) -> float:
        """Until it may be judged; for ever while its writer may live."""
        alive = one.files.get(ALIVE)
        content = None if alive is None else self._files.read(alive.location)
        clock = self._clock(location)
        if content == _LEFT:
            return 0.0
        if content is not None and has_ended(content.decode()):
            # What it has asked the metastore at last may still be on its way.
            return _LAST_CALL_SECONDS - min(map(clock.age, one.files.values())) if one.has_plan else 0.0
        inside = child_of(child_of(location, HOME), one.name)
        last = [*one.files.values(), *(self._files.list_recursively(inside) if alive is None and one.staged else ())]
        return 0.0 if all(clock.age(info) > self._lease_seconds for info in last) else math.inf

    def _clock(self, location: str) -> StoreClock:
        scheme, rest = split_location(location)
        store = f"{scheme}://{rest.lstrip('/').partition('/')[0]}"
        if store not in self._clocks:
            self._clocks[store] = StoreClock(self._files, child_of(location, HOME), ALIVE, _LEFT)
        return self._clocks[store]

    # deciding for the dead
    def decide(self, location: str, name: str, *, done: bool, token: str) -> bool:
        """Write the outcome unless it is there; what was decided."""
        place = child_of(child_of(location, HOME), name + OUTCOME)
        if self._files.write_new(place, outcome(done, token)):
            return done
        content = self._files.read(place)
        return done if content is None else is_done(content)

    def remove(self, location: str, name: str) -> None:
        """All traces of a write that is over."""
        home = child_of(location, HOME)
        for ending in (PLAN, OUTCOME):
            self._files.delete_file(child_of(home, name + ending))
        self._files.delete_tree(child_of(home, name))
        self._files.delete_file(child_of(home, name + ALIVE))


class Entry:
    """The journal of a running write; a `Staging`."""

    def __init__(self, journals: Journals, files: FileSystem, renewer: Renewer) -> None:
        self.name = uuid.uuid4().hex
        self._journals = journals
        self._files = files
        self._renewer = renewer
        self._location: str | None = None
        self._new = False
        self._left = False
        self._planned = False

    @property
    def _home(self) -> str:
        assert self._location is not None
        return child_of(self._location, HOME)

    def place(self, location: str, *, new: bool) -> str:
        """A directory for rows of the table at a location; `new`: the table is not there yet."""
        self._location, self._new = location, new
        sign = child_of(self._home, self.name + ALIVE)
        content = this_process().encode()
        self._files.write(sign, content)
        self._renewer.keep(sign, lambda: self._files.write(sign, content))
        directory = child_of(self._home, self.name)
        self._journals.put(directory, self)
        return directory

    def prepare(self, plan: Plan) -> None:
        """From now on files may move. Raises what the store raises."""
        assert self._location is not None
        self._planned = True
        self._files.write(child_of(self._home, self.name + PLAN), plan.to_bytes(self._location))

    def holds(self) -> bool:
        """Nobody has taken this write for dead."""
        return self._files.find(child_of(self._home, self.name + PLAN)) is not None

    def decide(self) -> None:
        """The rows are there. Raises: HIVE_CONCURRENT_MODIFICATION_DETECTED when somebody has settled it, believing
        the writer dead; OutcomeUnknown."""
        assert self._location is not None
        try:
            done = self._journals.decide(self._location, self.name, done=True, token=self.name)
        except LodestarError as fault:
            raise OutcomeUnknown(
                fault.code, f"{fault.message}; whether the rows were written is not known, nothing was removed"
            ) from fault
        if not done or not self._is_still_mine():
            raise LodestarError(
                HIVE_CONCURRENT_MODIFICATION_DETECTED,
                "The write was silent for too long, and somebody else has settled it",
            )

    def _is_still_mine(self) -> bool:
        # Whoever settles a write removes its plan first, and then the outcome: ours may be the second one.
        try:
            return self.holds()
        except LodestarError as fault:
            raise OutcomeUnknown(fault.code, f"{fault.message}; whether the rows were written is not known") from fault

    def leave_trace(self) -> None:
        """Whoever is reading meanwhile has to read again."""
        old = [info.location for info in self._files.list(self._home) if info.name.endswith(CHANGED)]
        self._files.write(child_of(self._home, self.name + CHANGED), b"")
        for one in old:
            self._files.delete_file(one)

    def finish(self) -> None:
        """Everything is done."""
        self._new = False
        self.close()

    def leave(self) -> None:
        """Whoever comes next decides what is to become of it, and need not wait."""
        self._left = True
        sign = child_of(self._home, self.name + ALIVE)
        self._renewer.drop(sign)
        self._journals.drop(child_of(self._home, self.name))
        try:
            self._files.write(sign, _LEFT)
        except LodestarError as fault:
            _log.warning("A write stays undecided until its lease ends: %s", fault.message)

    def close(self) -> None:
        """Remove the traces. A store that refuses does not change what has happened: the next write tries again."""
        if self._location is None or self._left:
            return
        location, self._location = self._location, None
        home = child_of(location, HOME)
        self._renewer.drop(child_of(home, self.name + ALIVE))
        self._journals.drop(child_of(home, self.name))
        try:
            if self._planned:
                self._journals.remove(location, self.name)
            else:
                self._files.delete_tree(child_of(home, self.name))
                self._files.delete_file(child_of(home, self.name + ALIVE))
            if self._new and all(info.name == HOME for info in self._files.list(location)):
                if not self._files.list(home):
                    self._files.delete_tree(location)
        except LodestarError as fault:
            _log.warning("Traces of a write stay until the next one: %s", fault.message)
