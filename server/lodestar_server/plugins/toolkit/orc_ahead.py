"""Stripes of an ORC file in a store, several at once: each reader waits for one range after the other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import pyarrow as pa

MOST_AHEAD = 4
_BYTES_AHEAD = 64 << 20


def stripes_ahead(file_bytes: int, stripes: int) -> int:
    """How many stripes are read side by side, so that what waits for its turn stays small."""
    return max(1, min(MOST_AHEAD, stripes, _BYTES_AHEAD * stripes // max(1, file_bytes)))


def read_stripes(
    open_file: Callable[[], Any], stripes: Sequence[int], names: Sequence[str], ahead: int
) -> Iterator[tuple[int, Callable[[], pa.RecordBatch]]]:
    """Numbers of stripes in their order, each with a call that waits for its rows and raises what reading has raised.

    `open_file` gives a `pyarrow.orc.ORCFile` for one thread alone. Closing the iterator waits for what is under way.
    """
    own = threading.local()

    def read(stripe: int) -> pa.RecordBatch:
        if not hasattr(own, "file"):
            own.file = open_file()
        return own.file.read_stripe(stripe, columns=list(names))

    pool = ThreadPoolExecutor(ahead, thread_name_prefix="orc-stripes")
    try:
        rest = iter(stripes)
        under_way: deque[tuple[int, Future[pa.RecordBatch]]] = deque()
        for stripe in islice(rest, ahead):
            under_way.append((stripe, pool.submit(read, stripe)))
        while under_way:
            stripe, reading = under_way.popleft()
            yield stripe, reading.result
            following = next(rest, None)
            if following is not None:
                under_way.append((following, pool.submit(read, following)))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
