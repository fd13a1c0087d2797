"""Child processes that are always stopped, by their process id, and whose output is kept."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class NotReady(Exception):
    """A process ended or stayed silent before it was ready; the message has the end of its output."""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A context manager around one child in a process group of its own."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = [str(part) for part in command]
        self.log = log
        self._cwd = cwd
        self._environment = {**os.environ, **(environment or {})}
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running child."""
        assert self.child is not None
        return self.child.pid

    def __enter__(self) -> Self:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                self.command,
                cwd=self._cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_ready(self, ready: Callable[[], bool], timeout: float) -> None:
        """Poll until ready. Raises: NotReady."""
        deadline = time.monotonic() + timeout
        while not ready():
            assert self.child is not None
            if self.child.poll() is not None:
                raise NotReady(f"{self.command[0]} ended with {self.child.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise NotReady(f"{self.command[0]} was not ready after {timeout:.0f} s\n{self.tail()}")
            time.sleep(0.05)

    def tail(self, lines: int = 30) -> str:
        """The end of the output."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    def kill(self) -> None:
        """kill -9, without a chance to tidy up."""
        os.killpg(self.pid, signal.SIGKILL)
        assert self.child is not None
        self.child.wait()

    def stop(self, grace: float = 15) -> int:
        """SIGTERM, then SIGKILL after the grace period; the exit code."""
        assert self.child is not None
        if self.child.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.child.wait(grace)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.child.returncode

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def resident_bytes(pid: int) -> int:
    """Memory of a process (RSS) and its children."""
    total = 0
    for one in [pid, *_children(pid)]:
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            direct = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in direct:
            found += [child, *_children(child)]
    return found
