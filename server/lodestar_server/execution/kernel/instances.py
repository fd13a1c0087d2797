"""DuckDB instances: created locked, kept warm, lent to one query at a time.

An instance costs some twenty milliseconds, so a few idle ones are kept, the most recently used first. A query has its
instance alone: its memory limit is the instance's, and a neighbour cannot fail it. Nothing of a query stays behind but
macros and functions, which are ours and the same for everyone.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

from lodestar_server.execution.kernel.functions.macros import macro_definitions, with_dependencies
from lodestar_server.execution.kernel.functions.python.registry import python_functions, with_arity
from lodestar_server.execution.kernel.lowering.functions import StatementFunction
from lodestar_server.execution.kernel.remote import ASYNC_THREADS, REMOTE_ROOT, RemoteReads, file_system
from lodestar_server.execution.priority import go_behind_the_event_loop
from lodestar_server.session import Cancellation
from lodestar_server.spi.errors import SERVER_SHUTTING_DOWN, LodestarError
from lodestar_server.spi.page import FileScan
from lodestar_server.spi.values import frozen

_MEBIBYTE = 1024 * 1024


@frozen
class InstanceLimits:
    """What one instance may use. Sizes in bytes; `spill_bytes` is the room of its temporary files."""

    memory_bytes: int
    spill_directory: Path
    spill_bytes: int
    threads: int


class Instance:
    """One in-memory DuckDB, configured and locked."""

    def __init__(self, limits: InstanceLimits, roots: frozenset[str], number: int) -> None:
        self.roots = roots | {REMOTE_ROOT}
        self.remote: RemoteReads | None = None
        self.broken = False
        self._default_memory = limits.memory_bytes
        self._memory = limits.memory_bytes
        self._default_threads = self._threads = limits.threads
        self._guarded = False
        self._known: set[str] = set()
        self._defined: set[str] = set()
        self._spill = limits.spill_directory / f"instance-{os.getpid()}-{number}"
        self._connection = duckdb.connect(":memory:")
        for statement in _settings(limits, self._spill, self.roots):
            self._connection.execute(statement)

    def cursor(self, memory_bytes: int | None, *, guarded: bool = False, threads: int | None = None) -> Any:
        """A connection for one query with a memory limit and threads of its own (None: the instance's).

        `guarded`: errors inside of TRY stay there.
        """
        width = max(threads or 0, self._default_threads)
        if width != self._threads:
            self._connection.execute(f"SET threads={width}")
            self._threads = width
        wanted = self._default_memory if memory_bytes is None else memory_bytes
        if wanted != self._memory:
            self._connection.execute(f"SET memory_limit='{_size(wanted)}'")
            self._memory = wanted
        if guarded != self._guarded:
            disabled = "common_subexpressions" if guarded else ""
            self._connection.execute(f"SET disabled_optimizers='{disabled}'")
            self._guarded = guarded
        return self._connection.cursor()

    def ensure(self, names: Iterable[str]) -> None:
        """Create the macros and Python functions that a statement names, unless they are there."""
        if self._known.issuperset(names):
            return
        definitions, functions = macro_definitions(), python_functions()
        for name in with_dependencies(names):
            if name in self._known:
                continue
            if name in definitions:
                self._connection.execute(definitions[name])
            elif name in functions:
                function = functions[name]
                self._connection.create_function(
                    name,
                    function.run,
                    list(function.parameters),
                    function.result,
                    type=PythonUDFType.ARROW,
                    null_handling=FunctionNullHandling.SPECIAL,
                )
            self._known.add(name)

    def open_remote(self, scans: Iterable[FileScan], count: Callable[[int], None]) -> None:
        """Let the next statement read files of remote stores."""
        if self.remote is None:
            self.remote = RemoteReads()
            self._connection.register_filesystem(file_system(self.remote))
            self._connection.execute(f"SET async_threads={ASYNC_THREADS}")
        self.remote.begin(scans, count)

    def nested_cursor(self) -> Any:
        """A connection for queries that a function of a running statement asks."""
        return self._connection.cursor()

    def define(self, function: StatementFunction, run: Callable[..., Any]) -> None:
        """Make a function known that belongs to one statement, until `forget`."""
        self._connection.create_function(
            function.name,
            with_arity(run, len(function.parameters)),
            list(function.parameters),
            function.result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=function.volatile,
        )
        self._defined.add(function.name)

    def forget(self, name: str) -> None:
        """Remove a statement's function, if it was defined."""
        if name in self._defined:
            self._defined.discard(name)
            self._connection.remove_function(name)

    def close(self) -> None:
        """Free everything, the spilled files too."""
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)


