"""kill -9 in the middle of CREATE TABLE AS: afterwards there is no such table, and no file of it that anybody reads."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from pathlib import Path

from integration.toolbox.lanes import Failed
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Statements

_CTAS = "CREATE TABLE lake.killed.big AS SELECT * FROM tpch.sf1.lineitem"


def check_killed_write() -> str:
    """Raises: Failed."""
    moments = (0.3, 1.0, 2.0)
    caught = 0
    for delay in moments:
        caught += _kill_once(delay)
    if not caught:
        raise Failed("no kill came while files were being written: nothing was shown")
    return f"{len(moments)} kills, {caught} of them while files were being written; nothing to be seen of the table"


def _kill_once(delay: float) -> bool:
    """Whether there were files of the table to leave behind."""
    with Lodestar() as server:
        data = server.data_dir
        setup = Statements(server.url)
        if setup.run("CREATE SCHEMA lake.killed").error_name:
            raise Failed("CREATE SCHEMA lake.killed")
        writer = threading.Thread(target=_write, args=(server.url,), daemon=True)
        writer.start()
        time.sleep(delay)
        os.kill(server.pid, signal.SIGKILL)
        writer.join(30)
        left = [path for path in data.rglob("*") if path.is_file() and "killed" in path.parts]
        with Lodestar(data_dir=data) as again:
            statements = Statements(again.url)
            tables = statements.run("SHOW TABLES FROM lake.killed").rows
            if tables:
                raise Failed(f"killed after {delay} s, the table is there: {tables}")
            _check_files(data)
            outcome = statements.run("CREATE TABLE lake.killed.big AS SELECT * FROM tpch.tiny.lineitem")
            rows = statements.run("SELECT count(*) FROM lake.killed.big").rows
            if outcome.error is not None or rows != [[60_175]]:
                raise Failed(f"the name cannot be used again: {outcome.error} {rows}")
    return bool(left)


def _write(url: str) -> None:
    try:
        Statements(url, timeout=60).run(_CTAS)
    except (OSError, http.client.HTTPException, ValueError):
        return  # the server is gone, or its answer was cut: that is the point


def _check_files(data: Path) -> None:
    """Readers of a directory skip names that begin with a dot or an underscore, at any level of it."""
    for path in data.rglob("*"):
        inside = path.parts[len(data.parts) :]
        if path.is_file() and "killed" in inside and not any(part.startswith((".", "_")) for part in inside):
            raise Failed(f"a visible file was left: {'/'.join(inside)}")
