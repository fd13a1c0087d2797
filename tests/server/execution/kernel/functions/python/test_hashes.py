"""xxHash64 by Parquet's library and by numpy: the same, whichever is there."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from lodestar_server.execution.kernel.functions.python import hashes
from lodestar_server.execution.kernel.functions.python.parquet_hashes import long_hashes, text_hashes


def test_the_library_of_this_pyarrow_is_found() -> None:
    assert long_hashes() is not None
    assert text_hashes() is not None


def test_both_ways_answer_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(7)
    texts = pa.array([chosen.randbytes(chosen.choice([0, 1, 3, 4, 7, 8, 31, 32, 33, 200])) for _ in range(20_000)])
    longs = np.random.default_rng(7).integers(-(2**63), 2**63 - 1, 20_001)

    def answers() -> list[list[int]]:
        columns = (texts, texts[7:19_000], pa.array([b"", None, b"a"]), pa.array([], pa.binary()))
        made = [hashes.hash_texts(column)[column.is_valid()] for column in columns]
        return [one.tolist() for one in (*made, hashes.hash_longs(longs), hashes.hash_longs(longs[1::2]))]

    by_library = answers()
    for name in ("long_hashes", "text_hashes"):
        monkeypatch.setattr(hashes, name, lambda: None)
    assert answers() == by_library
