"""Errors out of functions of ours that DuckDB calls: it hands on only the text of an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.spi.errors import LodestarError


@contextmanager
def carried_errors() -> Iterator[None]:
    """Inside, a LodestarError leaves with its code in its text, for `engine_error` to find again."""
    try:
        yield
    except LodestarError as error:
        raise ValueError(marked(error.code, error.message)) from error
