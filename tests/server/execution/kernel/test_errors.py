"""What DuckDB raises, at once or out of a stream, as errors of ours."""

from __future__ import annotations

import duckdb
import pytest
from tests.fakes.sink import LocalEngine

from lodestar_server.execution.kernel.errors import breaks_instance, engine_error
from lodestar_server.spi.errors import (
    DIVISION_BY_ZERO,
    EXCEEDED_LOCAL_MEMORY_LIMIT,
    INVALID_CAST_ARGUMENT,
    NUMERIC_VALUE_OUT_OF_RANGE,
    ErrorCode,
    LodestarError,
)

FROM_STREAM = [
    ("Invalid Input Error: Division by zero in expression (1 % c1). Use TRY(...)", DIVISION_BY_ZERO),
    ("Out of Range Error: Overflow in addition of INT32 (2147483647 + 1)!", NUMERIC_VALUE_OUT_OF_RANGE),
    ("Out of Memory Error: failed to pin block", EXCEEDED_LOCAL_MEMORY_LIMIT),
    ("Conversion Error: what is new", INVALID_CAST_ARGUMENT),
]


@pytest.mark.parametrize(("text", "code"), FROM_STREAM)
def test_an_error_out_of_a_stream_has_its_class_in_the_text(text: str, code: ErrorCode) -> None:
    made = engine_error(OSError(text))
    assert isinstance(made, LodestarError)
    assert made.code is code


@pytest.mark.parametrize("error", [OSError("disk is gone"), ValueError("Division by zero"), OSError("Error: no")])
def test_what_is_not_duckdbs_stays(error: Exception) -> None:
    assert engine_error(error) is error


def test_an_instance_is_broken_by_what_duckdb_calls_internal_or_fatal() -> None:
    assert breaks_instance(OSError("INTERNAL Error: assertion"))
    assert breaks_instance(duckdb.FatalException("FATAL Error: x"))
    assert not breaks_instance(OSError("Out of Range Error: x"))


def test_a_late_error_keeps_its_name(engine: LocalEngine) -> None:
    with pytest.raises(LodestarError, match="Division by zero"):
        engine.run("SELECT NULLIF(1 % nationkey, nationkey % nationkey) FROM tpch.tiny.nation")
