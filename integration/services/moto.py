"""Amazon in a process: S3, STS, IAM, Glue and the instance's metadata, by moto's server."""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.environments import python_with
from integration.toolbox.process import Process, free_port

_PACKAGE = "moto[server,s3,sts,iam,glue,kms]>=5.1"
_READY_SECONDS = 60


class Moto:
    """`with Moto() as aws: aws.url`. It takes every key; what it holds is in memory."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="moto-", ignore_cleanup_errors=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        python = python_with(_PACKAGE, name="moto")
        self.process = Process(
            [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            log=Path(self._directory.name) / "moto.log",
            environment=environment,
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        self.process.wait_ready(self._ready, _READY_SECONDS)
        return self

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()
