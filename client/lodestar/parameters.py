"""Statements with parameters: a question mark for each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lodestar.types.literals import literal, text_literal


def execute_immediate(text: str, parameters: Sequence[Any]) -> str:
    """The statement with its values: `EXECUTE IMMEDIATE '…' USING …`. Raises: DataError, NotSupportedError."""
    return f"EXECUTE IMMEDIATE {text_literal(text)} USING {', '.join(map(literal, parameters))}"
