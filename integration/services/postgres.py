"""PostgreSQL from the machine, in a temporary directory, on a port of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.toolbox.lanes import Skip
from integration.toolbox.process import Process, free_port


class Postgres:
    """`jdbc_url` leads to an empty database; the user `lake` needs the password. Raises: Skip."""

    user = "lake"
    password = "a-password-of-the-lake"

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not programs:
            raise Skip("no PostgreSQL")
        self._programs = programs[-1]
        self._as: list[str] = []
        self._directory = tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True)
        home = Path(self._directory.name)
        if os.geteuid() == 0:
            # The server does not run as root.
            if shutil.which("setpriv") is None:
                raise Skip("no setpriv to leave root's rights")
            account = pwd.getpwnam("postgres")
            os.chown(home, account.pw_uid, account.pw_gid)
            self._as = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        self.port = free_port()
        self.jdbc_url = f"jdbc:postgresql://127.0.0.1:{self.port}/postgres"
        self._data = home / "data"
        self._secret = home / "secret"
        options = ["-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(home), "-c", "fsync=off"]
        self.process = Process([*self._as, self._programs / "postgres", *options], log=home / "postgres.log", cwd=home)

    def __enter__(self) -> Self:
        self._secret.write_text(self.password)
        self._secret.chmod(0o644)
        options = ["-A", "scram-sha-256", "-U", self.user, f"--pwfile={self._secret}", "-E", "UTF8", "--no-sync"]
        command = [*self._as, self._programs / "initdb", "-D", self._data, *options]
        subprocess.run(command, check=True, capture_output=True, cwd=self._directory.name)
        self.process.__enter__()
        try:
            self.process.wait_ready(self._listens, 30)
        except BaseException:
            self.process.stop()
            raise
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return "ready to accept connections" in self.process.tail()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()
