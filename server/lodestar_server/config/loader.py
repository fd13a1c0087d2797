"""From an etc directory and `--set` options to a `Configuration`: reads files; groups, `known`, `secrets` decide.

Nothing is reported piecemeal: whatever is wrong in any file comes out in one `ConfigurationFaults`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TypeVar

from lodestar_server.config.faults import ConfigurationFaults, Fault
from lodestar_server.config.known import find_known, known_properties, nearest_key
from lodestar_server.config.node import CatalogsConfig
from lodestar_server.config.property_files import parse_properties
from lodestar_server.config.secrets import resolve
from lodestar_server.spi.plugin import ConfigurationError, load_group
from lodestar_server.spi.properties import ConfigGroup
from lodestar_server.spi.values import frozen

G = TypeVar("G", bound=ConfigGroup)

SERVER_FILES = ("config.properties", "node.properties")
COMMAND_LINE = "--set"


@frozen
class Place:
    """Where a value comes from."""

    file: str
    line: int | None


@frozen
class CatalogFile:
    """One catalog: name, connector and properties with references resolved."""

    name: str
    connector_name: str
    properties: Mapping[str, str] = field(repr=False)
    file: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def faults(self, error: ConfigurationError) -> list[Fault]:
        """A connector's faults with the lines of this file."""
        return [
            Fault(message, key, self.file or f"catalog {self.name}", None if key is None else self.lines.get(key))
            for key, message in error.faults
        ]


@frozen
class Configuration:
    """Everything that was read. `warnings` are for the log at the start; `idle` are accepted keys without effect."""

    etc_dir: Path | None
    values: Mapping[str, str] = field(repr=False)
    places: Mapping[str, Place] = field(repr=False)
    groups: Mapping[type[ConfigGroup], ConfigGroup] = field(repr=False)
    catalogs: tuple[CatalogFile, ...]
    log_levels: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    def group(self, kind: type[G]) -> G:
        """The settings of a room."""
        found = self.groups[kind]
        assert isinstance(found, kind)
        return found


def load_configuration(
    etc_dir: Path | None,
    overrides: Mapping[str, str],
    groups: Sequence[type[ConfigGroup]],
    *,
    environment: Mapping[str, str] | None = None,
    default_catalogs: Sequence[CatalogFile] = (),
) -> Configuration:
    """Read everything. `default_catalogs` are used when there is no etc directory.

    Raises: ConfigurationFaults with every fault of every file.
    """
    loader = _Loader(etc_dir, environment)
    if etc_dir is not None and not etc_dir.is_dir():
        raise ConfigurationFaults([Fault(f"there is no such directory: {etc_dir}")])
    for name in SERVER_FILES:
        loader.read_server_file(name)
    loader.override(overrides)
    made = loader.make_groups(groups)
    levels = loader.read_log_levels()
    settings = made.get(CatalogsConfig, CatalogsConfig())
    assert isinstance(settings, CatalogsConfig)
    catalogs = loader.read_catalogs(settings) if etc_dir is not None else tuple(default_catalogs)
    if loader.faults:
        raise ConfigurationFaults(loader.faults)
    if etc_dir is not None and (etc_dir / "jvm.config").exists():
        loader.warnings.append("jvm.config is there and ignored: this server is no JVM")
    return Configuration(
        etc_dir,
        loader.values,
        loader.places,
        made,
        catalogs,
        levels,
        tuple(loader.warnings),
        tuple(sorted(loader.idle)),
    )


