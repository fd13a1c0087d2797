"""What strangers do to a server: each check says what it saw, the lane fails at the end with all that is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

from integration.abuse.crowd import CLIENT_TIMEOUT_SECONDS, check_crowd
from integration.abuse.killing import check_killed_write
from integration.abuse.limits import check_cancel_frees_threads, check_memory_limit
from integration.abuse.mutations import check_mutations
from integration.abuse.nesting import check_nesting
from integration.abuse.sockets import HEADER_SECONDS, check_slow_sockets
from integration.toolbox.lanes import Failed, run_lane
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Statements


def main() -> None:
    """Raises: Failed."""
    faults: list[str] = []

    def check(name: str, action: Callable[[], str]) -> None:
        started = time.monotonic()
        try:
            said = action()
        except Failed as fault:
            faults.append(name)
            said = f"FAILED: {fault}"
        print(f"{name} ({time.monotonic() - started:.0f} s): {said}", flush=True)

    config = {
        "query.client.timeout": f"{CLIENT_TIMEOUT_SECONDS}s",
        "http-server.request-header-timeout": f"{HEADER_SECONDS}s",
        "http-server.request-body-timeout": f"{HEADER_SECONDS}s",
    }
    with Lodestar(config=config) as server:
        check("nesting", lambda: check_nesting(server.url, server.pid))
        check("mutations", lambda: check_mutations(server.url))
        check("slow sockets", lambda: check_slow_sockets(server.url))
        check("memory limit", lambda: check_memory_limit(server.url))
        check("cancel", lambda: check_cancel_frees_threads(server.url, server.pid))
        check("crowd", lambda: check_crowd(server.url, server.pid))
        left = Statements(server.url).run("SELECT 1").rows
        if left != [[1]] or "Traceback" in server.log:
            faults.append("the server afterwards")
        if faults:
            print(_troubles(server.log))
    check("kill -9", check_killed_write)
    if faults:
        raise Failed(", ".join(faults))
    print("all abuse endured")


def _troubles(log: str) -> str:
    """Errors of a log with their stacks."""
    lines, shown = log.splitlines(), []
    inside = False
    for line in lines:
        inside = " ERROR " in line or (inside and line.startswith(" "))
        if inside:
            shown.append(line)
    return "\n".join(shown[-200:])


if __name__ == "__main__":
    run_lane(main)
