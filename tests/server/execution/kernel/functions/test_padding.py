"""Padding makes one value at a time, which nothing can stop: too long ones are refused before."""

from __future__ import annotations

import pytest
from tests.fakes.sink import LocalEngine


@pytest.mark.parametrize(
    "call",
    [
        "lpad(X'00', 2147483647, X'01')",
        "rpad('a', 2000000000, 'b')",
        "rpad(X'00', n, X'01')",
        "TRY(lpad('a', n, 'b'))",
    ],
)
def test_too_long(engine: LocalEngine, call: str) -> None:
    kind, answer = engine.answer(f"SELECT length({call}) FROM (VALUES 2147483647) t (n)")
    assert (kind, answer) == ("error", ("EXCEEDED_FUNCTION_MEMORY_LIMIT Padded value is longer than 536870912",))
