"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

RETRIED = frozenset({429, 502, 503, 504})
"""Statuses that say "not now". A POST is repeated only for those that say that nothing was taken."""
NOTHING_TAKEN = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often. Times in seconds; `give_up_after` counts from the first failure."""

    max_attempts: int = 30
    give_up_after: float = 60.0
    first_delay: float = 0.05
    longest_delay: float = 5.0
    jitter: Callable[[], float] = field(default=random.random, repr=False, compare=False)

    def delay(
        self,
        *,
        attempt: int,
        failing_for: float,
        repeatable: bool,
        sent: bool,
        status: int | None,
        retry_after: float | None = None,
    ) -> float | None:
        """Seconds to wait before attempt `attempt + 1`, or None to give up.

        `sent` is whether the request may have reached the server; `status` is None when there was no answer.
        """
        if status is not None and status not in RETRIED:
            return None
        if not repeatable and sent and status not in NOTHING_TAKEN:
            return None
        if attempt >= self.max_attempts:
            return None
        wait = min(self.longest_delay, self.first_delay * 2.0 ** (attempt - 1)) * (0.5 + 0.5 * self.jitter())
        if retry_after is not None:
            wait = max(wait, retry_after)
        return None if failing_for + wait > self.give_up_after else wait


NO_RETRIES = RetryPolicy(max_attempts=1)
"""Try once."""
