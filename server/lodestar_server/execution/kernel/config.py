"""Settings of the kernel: memory, threads and spilling of one node."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lodestar_server.spi.properties import ConfigGroup, DataSize, config

if TYPE_CHECKING:
    from lodestar_server.execution.kernel.instances import InstanceLimits

_SHARE = 0.6
"""Of the machine's memory for one query, when nothing else is said."""


class KernelConfig(ConfigGroup):
    """What queries may use on this node."""

    max_memory: DataSize | None = config(
        "query.max-memory-per-node",
        default=None,
        doc="Memory of one query; more is spilled to disk. Without it, three fifths of the machine's memory.",
        source="Trino: admin/properties-resource-management",
    )
    spill_path: str | None = config(
        "spiller-spill-path",
        default=None,
        doc="Directory for spilled data; without it, a directory under node.data-dir.",
        source="Trino: admin/properties-spilling",
    )
    max_spill: DataSize = config(
        "max-spill-per-node",
        default="100GB",
        doc="Disk space for the spilled data of one query.",
        source="Trino: admin/properties-spilling",
    )
    threads: int | None = config(
        "task.max-worker-threads",
        default=None,
        minimum="1",
        doc="Threads that work on one query; without it, one for each processor.",
        source="Trino: admin/properties-task",
    )
    idle_instances: int = config(
        "kernel.idle-instances",
        default="4",
        minimum="0",
        doc="Engine instances kept warm for the next queries.",
        source="Lodestar",
    )
    readers: int = config(
        "kernel.readers-per-scan",
        default="2",
        minimum="1",
        doc="Splits of one table scan that are read at once, where a connector gives pages.",
        source="Lodestar",
    )

    def limits(self, data_dir: Path) -> InstanceLimits:
        """What one instance may use."""
        # Not before the socket answers: configuration is read first of all.
        from lodestar_server.execution.kernel.instances import InstanceLimits

        memory = int(machine_memory() * _SHARE) if self.max_memory is None else int(self.max_memory)
        spill = data_dir / "spill" if self.spill_path is None else Path(self.spill_path)
        return InstanceLimits(memory, spill, int(self.max_spill), self.threads or processors())


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def machine_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its control group's limit when that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            text = limit.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total
