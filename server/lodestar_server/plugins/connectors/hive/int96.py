"""Timestamps in Parquet's old form, with all their digits, of any year.

pyarrow reads them as microseconds, which cuts digits off, or as nanoseconds, which wrap around outside of 1677 to
2262. Both together tell the value: the nanoseconds within a microsecond are the difference of the two, modulo 2^64.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.spi.types import TimestampType
from lodestar_server.spi.types.arrow import arrow_type

MICROSECONDS = 6
"""Up to this precision the microseconds are enough, but for rounding to it."""


def int96_columns(file: pq.ParquetFile) -> frozenset[str]:
    """Paths of the columns in the old form; that of a column that is not nested is its name."""
    schema = file.schema
    columns = (schema.column(i) for i in range(len(schema)))
    return frozenset(column.path for column in columns if column.physical_type == "INT96")


def exact_timestamps(micros: pa.Array, nanos: pa.Array, wanted: TimestampType) -> pa.Array:
    """An array of `arrow_type(wanted)` from the same column read in both units; precision 6 or more."""
    missing = micros.is_null().to_numpy(zero_copy_only=False)
    whole = micros.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    fine = nanos.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    rest = fine.view(np.uint64) - whole.view(np.uint64) * np.uint64(1000)
    if wanted.precision <= MICROSECONDS:
        rounded = whole + (rest >= 500)
        return pa.array(rounded, pa.int64(), mask=missing).cast(arrow_type(wanted))
    step = 10 ** (9 - min(wanted.precision, 9))
    places = (rest.astype(np.int64) + step // 2) // step * step
    whole, places = whole + places // 1000, places % 1000
    target = arrow_type(wanted)
    parts = [
        pa.array(whole, pa.int64(), mask=missing).cast(pa.timestamp("us")),
        pa.array((places * 1000).astype(np.int32), pa.int32(), mask=missing),
    ]
    return pa.StructArray.from_arrays(parts, fields=list(target), mask=micros.is_null())
