"""The properties of one catalog file while a factory reads them: which were used, and every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from lodestar_server.spi.plugin import ConfigurationError, load_group
from lodestar_server.spi.properties import ConfigGroup

G = TypeVar("G", bound=ConfigGroup)


class CatalogReading:
    """Groups of settings are taken one after another; `finish` tells what is wrong with all of them."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self.properties = properties
        self._used: set[str] = set()
        self._known: list[str] = []
        self._faults: list[tuple[str | None, str]] = []

    def group(self, group: type[G]) -> G | None:
        """A group's values; None when one of them is wrong, which `finish` will tell."""
        self._known.extend(setting.key for setting in group.settings)
        try:
            return load_group(group, self.properties, used=self._used)
        except ConfigurationError as fault:
            self._faults.extend(fault.faults)
            self._used.update(key for key, _ in fault.faults if key is not None)
            return None

    def fault(self, key: str | None, message: str) -> None:
        """Something is wrong with a key, or with several together (None)."""
        self._faults.append((key, message))

    def finish(self) -> None:
        """Raises: ConfigurationError with every fault, keys that nobody took among them."""
        for key in self.properties:
            if key not in self._used:
                near = get_close_matches(key, self._known, n=1, cutoff=0.75)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                self._faults.append((key, f"Configuration property '{key}' was not used{hint}"))
        if self._faults:
            raise ConfigurationError(self._faults)
