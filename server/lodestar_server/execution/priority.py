"""Who goes first when there is more to do than the machine has cores."""

from __future__ import annotations

import os
import sys
import threading

WORK_NICENESS = 5
"""A third of the event loop's share. With as much as it, and two hundred clients that came at once to one core, the
answers to their first requests took 20 s; so they take 10."""


def go_behind_the_event_loop() -> None:
    """The calling thread, and those that it will start, do the work of queries."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + WORK_NICENESS)
