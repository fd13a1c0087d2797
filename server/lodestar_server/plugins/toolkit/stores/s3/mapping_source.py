"""Where security mappings come from: a file or an HTTP address, read again after a while."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from lodestar_server.plugins.toolkit.stores.s3.mapping import (
    CredentialNames,
    S3Mapping,
    S3Standing,
    read_mappings,
    standing_of,
)
from lodestar_server.plugins.toolkit.stores.s3.settings import S3MappingSettings
from lodestar_server.spi.errors import ErrorCode, LodestarError
from lodestar_server.spi.session import Identity

_TIMEOUT = 10
_REMEMBERED = 1000
_Asked = tuple[str, frozenset[str], tuple[str | None, ...]]


def load_mappings(settings: S3MappingSettings) -> tuple[S3Mapping, ...]:
    """The mappings that the settings name. Raises: ValueError."""
    return read_mappings(_content(settings), settings.pointer)


def _content(settings: S3MappingSettings) -> bytes:
    try:
        if settings.file is not None:
            return Path(settings.file).read_bytes()
        assert settings.uri is not None
        if not settings.uri.startswith(("http://", "https://")):
            raise ValueError(f"s3.security-mapping.config-uri is not an HTTP address: {settings.uri}")
        with urllib.request.urlopen(settings.uri, timeout=_TIMEOUT) as answer:
            content: bytes = answer.read()
            return content
    except OSError as fault:
        raise ValueError(f"S3 security mappings cannot be read: {fault}") from fault


class MappingSource:
    """What somebody's standing is now. Thread-safe. `now`: seconds of a clock."""

    def __init__(self, settings: S3MappingSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._names = CredentialNames.of(settings)
        self._now = now
        self._lock = threading.Lock()
        self._mappings: tuple[S3Mapping, ...] | None = None
        self._read_at = 0.0
        self._standings: OrderedDict[_Asked, S3Standing] = OrderedDict()

    def load(self) -> None:
        """Read the mappings. Raises: ValueError."""
        with self._lock:
            self._load()

    def _load(self) -> None:
        self._mappings = load_mappings(self._settings)
        self._read_at = self._now()
        self._standings.clear()

    def standing(self, identity: Identity, error: ErrorCode) -> S3Standing:
        """Raises: `error` when it is time to read them again and they cannot be: old ones may have been revoked."""
        asked = (identity.user, identity.groups, self._names.given(identity))
        with self._lock:
            period = self._settings.refresh_period
            if self._mappings is None or (period is not None and self._now() - self._read_at >= period):
                try:
                    self._load()
                except ValueError as fault:
                    raise LodestarError(error, str(fault)) from fault
            assert self._mappings is not None
            found = self._standings.pop(asked, None) or standing_of(self._mappings, identity, self._names)
            self._standings[asked] = found
            if len(self._standings) > _REMEMBERED:
                self._standings.popitem(last=False)
            return found
