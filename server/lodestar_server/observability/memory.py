"""Giving memory back to the system. Allocators keep what was freed for the next time; an idle server needs none."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa


def release_memory() -> None:
    """Return free memory of Arrow's and C's allocators. Takes milliseconds; call it off the event loop, when idle."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        # Not in every C library: musl gives memory back by itself.
        if trim is not None:
            trim(0)
