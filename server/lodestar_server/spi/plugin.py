"""The one door: what an entry point in `lodestar.connectors` gives, and what the engine hands to it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lodestar_server.spi.beans import BeanSource
from lodestar_server.spi.properties import ConfigGroup
from lodestar_server.spi.values import frozen

if TYPE_CHECKING:
    # Configuration is read with this module: the libraries behind pages have to wait until the socket answers.
    from lodestar_server.spi.connector import Connector

G = TypeVar("G", bound=ConfigGroup)


@frozen
class ConnectorContext:
    """What a connector may know of its node.

    `data_dir` is a directory of its own for caches and state, made by the connector when it needs it. `beans` are the
    node's counters, for the jmx connector.
    """

    catalog: str
    node_id: str
    node_version: str
    environment: str
    data_dir: Path
    beans: BeanSource | None = None


class ConnectorFactory(Protocol):
    """An entry point names an object like this one; its module imports heavy libraries inside `create`."""

    name: str

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """What a catalog's file may set: for people who ask what a property means."""
        ...

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Configure a catalog. `properties` are those of its file without connector.name, secrets resolved.

        Raises: ConfigurationError with every fault at once.
        """
        ...


class ConfigurationError(Exception):
    """Faults of one properties file: (key or None, message) each."""

    def __init__(self, faults: list[tuple[str | None, str]]) -> None:
        super().__init__("; ".join(f"{key}: {message}" if key else message for key, message in faults))
        self.faults = faults


def load_group(group: type[G], properties: Mapping[str, str], *, used: set[str] | None = None) -> G:
    """Make a ConfigGroup from text properties.

    Keys that the group does not know are faults, unless `used` is given: then they are left for other groups and
    `used` collects the keys that were read. Raises: ConfigurationError with every fault.
    """
    faults: list[tuple[str | None, str]] = []
    values: dict[str, Any] = {}
    known: set[str] = set()
    for setting in group.settings:
        given = [key for key in (setting.key, *setting.legacy) if key in properties]
        known.update(given)
        if len(given) > 1:
            faults.append((given[1], f"is the old name of '{given[0]}'; set only one of them"))
        elif given:
            try:
                values[setting.attribute] = setting.decode(properties[given[0]])
            except ValueError as fault:
                shown = "" if setting.secret else f" (value '{properties[given[0]]}')"
                faults.append((given[0], f"{fault}{shown}"))
        elif setting.required:
            faults.append((setting.key, "is required and has no value"))
    for key in properties:
        if key in group.defunct:
            faults.append((key, f"is no longer supported: {group.defunct[key]}"))
        elif key not in known and used is None:
            faults.append((key, f"Configuration property '{key}' was not used{_nearest(key, group)}"))
    if used is not None:
        used.update(known)
    if not faults:
        made = group(**values)
        faults.extend((None, message) for message in made.check())
        if not faults:
            return made
    raise ConfigurationError(faults)


def _nearest(key: str, group: type[ConfigGroup]) -> str:
    found = get_close_matches(key, [setting.key for setting in group.settings], n=1, cutoff=0.75)
    return f"; did you mean '{found[0]}'?" if found else ""
