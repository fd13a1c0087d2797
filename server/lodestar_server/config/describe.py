"""Configuration for people: a table of what is set, and what a property means. Secrets are never shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lodestar_server.config.known import find_known, known_properties, nearest_key
from lodestar_server.config.loader import Configuration
from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, Setting, encode_value

REDACTED = "***"


@dataclass(frozen=True, slots=True)
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


def explain(key: str, groups: Sequence[type[ConfigGroup]]) -> str:
    """What a property means. Raises: KeyError with a hint when there is none of that name."""
    for group in groups:
        for setting in group.settings:
            if key == setting.key or key in setting.legacy:
                return _explain_setting(setting)
    known = find_known(key)
    if known is None:
        keys = {setting.key for group in groups for setting in group.settings} | known_properties().keys()
        near = nearest_key(key, keys)
        raise KeyError(f"there is no property '{key}'" + (f"; did you mean '{near}'?" if near else ""))
    if known.retired:
        return f"{key}\n  A property of older Trino versions; setting it stops the start."
    lines = [key, f"  type: {known.kind}", f"  default: {known.default or '(none)'}"]
    if known.replacement is not None:
        lines.append(f"  replaced by: {known.replacement}")
    lines.append("  A property of Trino that is accepted and has no effect here.")
    return "\n".join(lines)


def _explain_setting(setting: Setting) -> str:
    lines = [
        setting.key,
        f"  {setting.doc}",
        f"  type: {_kind(setting.kind)}",
        f"  default: {setting.default or '(none)'}",
    ]
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
