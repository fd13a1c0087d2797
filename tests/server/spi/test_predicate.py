"""The algebra of domains, against membership of small numbers."""

from __future__ import annotations

import random

import pytest

from lodestar_server.spi.predicate import Domain, Range
from lodestar_server.spi.types import BIGINT

POINTS = [one / 2 for one in range(-1, 22)]
"""Integers, and between them: an open end shows."""


def _domain(random_: random.Random) -> Domain:
    ranges = []
    for _ in range(random_.randrange(4)):
        low, high = sorted(random_.choices(range(11), k=2))
        if low == high:
            ranges.append(Range.equal(low))
        else:
            ends = random_.choice([(low, high), (None, high), (low, None)])
            ranges.append(
                Range(
                    ends[0],
                    ends[0] is not None and random_.random() < 0.5,
                    ends[1],
                    ends[1] is not None and random_.random() < 0.5,
                )
            )
    return Domain.of(BIGINT, ranges, null_allowed=random_.random() < 0.5)


def _members(domain: Domain) -> set[float | None]:
    return {value for value in (None, *POINTS) if domain.contains(value)}


@pytest.mark.parametrize("seed", range(300))
def test_operations_are_those_of_sets(seed: int) -> None:
    random_ = random.Random(seed)
    domains = [_domain(random_) for _ in range(random_.randrange(1, 5))]
    members = [_members(one) for one in domains]
    assert _members(Domain.intersection_of(domains)) == set.intersection(*members)
    assert _members(Domain.union_of(domains)) == set.union(*members)
    complement = domains[0].complement()
    assert complement is not None
    assert _members(complement) == {None, *POINTS} - members[0]


@pytest.mark.parametrize("seed", range(50))
def test_results_are_in_normal_form(seed: int) -> None:
    random_ = random.Random(seed)
    found = _domain(random_).intersect(_domain(random_))
    assert found == Domain.of(found.type, found.ranges, null_allowed=found.null_allowed)


def test_many_exclusions_are_one_domain() -> None:
    outside = [Domain.of(BIGINT, [Range(high=value), Range(low=value)]) for value in range(5000)]
    found = Domain.intersection_of(outside)
    assert len(found.ranges) == 5001
    assert not found.contains(17)
    assert found.contains(5000)
