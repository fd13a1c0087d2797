"""Query ids and the slugs that make their URIs secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from datetime import datetime

_COORDINATOR_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def make_coordinator_id() -> str:
    """Five characters, fixed for the life of a process."""
    return "".join(secrets.choice(_COORDINATOR_ALPHABET) for _ in range(5))


class QueryIds:
    """Hands out `YYYYMMDD_HHMMSS_NNNNN_ccccc`, unique in a process; the counter begins anew at midnight UTC."""

    def __init__(self, coordinator_id: str) -> None:
        self.coordinator_id = coordinator_id
        self._lock = threading.Lock()
        self._second = ""
        self._counter = 0

    def next(self, now: datetime) -> str:
        """The id of a query created at `now` (UTC)."""
        second = f"{now.year:04}{now.month:02}{now.day:02}_{now.hour:02}{now.minute:02}{now.second:02}"
        with self._lock:
            # A clock that is set back must not hand out an id twice: only a later day starts anew.
            if second[:8] > self._second[:8]:
                self._counter = 0
            self._second = max(second, self._second)
            if self._counter > 99_999:
                self._counter = 0
            found = f"{self._second}_{self._counter:05d}_{self.coordinator_id}"
            self._counter += 1
        return found


class Slugs:
    """The secrets of one query's URIs; each token of each kind of URI has its own."""

    __slots__ = ("_key",)

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, kind: str, token: int) -> str:
        """The slug of a token. `kind` is `queued` or `executing`."""
        # A keyed BLAKE2b is a MAC, and fifty times cheaper than OpenSSL's HMAC on a few bytes.
        text = f"{kind}/{token}".encode()
        return "y" + hashlib.blake2b(text, key=self._key, digest_size=20, usedforsecurity=True).hexdigest()

    def fits(self, kind: str, token: int, slug: str) -> bool:
        """Whether a client may use this URI; takes the same time for every wrong slug."""
        return hmac.compare_digest(self.make(kind, token).encode(), slug.encode("utf-8", "replace"))
