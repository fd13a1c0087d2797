"""Columns of decimals as big-endian numbers in two's complement, of one length or as short as they may be.

Source: java.math.BigInteger.toByteArray, for how short that is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

Digits = np.ndarray[Any, np.dtype[np.uint8]]
Places = np.ndarray[Any, np.dtype[np.int64]]


def width_of(precision: int) -> int:
    """Bytes that any number of so many decimal digits fits in."""
    return int(10**precision).bit_length() // 8 + 1


def digits_of(values: pa.Array, width: int) -> Digits:
    """decimal128 as a matrix with `width` bytes a row; the rows of nulls hold anything."""
    if not len(values):
        return np.empty((0, width), np.uint8)
    numbers = np.frombuffer(values.buffers()[1], np.uint8).reshape(-1, 16)
    return numbers[values.offset : values.offset + len(values), width - 1 :: -1]


def first_digits(digits: Digits) -> Places:
    """Where each number begins when what its sign says anyway is left out; the first digit shows the sign."""
    negative = (digits[:, 0] & 0x80) != 0
    said = digits == np.where(negative, 0xFF, 0).astype(np.uint8)[:, None]
    said[:, -1] = False
    first: Places = np.argmin(said, axis=1)
    first -= ((digits[np.arange(len(digits)), first] & 0x80) != 0) != negative
    return first


def shortest(values: pa.Array) -> pa.Array:
    """Bytes of decimals without nulls."""
    width = width_of(values.type.precision)
    digits = digits_of(values, width)
    first = first_digits(digits)
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(width - first, out=offsets[1:])
    content = digits[np.arange(width) >= first[:, None]]
    return pa.Array.from_buffers(
        pa.binary(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(content))]
    )
