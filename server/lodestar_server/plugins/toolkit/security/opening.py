"""The access control that a catalog's file asks for, for every connector that lets its users choose one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.security.file_rules import FileAccessControl
from lodestar_server.plugins.toolkit.security.read_only import ReadOnlyAccessControl
from lodestar_server.plugins.toolkit.security.rules import Rules
from lodestar_server.plugins.toolkit.security.rules_file import RulesError, read_rules
from lodestar_server.plugins.toolkit.security.rules_source import read_source
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.properties import ConfigGroup, Duration, config
from lodestar_server.spi.security import ALLOW_ALL, ConnectorAccessControl
from lodestar_server.spi.session import Identity

_SOURCE = "Trino: lib/trino-plugin-toolkit"
_CONFIG_FILE = "security.config-file"


class FileSecurityConfig(ConfigGroup):
    """Where the rules of a catalog are."""

    file: str | None = config(
        _CONFIG_FILE, default=None, doc="JSON of the catalog's rules: a path, or an http(s) address", source=_SOURCE
    )
    refresh_period: Duration | None = config(
        "security.refresh-period", default=None, minimum="1ms", doc="It is read again after it", source=_SOURCE
    )
    pointer: str = config(
        "security.json-pointer", default="", doc="Where in the JSON the rules are (RFC 6901)", source=_SOURCE
    )


SETTINGS: tuple[type[ConfigGroup], ...] = (FileSecurityConfig,)


class CatalogSecurity:
    """What users may do in a catalog, when the connector does not decide it itself."""

    controls_access = False
    """Something may be refused."""

    manages_owners = True
    """The catalog has owners and roles; else the server would have them."""

    def access(self, identity: Identity) -> ConnectorAccessControl:
        """What one user may do."""
        return ALLOW_ALL


OPEN = CatalogSecurity()


class SystemSecurity(CatalogSecurity):
    """The server decides."""

    manages_owners = False


class ReadOnlySecurity(CatalogSecurity):
    """Nobody changes anything."""

    controls_access = True

    def access(self, identity: Identity) -> ConnectorAccessControl:
        return ReadOnlyAccessControl()


class FileSecurity(CatalogSecurity):
    """Rules of a file or an HTTP address, read at the start and again after the refresh period."""

    controls_access = True

    def __init__(
        self,
        source: FileSecurityConfig,
        kind: type[FileAccessControl] = FileAccessControl,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`kind`: what decides by the rules. `clock` in seconds. Raises: RulesError."""
        self._source = source
        self._kind = kind
        self._clock = clock
        self._lock = threading.Lock()
        self._failed_at: float | None = None
        self._fault = ""
        self._read_at = clock()
        self._rules = _read(source)

    def access(self, identity: Identity) -> ConnectorAccessControl:
        """Raises: GENERIC_INTERNAL_ERROR when the file has become wrong: old rules do not go on."""
        return self._kind(self._current(), identity)

    def _current(self) -> Rules:
        period, arrived = self._source.refresh_period, self._clock()
        if period is None or arrived - self._read_at < period:
            return self._rules
        with self._lock:
            # Who has waited here takes what was found meanwhile, rules or the fault.
            if self._failed_at is not None and self._failed_at > arrived:
                raise LodestarError(GENERIC_INTERNAL_ERROR, self._fault)
            if self._clock() - self._read_at >= period:
                self._read_again()
            return self._rules

    def _read_again(self) -> None:
        try:
            self._rules = _read(self._source)
        except RulesError as fault:
            self._fault = f"Invalid JSON file '{self._source.file}': {fault}"
            self._failed_at = self._clock()
            raise LodestarError(GENERIC_INTERNAL_ERROR, self._fault) from None
        self._read_at, self._failed_at = self._clock(), None


def _read(source: FileSecurityConfig) -> Rules:
    assert source.file is not None
    return read_rules(read_source(source.file), source.pointer)


def catalog_security(
    reading: CatalogReading, kind: str, by_rules: type[FileAccessControl] = FileAccessControl
) -> CatalogSecurity:
    """The access control of a kind: allow-all, system, read-only or file, in any case and with _ for -.

    What is wrong with the settings or the file is told to `reading`. A kind that is the connector's own is open here:
    the connector does not ask.
    """
    chosen = kind.lower().replace("_", "-")
    if chosen == "read-only":
        return ReadOnlySecurity()
    if chosen == "system":
        return SystemSecurity()
    if chosen != "file":
        return OPEN
    source = reading.group(FileSecurityConfig)
    if source is None:
        return OPEN
    if source.file is None:
        reading.fault(_CONFIG_FILE, "must be set: it names the file of the rules")
    else:
        try:
            return FileSecurity(source, by_rules)
        except RulesError as error:
            for one in error.faults:
                reading.fault(_CONFIG_FILE, f"{source.file}: {one}")
    return OPEN