def _settings(limits: InstanceLimits, spill: Path, roots: frozenset[str]) -> list[str]:
    """Statements in the order in which DuckDB takes them: access is closed and the lock turned last."""
    return [
        "SET TimeZone='UTC'",
        f"SET temp_directory={_literal(str(spill))}",
        f"SET max_temp_directory_size='{_size(limits.spill_bytes)}'",
        f"SET memory_limit='{_size(limits.memory_bytes)}'",
        f"SET threads={limits.threads}",
        "SET async_threads=1",
        # The allocator is one for the process; without threads of its own it gives nothing back while all is idle.
        "SET allocator_background_threads=true",
        # Order is kept where ORDER BY asks for it; without this, streams are nearly twice as fast.
        "SET preserve_insertion_order=false",
        "SET parquet_metadata_cache=true",
        "SET allowed_configs=['async_threads', 'disabled_optimizers', 'memory_limit', 'threads']",
        f"SET allowed_directories=[{', '.join(_literal(root.rstrip('/') + '/') for root in sorted(roots))}]",
        "SET python_enable_replacements=false",
        "SET autoinstall_known_extensions=false",
        "SET autoload_known_extensions=false",
        "SET allow_community_extensions=false",
        "SET allow_persistent_secrets=false",
        "SET enable_external_access=false",
        "SET lock_configuration=true",
    ]


def _size(size_bytes: int) -> str:
    return f"{max(1, size_bytes // _MEBIBYTE)}MiB"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_JOIN_SECONDS = 10.0


@dataclass(slots=True)
class _State:
    idle: list[Instance] = field(default_factory=list)
    created: int = 0
    lent: int = 0
    closed: bool = False


class InstancePool:
    """Lends instances; at most `max_instances` at once, at most `idle_instances` kept warm. Thread-safe.

    `roots` tells the directories that table scans may read now; an instance made before a directory was added is
    replaced when a query needs it.
    """

    def __init__(
        self,
        limits: InstanceLimits,
        *,
        max_instances: int,
        idle_instances: int,
        roots: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._limits = limits
        self._max_instances = max_instances
        self._idle_instances = idle_instances
        self._roots = roots
        self._state = _State()
        self._changed = threading.Condition()
        self._warming: threading.Thread | None = None

    def warm_up(self) -> None:
        """Create the idle instances in the background."""
        self._warming = threading.Thread(target=self._fill, name="kernel-warm-up", daemon=True)
        self._warming.start()

    def _fill(self) -> None:
        go_behind_the_event_loop()
        for _ in range(min(self._idle_instances, self._max_instances)):
            if self._state.closed:
                return
            instance = self._create()
            with self._changed:
                if self._state.closed:
                    instance.close()
                    return
                self._state.idle.insert(0, instance)
                self._changed.notify()

    def _create(self) -> Instance:
        with self._changed:
            self._state.created += 1
            number = self._state.created
        return Instance(self._limits, self._roots(), number)

    def acquire(self, needed: frozenset[str], cancellation: Cancellation) -> Instance:
        """An instance of the caller's own that may read the directories `needed`; waits while all are lent.

        Raises: the cancellation's reason, SERVER_SHUTTING_DOWN after `close`.
        """
        woken = cancellation.on_cancel(self._wake)
        try:
            with self._changed:
                while self._state.lent >= self._max_instances and not self._state.closed:
                    cancellation.check()
                    self._changed.wait()
                cancellation.check()
                if self._state.closed:
                    raise LodestarError(SERVER_SHUTTING_DOWN, "Server is shutting down")
                self._state.lent += 1
                instance = self._state.idle.pop() if self._state.idle else None
        finally:
            woken()
        try:
            if instance is not None and not needed <= instance.roots:
                instance.close()
                instance = None
            return self._create() if instance is None else instance
        except BaseException:
            self._give_back()
            raise

    def release(self, instance: Instance) -> None:
        """Give an instance back; its cursors are closed."""
        with self._changed:
            keep = not (instance.broken or self._state.closed or len(self._state.idle) >= self._idle_instances)
            if keep:
                self._state.idle.append(instance)
        if not keep:
            instance.close()
        self._give_back()

    def _give_back(self) -> None:
        with self._changed:
            self._state.lent -= 1
            self._changed.notify()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Close idle instances now and lent ones when they come back; nobody gets another."""
        with self._changed:
            self._state.closed = True
            idle, self._state.idle = self._state.idle, []
            self._changed.notify_all()
        for instance in idle:
            instance.close()
        # A process must not end while one of its threads is inside the engine: that would abort it.
        if self._warming is not None and self._warming is not threading.current_thread():
            self._warming.join(_JOIN_SECONDS)
