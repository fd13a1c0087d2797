"""A real Trino 476 as a peer: fetched once, started on a free port with the catalogs that a lane asks for."""

from __future__ import annotations

import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.cache import cached
from integration.toolbox.java import maven_artifact, require_java
from integration.toolbox.process import Process, free_port
from integration.toolbox.statements import Statements

VERSION = "476"
JAVA = 24
READY_SECONDS = 300

_JVM = """\
-server
-Xmx1500M
-XX:+UseG1GC
-Djdk.attach.allowAttachSelf=true
--enable-native-access=ALL-UNNAMED
"""


class Trino:
    """`with Trino({"tpch": {"connector.name": "tpch"}}) as trino: trino.url`. Raises: Skip when it cannot be had."""

    def __init__(self, catalogs: Mapping[str, Mapping[str, str]]) -> None:
        home = require_java(JAVA)
        server = _unpacked()
        self._directory = tempfile.TemporaryDirectory(prefix="trino-", ignore_cleanup_errors=True)
        root = Path(self._directory.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        etc = root / "etc"
        (etc / "catalog").mkdir(parents=True)
        (etc / "node.properties").write_text(f"node.environment=peer\nnode.id=peer\nnode.data-dir={root / 'data'}\n")
        (etc / "jvm.config").write_text(_JVM)
        (etc / "config.properties").write_text(
            f"coordinator=true\nnode-scheduler.include-coordinator=true\nhttp-server.http.port={self.port}\n"
            f"discovery.uri={self.url}\nquery.max-memory=800MB\nquery.max-memory-per-node=800MB\n"
        )
        for name, properties in catalogs.items():
            lines = "".join(f"{key}={value}\n" for key, value in properties.items())
            (etc / "catalog" / f"{name}.properties").write_text(lines)
        environment = {"JAVA_HOME": str(home), "PATH": f"{home / 'bin'}:/usr/bin:/bin"}
        command = [server / "bin" / "launcher", "run", "--etc-dir", etc]
        self.process = Process(command, log=root / "server.log", environment=environment)

    def ready(self) -> bool:
        """It has started, and runs a scan: until its own announcement has come round it has no node for one."""
        try:
            with urllib.request.urlopen(f"{self.url}/v1/info", timeout=5) as response:
                if b'"starting":false' not in response.read():
                    return False
            statements = Statements(self.url, user="ready", timeout=5)
            try:
                return statements.run("SELECT count(*) FROM TABLE(sequence(0, 1))").rows == [[2]]
            finally:
                statements.close()
        except (urllib.error.URLError, OSError, HTTPException):
            return False

    def __enter__(self) -> Self:
        self.process.__enter__()
        try:
            self.process.wait_ready(self.ready, READY_SECONDS)
        except BaseException:
            self.process.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()


def _unpacked() -> Path:
    home = cached("trino", f"trino-server-{VERSION}")
    if not (home / "bin" / "launcher").exists():
        archive = maven_artifact(f"io.trino:trino-server:{VERSION}:tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(home.parent, filter="data")
    return home
