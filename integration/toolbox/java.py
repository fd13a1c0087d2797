"""Java: which there are, and artifacts of Maven Central."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from integration.toolbox.cache import cached
from integration.toolbox.lanes import Skip

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def require_java(minimum: int) -> Path:
    """The home of a JDK of at least this version, the oldest that will do. Raises: Skip."""
    fitting = sorted((version, home) for version, home in _homes() if version >= minimum)
    if not fitting:
        raise Skip(f"no Java {minimum} or newer")
    return fitting[0][1]


@cache
def _homes() -> tuple[tuple[int, Path], ...]:
    return tuple(_find_homes())


def _find_homes() -> Iterator[tuple[int, Path]]:
    candidates = [path.parent.parent for path in Path("/usr/lib/jvm").glob("*/bin/java")]
    on_path = shutil.which("java")
    if on_path is not None:
        candidates.append(Path(on_path).resolve().parent.parent)
    for home in dict.fromkeys(candidates):
        answer = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False)
        match = _VERSION.search(answer.stderr)
        if match is not None and (home / "bin" / "javac").exists():
            yield int(match[1]), home


def maven_artifact(coordinates: str) -> Path:
    """A file of Maven Central: `group:artifact:version[:type[:classifier]]`, fetched once. Raises: Skip."""
    group, artifact, version, *rest = coordinates.split(":")
    kind = rest[0] if rest else "jar"
    classifier = rest[1] if len(rest) > 1 else None
    name = f"{artifact}-{version}{'-' + classifier if classifier else ''}.{kind}"
    path = cached("maven", name)
    if path.exists():
        return path
    maven = shutil.which("mvn")
    if maven is None:
        raise Skip("no Maven")
    full = ":".join([group, artifact, version, kind, *([classifier] if classifier else [])])
    command = [maven, "-q", "-B", "dependency:copy", f"-Dartifact={full}", f"-DoutputDirectory={path.parent}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode or not path.exists():
        raise Skip(f"{coordinates} cannot be fetched: {(answer.stdout + answer.stderr).strip()[-300:]}")
    return path
