from __future__ import annotations

from tests.fakes.clock import ManualClock

from lodestar_server.plugins.toolkit.metastore.thrift.addresses import LONGEST_PAUSE, Addresses

A, B, C = ("a", 1), ("b", 1), ("c", 1)


def test_the_first_is_preferred() -> None:
    assert Addresses([A, B, C]).ordered() == [A, B, C]


def test_one_that_fails_goes_behind_those_that_work() -> None:
    addresses = Addresses([A, B, C], ManualClock())
    addresses.fails(A)
    assert addresses.ordered() == [B, C, A]
    addresses.fails(B)
    assert addresses.ordered()[0] == C


def test_one_that_works_again_is_first_again() -> None:
    addresses = Addresses([A, B], ManualClock())
    addresses.fails(A)
    addresses.works(A)
    assert addresses.ordered() == [A, B]


def test_all_fail_and_the_one_with_the_shortest_pause_is_tried() -> None:
    clock = ManualClock()
    addresses = Addresses([A, B], clock)
    for _ in range(3):
        addresses.fails(A)
    addresses.fails(B)
    assert addresses.ordered() == [B, A]
    clock.advance(LONGEST_PAUSE)
    assert set(addresses.ordered()) == {A, B}
