"""How much memory and disk results may take on this node, all queries together."""

from __future__ import annotations

import threading

from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config


class SpoolConfig(ConfigGroup):
    """Limits of the result spool."""

    memory: DataSize = config(
        "spool.max-memory",
        default="64MB",
        minimum="1MB",
        doc="Memory for results that wait for clients, all queries together.",
        source="Lodestar",
    )
    memory_per_query: DataSize = config(
        "spool.max-memory-per-query",
        default="16MB",
        minimum="64kB",
        doc="Memory for the waiting results of one query; more goes to disk.",
        source="Lodestar",
    )
    disk: DataSize = config(
        "spool.max-disk",
        default="100GB",
        minimum="0B",
        doc="Disk for waiting results, all queries together; when it is full, queries wait for their clients.",
        source="Lodestar",
    )
    patience: Duration = config(
        "spool.patience",
        default="2s",
        minimum="0s",
        doc="How long in all a query waits for a client that is reading before its results go to disk.",
        source="Lodestar",
    )
    directory: str | None = config(
        "spool.directory",
        default=None,
        doc="Directory of the spool files; they are removed at the end and at the next start.",
        source="Lodestar",
    )


class SpoolBudget:
    """Counts bytes; `reserve_…` answer whether there was room. Thread-safe."""

    def __init__(self, memory: int, disk: int) -> None:
        self._lock = threading.Lock()
        self._memory, self._disk = memory, disk
        self.memory_used = 0
        self.disk_used = 0

    def reserve_memory(self, size: int) -> bool:
        """Take memory if it is there."""
        with self._lock:
            if self.memory_used + size > self._memory:
                return False
            self.memory_used += size
            return True

    def force_memory(self, size: int) -> None:
        """Take memory that is already in use; the limit holds for what comes after."""
        with self._lock:
            self.memory_used += size

    def release_memory(self, size: int) -> None:
        """Give memory back."""
        with self._lock:
            self.memory_used -= size

    def reserve_disk(self, size: int) -> bool:
        """Take disk space if it is there."""
        with self._lock:
            if self.disk_used + size > self._disk:
                return False
            self.disk_used += size
            return True

    def release_disk(self, size: int) -> None:
        """Give disk space back."""
        with self._lock:
            self.disk_used -= size
