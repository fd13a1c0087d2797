"""What a lane says of itself: skipped with a reason, or failed with one."""

from __future__ import annotations

import sys
from collections.abc import Callable

SKIPPED = 77
"""The exit code of a lane that the machine cannot carry."""


class Skip(Exception):
    """Something that the lane needs is not here; the message says what."""


class Failed(Exception):
    """The lane's claim does not hold; the message says where."""


def run_lane(main: Callable[[], None]) -> None:
    """Run a lane's main function as a process: prints the reason and ends with 0, 1 or SKIPPED."""
    try:
        main()
    except Skip as reason:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)
    except Failed as reason:
        print(f"FAILED: {reason}")
        sys.exit(1)
    sys.exit(0)
