"""Configuration for people: a table of what is set, and what a property means. Secrets are never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from lodestar_server.config.known import find_known, known_properties, nearest_key
from lodestar_server.config.loader import Configuration
from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, Setting, encode_value
from lodestar_server.spi.values import frozen

REDACTED = "***"


@frozen
class Line:
    """One property: what it is now, what it would be, whether it does anything."""

    key: str
    value: str
    default: str
    effect: bool
    doc: str


def list_lines(configuration: Configuration, *, everything: bool = False) -> Iterator[Line]:
    """Every property with an effect, and those of Trino's that are set (with `everything`: all of them)."""
    declared = set()
    for group in configuration.groups.values():
        for setting in group.settings:
            declared.add(setting.key)
            value = encode_value(getattr(group, setting.attribute))
            shown = REDACTED if setting.secret and value else value
            yield Line(setting.key, shown, setting.default or "", True, setting.doc)
    for key in sorted(known_properties()) if everything else configuration.idle:
        known = find_known(key)
        if known is None or key in declared or known.retired:
            continue
        value = configuration.values.get(key, known.default)
        yield Line(key, REDACTED if known.secret and value else value, known.default, False, "accepted, without effect")


def explain(
    key: str,
    groups: Sequence[type[ConfigGroup]],
    connectors: Mapping[str, Sequence[type[ConfigGroup]]] = MappingProxyType({}),
) -> str:
    """What a property means: one of the server's, or of catalogs' files, by the connectors that know it.

    Raises: KeyError with a hint when there is none of that name.
    """
    found = _find(key, groups)
    if found is not None:
        return _explain_setting(found)
    by_connector = {name: setting for name, some in connectors.items() if (setting := _find(key, some)) is not None}
    if by_connector:
        return _explain_setting(next(iter(by_connector.values())), tuple(by_connector))
    known = find_known(key)
    if known is None:
        everywhere = (*groups, *(group for some in connectors.values() for group in some))
        keys = {setting.key for group in everywhere for setting in group.settings} | known_properties().keys()
        near = nearest_key(key, keys)
        raise KeyError(f"there is no property '{key}'" + (f"; did you mean '{near}'?" if near else ""))
    if known.retired:
        return f"{key}\n  A property of older Trino versions; setting it stops the start."
    lines = [key, f"  type: {known.kind}", f"  default: {known.default or '(none)'}"]
    if known.replacement is not None:
        lines.append(f"  replaced by: {known.replacement}")
    lines.append("  A property of Trino that is accepted and has no effect here.")
    return "\n".join(lines)


def _find(key: str, groups: Sequence[type[ConfigGroup]]) -> Setting | None:
    for group in groups:
        for setting in group.settings:
            if key == setting.key or key in setting.legacy:
                return setting
    return None


def _explain_setting(setting: Setting, connectors: Sequence[str] = ()) -> str:
    lines = [
        setting.key,
        f"  {setting.doc}",
        f"  type: {_kind(setting.kind)}",
        f"  default: {setting.default or '(none)'}",
    ]
    if connectors:
        lines.insert(1, f"  in catalogs of: {', '.join(connectors)}")
    for label, value in (
        ("minimum", setting.minimum),
        ("maximum", setting.maximum),
        ("session property", setting.session),
    ):
        if value is not None:
            lines.append(f"  {label}: {value}")
    if setting.legacy:
        lines.append(f"  older names: {', '.join(setting.legacy)}")
    if setting.secret:
        lines.append("  secret: never shown; best given as ${ENV:NAME} or ${FILE:path}")
    lines.append(f"  source: {setting.source}")
    return "\n".join(lines)


def _kind(kind: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "text", Duration: "duration", DataSize: "size"}
    if kind in names:
        return names[kind]
    members = getattr(kind, "__members__", None)
    return "one of " + ", ".join(members) if members else "list"
