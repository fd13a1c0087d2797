"""The zone of a session: a name that somebody gave has to be one."""

from __future__ import annotations

from lodestar_server.spi import zones
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, NOT_SUPPORTED, LodestarError


def require_zone(name: str) -> str:
    """The canonical name, see `zones.canonical_zone`. Raises: LodestarError(NOT_SUPPORTED), of no name at all an
    internal one.
    """
    if not name:
        raise LodestarError(GENERIC_INTERNAL_ERROR, "Zone id is an empty string")
    found = zones.canonical_zone(name)
    if found is None:
        raise LodestarError(NOT_SUPPORTED, f"Time zone not supported: {name}")
    return found
