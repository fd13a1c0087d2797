"""Isolation levels of transactions."""

from __future__ import annotations

from lodestar_server.spi.errors import UNSUPPORTED_ISOLATION_LEVEL, LodestarError

LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
"""From weak to strong."""


def check_isolation(supported: str, requested: str) -> None:
    """Raises: UNSUPPORTED_ISOLATION_LEVEL when the connector is weaker than what is asked."""
    if LEVELS.index(requested) > LEVELS.index(supported):
        raise LodestarError(
            UNSUPPORTED_ISOLATION_LEVEL,
            f"Connector supported isolation level {supported} does not meet requested isolation level {requested}",
        )
