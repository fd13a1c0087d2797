"""Which requests are made again, how often and when."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.repeating import Passing, Pauses, repeated, seconds_of_retry_after


class _Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def _failing(times: int, wait: float | None = None):
    async def attempt(number: int) -> int:
        if number <= times:
            raise Passing(StoreError("busy", status=503), wait)
        return number

    return attempt


async def test_ten_refusals_are_absorbed_with_growing_pauses():
    clock = _Clock()
    pauses = Pauses(tries=20, first=0.1, factor=2, longest=1, total=60)
    assert await repeated(_failing(10), pauses, sleep=clock.sleep, clock=clock) == 11
    for number, slept in enumerate(clock.slept):
        planned = min(1, 0.1 * 2**number)
        assert planned / 2 <= slept <= planned


async def test_the_store_says_how_long_to_wait():
    clock = _Clock()
    pauses = Pauses(tries=3, first=0.1, factor=2, longest=1, total=60)
    assert await repeated(_failing(2, 7.0), pauses, sleep=clock.sleep, clock=clock) == 3
    assert clock.slept == [7.0, 7.0]


@pytest.mark.parametrize(
    "pauses",
    [Pauses(tries=3, first=0, factor=1, longest=0, total=60), Pauses(tries=9, first=5, factor=1, longest=5, total=9)],
)
async def test_it_ends_with_the_last_refusal(pauses):
    clock = _Clock()
    with pytest.raises(StoreError, match="busy"):
        await repeated(_failing(99), pauses, sleep=clock.sleep, clock=clock)
    assert len(clock.slept) <= 3


async def test_what_does_not_pass_is_not_repeated():
    async def attempt(number: int) -> None:
        assert number == 1
        raise StoreError("no", status=403)

    with pytest.raises(StoreError, match="no"):
        await repeated(attempt, Pauses(5, 0, 1, 0, 60))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("5", 5.0), ("-1", 0.0), ("soon", None), ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0)],
)
def test_retry_after(header, seconds):
    assert seconds_of_retry_after(header, 100.0) == seconds
