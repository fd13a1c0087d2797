"""References in property values: `${ENV:NAME}` and `${FILE:path}`, resolved when files are read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_REFERENCE = re.compile(r"\$\{([a-zA-Z][a-zA-Z0-9_-]*):([^}]+?)\}")
MAX_SECRET_BYTES = 1 << 20


def resolve(value: str, directory: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """The value with its references replaced. A relative file is looked for beside the property file.

    Raises: ValueError with a message for the user, which never holds a resolved value.
    """
    if "${" not in value:
        return value
    known = os.environ if environment is None else environment

    def replace(match: re.Match[str]) -> str:
        source, name = match[1].upper(), match[2].strip()
        if source == "ENV":
            if name not in known:
                raise ValueError(f"Environment variable is not set: {name}")
            return known[name]
        if source == "FILE":
            return _read(Path(name) if directory is None else directory / name)
        raise ValueError(f"No secret provider for key '{match[1].lower()}'")

    return _REFERENCE.sub(replace, value)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise ValueError(f"Secret file cannot be read: {path} ({fault.strerror})") from None
    if len(data) > MAX_SECRET_BYTES:
        raise ValueError(f"Secret file is too large: {path}")
    return data.decode("utf-8", "replace").rstrip("\r\n")
