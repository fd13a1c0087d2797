"""What is made of writes whose writers have died: rolled back or forward by whoever meets them.

Each step may be repeated, and done by several at once.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from lodestar_server.plugins.toolkit.files import FileSystem, parent_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CONCURRENT_MODIFICATION_DETECTED
from lodestar_server.plugins.toolkit.metastore.model import Partition, Table
from lodestar_server.plugins.toolkit.metastore.remote.journals import Journals, Traces, state, tells
from lodestar_server.plugins.toolkit.metastore.remote.plans import Kind, Plan
from lodestar_server.plugins.toolkit.metastore.remote.registry import Registry, Values
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.plugins.toolkit.metastore.written import BASIC, QUERY_ID
from lodestar_server.spi.errors import ALREADY_EXISTS, LodestarError

_log = logging.getLogger(__name__)

UNFINISHED = "lodestar.unfinished"
"""A parameter of a table whose partitions are still to be made: the name of its journal."""

_READING_SECONDS = 60.0
_PAUSE = 0.02

T = TypeVar("T")
Described = TypeVar("Described", Table, Partition)


class Recovery:
    """Of one catalog. Thread-safe."""

    def __init__(self, files: FileSystem, registry: Registry, journals: Journals) -> None:
        self._files = files
        self._registry = registry
        self._journals = journals
        self._tried: set[str] = set()

    # readers
    def read(self, table: Table, read: Callable[[Visible], T]) -> T:
        """What `read` finds while nothing of the table changes: rows of a write are all there, or none.

        Raises: HIVE_CONCURRENT_MODIFICATION_DETECTED when writes leave no pause.
        """
        if not table.partition_columns:
            # One listing: it shows the journal, or there is none.
            visible = Visible()
            found = read(visible)
            if not visible.met:
                return found
        deadline = time.monotonic() + _READING_SECONDS
        while time.monotonic() < deadline:
            before = self._journals.names(table.location)
            visible_now = self._visible(table) if tells(before) else Visible()
            if visible_now is not None:
                found = read(visible_now)
                if state(self._journals.names(table.location)) == state(before):
                    return found
            time.sleep(_PAUSE)
        raise LodestarError(HIVE_CONCURRENT_MODIFICATION_DETECTED, f"Table {table.name} changes all the time")

    def _visible(self, table: Table) -> Visible | None:
        """None when something has changed while it was looked at."""
        hidden: list[str] = []
        for one in self._journals.traces(table.location):
            if one.name not in self._tried and self._is_settled(table, one):
                return None
            if not one.has_plan:
                continue
            plan = self._journals.plan_of(table.location, one)
            try:
                done = self._journals.is_done(one)
            except LookupError:
                return None
            if plan is None:
                return None
            if plan.kind is Kind.TABLE:
                done = _is_made_by(table, plan)
            hidden += plan.removes if done else plan.adds
        return Visible(hidden)

    def _is_settled(self, table: Table, one: Traces) -> bool:
        """A reader finds the right rows without: where it may not write, or the store is away, it goes on."""
        try:
            if not self._journals.is_dead(table.location, one):
                return False
            self._tried.add(one.name)
            self._settle(table.location, one, table)
        except LodestarError as fault:
            _log.warning("An unfinished write of %s stays: %s", table.name, fault.message)
            self._tried.add(one.name)
            return False
        return True

    # writers
    def settle(self, table: Table) -> None:
        """Finish or undo what the dead have begun."""
        self._settle_all(table.location, table)

    def settle_place(self, location: str) -> None:
        """The same where a table is to be made."""
        self._settle_all(location, None)

    def _settle_all(self, location: str, table: Table | None) -> None:
        for one in self._journals.traces(location):
            left = self._journals.seconds_left(location, one)
            if left < math.inf:
                time.sleep(max(0.0, left))
                self._settle(location, one, table)

    def finished(self, table: Table) -> Table | None:
        """A table whose partitions were still to be made, with them; None while somebody makes them."""
        name = table.parameters[UNFINISHED]
        for one in self._journals.traces(table.location):
            if one.name == name:
                if not self._journals.is_dead(table.location, one):
                    return None
                self._settle(table.location, one, table)
                break
        else:
            # Its maker has come to the end meanwhile, or its journal was taken away.
            self._registry.alter_table(table.name, without_mark)
        return self._registry.find_table(table.name)

    def _settle(self, location: str, one: Traces, table: Table | None) -> None:
        plan = self._journals.plan_of(location, one)
        if plan is not None:
            if plan.kind is Kind.TABLE:
                table = self._registry.find_table(plan.table)
                if table is not None and _is_made_by(table, plan):
                    self._complete(table, plan)
                else:
                    self._undo(location, plan, None)
            elif self._journals.decide(location, one.name, done=False, token=uuid.uuid4().hex):
                self._finish(plan, table)
            else:
                self._undo(location, plan, table)
            _log.warning("A write of %s by %s, which had died, was settled", plan.table, plan.query_id)
        self._journals.remove(location, one.name)

    def _finish(self, plan: Plan, table: Table | None) -> None:
        if table is not None:
            self.register_missing(table, plan)
        for location in plan.removes:
            self._files.delete_file(location)

    def _complete(self, table: Table, plan: Plan) -> None:
        self.register_missing(table, plan)
        figures = {one.values: one.statistics for one in plan.partitions if one.statistics}
        if figures:
            self._registry.put_partition_figures(table, figures, {})
        if UNFINISHED in table.parameters:
            self._registry.alter_table(table.name, without_mark)

    def register_missing(self, table: Table, plan: Plan) -> None:
        """Partitions that have rows of the write. Somebody who has undone another write may have taken one away."""
        wanted = {one.values: one for one in plan.partitions}
        while wanted:
            known = self._registry.find_partitions(table, list(wanted))
            missing = [one for values, one in wanted.items() if values not in known]
            if not missing:
                return
            try:
                self._registry.add_partitions(table, missing)
                return
            except LodestarError as fault:
                if fault.code is not ALREADY_EXISTS:
                    raise

    def _undo(self, location: str, plan: Plan, table: Table | None) -> None:
        for one in plan.adds:
            self._files.delete_file(one)
        if table is not None:
            self.take_out(table, plan)
            self._restore_figures(table, plan)
        homes = {parent_of(one) for one in plan.adds}
        for home in sorted(homes, key=len, reverse=True):
            self._remove_empty(home, location)

    def _remove_empty(self, directory: str, location: str) -> None:
        while len(directory) > len(location) and self._files.keeps_directories(directory):
            if self._files.find(directory) is None or self._files.list(directory):
                return
            self._files.delete_tree(directory)
            directory = parent_of(directory)

    def take_out(self, table: Table, plan: Plan) -> None:
        """Partitions that the write has made, but for those that somebody else's rows have come to."""
        wanted = [one.values for one in plan.partitions]
        known = self._registry.find_partitions(table, wanted) if wanted else {}
        made = {values: one for values, one in known.items() if one.parameters.get(QUERY_ID) == plan.query_id}
        empty = [values for values, one in made.items() if not self._has_rows(one)]
        if empty:
            self._registry.drop_partitions(table, empty, delete_files=False)
        # Whoever puts rows into a partition looks afterwards whether it is still there, and we look for rows.
        again = tuple(made[values] for values in empty if self._has_rows(made[values]))
        if again:
            self.register_missing(table, replace(plan, partitions=again))

    def _has_rows(self, partition: Partition) -> bool:
        return any(
            not info.is_directory and not info.name.startswith((".", "_"))
            for info in self._files.list(partition.location)
        )

    def _restore_figures(self, table: Table, plan: Plan) -> None:
        of_partitions: dict[Values, Callable[[Partition], Partition]] = {}
        for values, (before, after) in plan.figures.items():
            if values:
                of_partitions[values] = _restoring(before, after)
            else:
                self._registry.alter_table(table.name, _restoring(before, after))
        if of_partitions:
            self._registry.alter_partitions(table, of_partitions)


def basic(parameters: Mapping[str, str]) -> dict[str, str]:
    """The basic figures among them."""
    return {name: parameters[name] for name in BASIC if name in parameters}


def restored(found: Described, before: Mapping[str, str]) -> Described:
    """With these basic figures."""
    kept = {name: value for name, value in found.parameters.items() if name not in BASIC}
    return replace(found, parameters={**kept, **before})


def _restoring(before: Mapping[str, str], after: Mapping[str, str]) -> Callable[[Described], Described]:
    return lambda found: restored(found, before) if basic(found.parameters) == after else found


def _is_made_by(table: Table, plan: Plan) -> bool:
    return table.parameters.get(QUERY_ID) == plan.query_id


def without_mark(table: Table) -> Table:
    """A table that has its partitions."""
    return replace(table, parameters={key: value for key, value in table.parameters.items() if key != UNFINISHED})


def marked(table: Table, journal: str) -> Table:
    """A table whose partitions are still to be made."""
    return replace(table, parameters={**table.parameters, UNFINISHED: journal})
