"""Which process wrote something, and whether it has ended: what a dead one has left need not wait for its lease.

Only the processes of this machine since its start, seen from the same place (namespace), can be judged; of all others
nothing is known.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_GONE = "ZX"
"""States of a process that does nothing any more."""


def this_process() -> str:
    """Names this process among all that ever were; empty where the system does not tell."""
    here, number = _here(), os.getpid()
    started = _started(number)
    return "" if not here or started is None else f"{here} pid {number} {started}"


def has_ended(process: str) -> bool:
    """Whether a process that `this_process` named has certainly ended. False when nobody can tell from here."""
    here, _, rest = process.rpartition(" pid ")
    known, _, began = rest.partition(" ")
    if not here or here != _here() or not known.isdigit():
        return False
    number = int(known)
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    started = _started(number)
    return started is not None and started != began


@functools.cache
def _here() -> str:
    try:
        return f"{_BOOT.read_text().strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return ""


def _started(number: int) -> str | None:
    """When it began, in ticks since the machine's start; "ended" when it only waits to be forgotten."""
    try:
        # The name of the program may have blanks and brackets in it.
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "ended" if fields[0] in _GONE else fields[19]
