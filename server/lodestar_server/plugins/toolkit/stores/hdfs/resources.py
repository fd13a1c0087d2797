"""Hadoop's own settings: its XML files, and what `viewfs://` stands for in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from lodestar_server.spi.values import frozen

_REFERENCE = re.compile(r"\$\{([^}$\s]+)\}")
_DEPTH = 20
"""How deep references may lead, as Hadoop has it."""


def read_resources(paths: Iterable[str]) -> dict[str, str]:
    """Settings of all files, later ones stronger unless an earlier one is final. Raises: ValueError."""
    found: dict[str, str] = {}
    final: set[str] = set()
    for path in paths:
        try:
            root = ElementTree.fromstring(Path(path).read_bytes())
        except (ElementTree.ParseError, OSError) as fault:
            raise ValueError(f"{path} cannot be read: {fault}") from None
        for one in root.iter("property"):
            name = (one.findtext("name") or "").strip()
            value = one.findtext("value")
            if not name or value is None or name in final:
                continue
            found[name] = value.strip()
            if (one.findtext("final") or "").strip().lower() == "true":
                final.add(name)
    return {name: _resolved(value, found) for name, value in found.items()}


def _resolved(value: str, settings: Mapping[str, str]) -> str:
    for _ in range(_DEPTH):
        made = _REFERENCE.sub(lambda match: settings.get(match[1], match[0]), value)
        if made == value:
            return made
        value = made
    return value


@frozen
class Mount:
    """A path of a `viewfs://`, and the location of `hdfs://` that it shows."""

    path: str
    target: str


def mounts_of(settings: Mapping[str, str], table: str) -> tuple[Mount, ...]:
    """The longest paths first; what is nowhere else is in the fallback, when there is one."""
    prefix = f"fs.viewfs.mounttable.{table or 'default'}."
    found = []
    for name, value in settings.items():
        rest = name.removeprefix(prefix)
        if rest == name:
            continue
        if rest.startswith("link./"):
            found.append(Mount("/" + rest[len("link./") :].strip("/"), value.rstrip("/")))
        elif rest in ("linkFallback", "linkMergeSlash"):
            found.append(Mount("/", value.rstrip("/")))
    return tuple(sorted(found, key=lambda mount: len(mount.path), reverse=True))
