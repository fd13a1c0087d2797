"""Sketches: Trino's bytes, and answers within what they promise."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from lodestar_server.execution.kernel.sketches.hashing import hash_bytes, hash_longs
from lodestar_server.execution.kernel.sketches.hyperloglog import HyperLogLog, count_distinct
from lodestar_server.execution.kernel.sketches.qdigest import QDigest, from_sortable_doubles, sortable_doubles
from lodestar_server.execution.kernel.sketches.set_digest import SetDigest
from lodestar_server.execution.kernel.sketches.tdigest import TDigest


def test_hashes_are_trinos() -> None:
    assert hash_longs(np.array([1, 2, 3])).tolist() == [19144387141682250, -2447670524089286488, 6574508035858270988]
    assert hash_bytes(b"a") == -8839064797231613815


def test_a_small_log_is_a_list() -> None:
    made = HyperLogLog.of(hash_longs(np.arange(1, 4))).serialize()
    assert base64.b64encode(made) == b"AgwDAIADRAAAWD1bgCAI3g=="


@pytest.mark.parametrize("count", [3, 400, 1000, 9000, 300_000])
def test_a_log_counts_within_its_error_and_survives_its_bytes(count: int) -> None:
    log = HyperLogLog.of(hash_longs(np.arange(count)))
    assert log.cardinality() == pytest.approx(count, rel=0.05)
    assert HyperLogLog.deserialize(log.serialize()).serialize() == log.serialize()


def test_logs_merge_whatever_their_form() -> None:
    hashes = hash_longs(np.arange(2000))
    whole = HyperLogLog.of(hashes).serialize()
    for cut in (10, 1000):
        left, right = HyperLogLog.of(hashes[:cut]), HyperLogLog.of(hashes[cut:])
        left.merge(right)
        assert left.serialize() == whole


def test_a_tdigest_of_trino() -> None:
    digest = TDigest.of(np.arange(1.0, 301.0), np.ones(300))
    assert [digest.value_at(q) for q in (0, 0.25, 0.5, 0.75, 1)] == [1.0, 75.5, 150.5, 225.5, 300.0]
    assert TDigest.deserialize(digest.serialize()).serialize() == digest.serialize()


@pytest.mark.parametrize("count", [100, 100_000])
def test_a_qdigest_stays_within_its_accuracy(count: int) -> None:
    values = np.random.default_rng(7).integers(-(10**9), 10**9, count)
    digest = QDigest.deserialize(QDigest.of(values, np.ones(count, dtype=np.int64), 0.01).serialize())
    ranks = np.sort(values)
    for quantile in (0.1, 0.5, 0.9):
        assert np.searchsorted(ranks, digest.value_at(quantile)) / count == pytest.approx(quantile, abs=0.01)
    assert digest.total == count


def test_sortable_doubles_keep_the_order() -> None:
    values = np.array([-np.inf, -2.0, -0.5, 0.0, 1e-300, 1.5, np.inf])
    coded = sortable_doubles(values)
    assert (np.diff(coded) > 0).all()
    assert from_sortable_doubles(coded).tolist() == values.tolist()


def test_sets_are_compared_by_their_smallest_hashes() -> None:
    one, other = (SetDigest.of(hash_longs(np.array(values))) for values in ([1, 2], [2, 3]))
    assert one.jaccard_index(other) == 0.5
    assert one.intersection_cardinality(other) == 1
    assert SetDigest.union([one, other]).cardinality() == 3


@pytest.mark.parametrize("index_bits", [4, 12, 16])
def test_groups_are_counted_as_logs_of_their_own(index_bits: int) -> None:
    sizes = [0, 1, 7, 500, 511, 512, 40_000, 20_000]
    values = np.concatenate([np.arange(size) % (300 if size == 20_000 else 10**6) for size in sizes])
    hashes = hash_longs(values)
    ends = np.cumsum(sizes)
    expected = []
    for size, end in zip(sizes, ends.tolist(), strict=True):
        log = HyperLogLog(index_bits, {})
        # Some at a time, so that the list grows into buckets.
        for start in range(end - size, end, 400):
            log.add(hashes[start : min(start + 400, end)])
        expected.append(log.cardinality())
    assert (
        count_distinct(values, ends - sizes, ends, lambda part: hash_longs(part).view(np.uint64), index_bits)
        == expected
    )
