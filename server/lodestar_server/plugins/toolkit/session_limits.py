"""Limits of session properties that several connectors have, checked when SET SESSION names a value.

Source: answers of Trino 476.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lodestar_server.spi.properties import DataSize
from lodestar_server.spi.types.numbers import double_text

_Check = Callable[[str, Any], None]


def between(low: int, high: int, *, shown: bool = True) -> _Check:
    """A whole number; `shown`: the message ends with the value."""

    def check(name: str, value: int) -> None:
        if not low <= value <= high:
            raise ValueError(f"{name} must be between {low} and {high}" + (f": {value}" if shown else ""))

    return check


def percentage(name: str, value: float) -> None:
    """Of files, or of rows."""
    if not 0 <= value <= 100:
        raise ValueError(f"{name} must be between 0.0 and 100.0 inclusive: {double_text(value)}")


def split_weight(name: str, value: float) -> None:
    """A part of a whole split, but not nothing."""
    if not 0 < value <= 1:
        raise ValueError(f"{name} must be > 0 and <= 1.0: {double_text(value)}")


def sized(least: str | None, most: str) -> _Check:
    """A data size, given as its text."""

    def check(name: str, text: str) -> None:
        size = DataSize.parse(text)
        if least is not None and size < DataSize.parse(least):
            raise ValueError(f"{name} must be at least {least}: {text}")
        if size > DataSize.parse(most):
            raise ValueError(f"{name} must be at most {most}: {text}")

    return check


PARQUET_LIMITS: Mapping[str, _Check] = {
    "parquet_max_read_block_row_count": between(128, 65_536),
    "parquet_writer_page_value_count": between(1_000, 200_000),
    "parquet_writer_page_size": sized("8kB", "8MB"),
    "parquet_writer_block_size": sized(None, "2GB"),
    "parquet_small_file_threshold": sized(None, "15MB"),
}


def limited(name: str, check: _Check, decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The decoding of a property, with its limits. Raises: ValueError."""

    def decode_within(value: Any) -> Any:
        decoded = decode(value)
        check(name, decoded)
        return decoded

    return decode_within


def lower_names(name: str) -> Callable[[Sequence[str | None]], tuple[str, ...]]:
    """The decoding of a list of names. Raises: ValueError."""

    def decode(names: Sequence[str | None]) -> tuple[str, ...]:
        if not all(names):
            raise ValueError(f"Invalid null or empty value in {name} property")
        return tuple(str(one).lower() for one in names)

    return decode
