"""xxHash64 of many values by the Parquet library that pyarrow brings: what its Bloom filters hash with.

The library is not made for Python: its methods are found by their C++ names. Where one is missing, or does not answer
what xxHash64 answers, there is None, and numpy hashes.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

_LONGS, _TEXTS = (
    f"_ZNK7parquet8XxHasher6HashesEPK{kind}iPm"  # void XxHasher::Hashes(const kind*, int, uint64_t*) const
    for kind in ("l", "NS_9ByteArrayE")
)
TEXT = np.dtype([("size", "<u4"), ("gap", "<u4"), ("at", "<u8")])
"""Parquet's ByteArray: how many bytes, and where they are."""

Hashes = Callable[[Any, Any], None]
"""From contiguous values into as many uint64."""


@cache
def long_hashes() -> Hashes | None:
    """Of int64 or uint64 numbers."""
    return _checked(
        _LONGS, np.array([0, 1, -1], np.int64), [0x34C96ACDCADB1BBB, 0x9F29CB17A2A49995, 0x85D136ADB773C6C9]
    )


@cache
def text_hashes() -> Hashes | None:
    """Of texts, as `TEXT`: who calls keeps their bytes."""
    raw = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", np.uint8)
    texts = np.array([(0, 0, raw.ctypes.data), (3, 0, raw.ctypes.data), (36, 0, raw.ctypes.data)], TEXT)
    return _checked(_TEXTS, texts, [0xEF46DB3751D8E999, 0x44BC2CF5AD770999, 0x64F23ECF1609B766])


def _checked(name: str, values: Any, expected: list[int]) -> Hashes | None:
    method = getattr(_library(), name, None)
    if method is None:
        return None
    method.argtypes, method.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p), None
    # The hasher has no fields, so any place will do for it.
    hasher = ctypes.create_string_buffer(ctypes.sizeof(ctypes.c_void_p))

    def hashed(given: Any, made: Any) -> None:
        method(hasher, given.ctypes.data, len(given), made.ctypes.data)

    made = np.zeros(len(values), np.uint64)
    hashed(values, made)
    return hashed if made.tolist() == expected else None


@cache
def _library() -> ctypes.CDLL | None:
    if sys.platform != "linux" or sys.maxsize < 1 << 32 or sys.byteorder != "little":
        return None
    version = pa.cpp_version_info
    name = f"libparquet.so.{version.major * 100 + version.minor}"
    for folder in pa.get_library_dirs():
        if (Path(folder) / name).exists():
            return ctypes.CDLL(str(Path(folder) / name))
    return None
