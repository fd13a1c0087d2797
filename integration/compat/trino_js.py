"""The JavaScript client of Trino, on Node: its cases are run by Node's own test runner."""

from __future__ import annotations

import re
import subprocess

from integration.compat.clients import CASES, Peer, clean_environment, peers
from integration.toolbox.lanes import Failed, run_lane
from integration.toolbox.node import node_packages, require_node

CLIENT = "trino-client@0.2.9"
_FIGURE = re.compile(r"^# (pass|fail) (\d+)$", re.MULTILINE)


def main() -> None:
    """Raises: Failed, Skip."""
    node = str(require_node())
    modules = str(node_packages(CLIENT, name="trino-js"))
    with peers() as servers:
        for peer in servers:
            _run(node, modules, peer)


def _run(node: str, modules: str, peer: Peer) -> None:
    answer = subprocess.run(
        [node, "--test", "--test-reporter=tap", CASES / "trino_js_cases.mjs"],
        env=clean_environment(LODESTAR_COMPAT_URL=peer.url, LODESTAR_JS_MODULES=modules),
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {word: int(count) for word, count in _FIGURE.findall(answer.stdout)}
    print(f"{peer.name}: {CLIENT}: {counts.get('pass', 0)} passed, {counts.get('fail', 0)} failed", flush=True)
    if answer.returncode or not counts.get("pass"):
        raise Failed(f"{answer.stdout[-4000:]}{answer.stderr[-1000:]}")


if __name__ == "__main__":
    run_lane(main)