class _Loader:
    """Collects values, faults and warnings."""

    def __init__(self, etc_dir: Path | None, environment: Mapping[str, str] | None) -> None:
        self.etc_dir = etc_dir
        self.environment = environment
        self.values: dict[str, str] = {}
        self.places: dict[str, Place] = {}
        self.faults: list[Fault] = []
        self.warnings: list[str] = []
        self.idle: set[str] = set()

    def read_server_file(self, name: str) -> None:
        for key, value, line in self._entries(name):
            if key in self.values:
                place = self.places[key]
                self.faults.append(Fault(f"is already set in {place.file}:{place.line}", key, name, line))
                continue
            self.values[key] = value
            self.places[key] = Place(name, line)

    def override(self, overrides: Mapping[str, str]) -> None:
        for key, text in overrides.items():
            try:
                self.values[key] = resolve(text, self.etc_dir, self.environment)
            except ValueError as fault:
                self.faults.append(Fault(str(fault), key, COMMAND_LINE))
                continue
            self.places[key] = Place(COMMAND_LINE, None)

    def make_groups(self, groups: Sequence[type[ConfigGroup]]) -> dict[type[ConfigGroup], ConfigGroup]:
        used: set[str] = set()
        made: dict[type[ConfigGroup], ConfigGroup] = {}
        for group in groups:
            self._warn_of_old_names(group)
            try:
                made[group] = load_group(group, self.values, used=used)
            except ConfigurationError as error:
                self.faults.extend(self._at(key, message) for key, message in error.faults)
                used.update(key for setting in group.settings for key in (setting.key, *setting.legacy))
        declared = {setting.key for group in groups for setting in group.settings}
        for key, value in self.values.items():
            if key not in used:
                self._accept_or_refuse(key, value, declared)
        return made

    def _warn_of_old_names(self, group: type[ConfigGroup]) -> None:
        for setting in group.settings:
            for old in setting.legacy:
                if old in self.values and setting.key not in self.values:
                    self.warnings.append(
                        f"Configuration property '{old}' has been replaced. Use '{setting.key}' instead."
                    )

    def _accept_or_refuse(self, key: str, value: str, declared: set[str]) -> None:
        known = find_known(key)
        if known is None:
            near = nearest_key(key, declared | known_properties().keys())
            hint = f"; did you mean '{near}'?" if near else ""
            self.faults.append(self._at(key, f"Configuration property '{key}' was not used{hint}"))
            return
        if known.retired:
            self.faults.append(self._at(key, f"Defunct property '{key}' cannot be configured"))
            return
        if known.replacement is not None:
            if known.replacement in self.values:
                self.faults.append(self._at(key, f"is the old name of '{known.replacement}'; set only one of them"))
                return
            self.warnings.append(
                f"Configuration property '{key}' has been replaced. Use '{known.replacement}' instead."
            )
        try:
            known.check(value)
        except ValueError as fault:
            shown = "" if known.secret else f" (value '{value}')"
            self.faults.append(self._at(key, f"{fault}{shown}"))
            return
        self.idle.add(key)

    def read_log_levels(self) -> dict[str, str]:
        levels = {}
        for key, value, line in self._entries("log.properties"):
            if value.upper() not in ("DEBUG", "INFO", "WARN", "ERROR", "TRACE", "OFF"):
                self.faults.append(Fault(f"'{value}' is no log level", key, "log.properties", line))
            levels[key] = value.upper()
        return levels

    def read_catalogs(self, settings: CatalogsConfig) -> tuple[CatalogFile, ...]:
        assert self.etc_dir is not None
        folder = Path(settings.config_dir)
        if not folder.is_absolute():
            # `etc/catalog` means the catalog directory of this etc, whatever its name.
            folder = self.etc_dir / folder.name if folder.parts[:1] == ("etc",) else self.etc_dir.parent / folder
        if not folder.is_dir():
            return ()
        found = []
        for path in sorted(folder.glob("*.properties")):
            if path.stem not in settings.disabled:
                catalog = self._read_catalog(path)
                if catalog is not None:
                    found.append(catalog)
        return tuple(found)

    def _read_catalog(self, path: Path) -> CatalogFile | None:
        name = f"{path.parent.name}/{path.name}"
        entries = self._entries(name, path)
        properties = {key: value for key, value, _ in entries}
        lines = {key: line for key, _, line in entries}
        connector = properties.pop("connector.name", None)
        if connector is None:
            self.faults.append(Fault("is required and has no value", "connector.name", name))
            return None
        if path.stem == "system":
            self.faults.append(Fault("the catalog 'system' is the server's own", None, name))
            return None
        return CatalogFile(path.stem, connector.replace("-", "_"), properties, name, lines)

    def _entries(self, name: str, path: Path | None = None) -> list[tuple[str, str, int]]:
        """The entries of a file with references resolved; empty when it is not there."""
        if path is None:
            if self.etc_dir is None:
                return []
            path = self.etc_dir / name
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as fault:
            self.faults.append(Fault(f"cannot be read: {type(fault).__name__}", None, name))
            return []
        entries, faults = parse_properties(text, name)
        self.faults.extend(faults)
        found = []
        for entry in entries:
            try:
                value = resolve(entry.value, path.parent, self.environment)
            except ValueError as fault:
                self.faults.append(Fault(str(fault), entry.key, name, entry.line))
                continue
            found.append((entry.key, value, entry.line))
        return found

    def _at(self, key: str | None, message: str) -> Fault:
        place = self.places.get(key) if key is not None else None
        return Fault(message, key, place.file, place.line) if place is not None else Fault(message, key)
