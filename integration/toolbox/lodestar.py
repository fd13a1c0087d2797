"""Our server as a user starts it: a process of its own, a directory of its own, a free port."""

from __future__ import annotations

import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.process import Process, free_port

READY_SECONDS = 60


class Lodestar:
    """`with Lodestar() as server: server.url`. `catalogs` are properties by name; None is the embedded default."""

    def __init__(
        self,
        catalogs: Mapping[str, Mapping[str, str]] | None = None,
        *,
        config: Mapping[str, str] | None = None,
        etc_dir: Path | None = None,
        environment: Mapping[str, str] | None = None,
        data_dir: Path | None = None,
        port: int | None = None,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="lodestar-", ignore_cleanup_errors=True)
        self.directory = Path(self._directory.name)
        self.data_dir = data_dir or self.directory / "data"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = {"http-server.http.port": str(self.port), "node.data-dir": str(self.data_dir), **(config or {})}
        command = [sys.executable, "-m", "lodestar_server", "run"]
        if etc_dir is None and catalogs is not None:
            etc_dir = self._write_etc(catalogs)
        if etc_dir is not None:
            command += ["--etc-dir", str(etc_dir)]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        self.process = Process(command, log=self.directory / "server.log", environment=environment)

    def _write_etc(self, catalogs: Mapping[str, Mapping[str, str]]) -> Path:
        etc = self.directory / "etc"
        (etc / "catalog").mkdir(parents=True)
        (etc / "config.properties").write_text("coordinator=true\n")
        for name, properties in catalogs.items():
            lines = "".join(f"{key}={value}\n" for key, value in properties.items())
            (etc / "catalog" / f"{name}.properties").write_text(lines)
        return etc

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.process.pid

    @property
    def log(self) -> str:
        """Everything that the server has said."""
        return self.process.log.read_text("utf-8", "replace")

    def start(self) -> Self:
        """Start and wait until it answers statements."""
        self.process.__enter__()
        try:
            self.process.wait_ready(self.ready, READY_SECONDS)
        except BaseException:
            self.process.stop()
            raise
        return self

    def ready(self) -> bool:
        """/v1/info says that it has started."""
        try:
            with urllib.request.urlopen(f"{self.url}/v1/info", timeout=5) as response:
                return b'"starting":false' in response.read().replace(b" ", b"")
        except (urllib.error.URLError, OSError):
            return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()
