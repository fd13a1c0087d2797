"""Java: which there are, and artifacts of Maven Central."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
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


def maven_classpath(
    name: str, artifacts: Sequence[str], *, without: Sequence[str] = (), alone: Sequence[str] = ()
) -> list[Path]:
    """Jars of artifacts (`group:artifact:version`) with all that they need, fetched once. Raises: Skip.

    `without`: `group:artifact` that nobody gets; `alone`: artifacts without what they need.
    """
    excluded = "".join(
        f"<exclusion><groupId>{group}</groupId><artifactId>{artifact}</artifactId></exclusion>"
        for group, artifact in (one.split(":") for one in without)
    )
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        f"<exclusions>{excluded}</exclusions></dependency>"
        for group, artifact, version in (one.split(":") for one in artifacts)
    )
    project = (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>lane</groupId>'
        f"<artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>{dependencies}"
        "</dependencies></project>\n"
    )
    digest = hashlib.blake2b(project.encode(), digest_size=6).hexdigest()
    home = cached("maven", f"{name}-{digest}", "pom.xml").parent
    done = home / "fetched"
    if not done.exists():
        maven = shutil.which("mvn")
        if maven is None:
            raise Skip("no Maven")
        (home / "pom.xml").write_text(project)
        command = [maven, "-q", "-B", "-f", str(home / "pom.xml"), "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={home / 'jars'}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise Skip(f"{name} cannot be fetched: {(answer.stdout + answer.stderr).strip()[-300:]}")
        done.touch()
    return [*sorted((home / "jars").glob("*.jar")), *map(maven_artifact, alone)]
