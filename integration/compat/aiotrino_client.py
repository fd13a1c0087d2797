"""aiotrino, the asynchronous client of the community."""

from __future__ import annotations

from integration.compat.clients import peers, run_cases
from integration.toolbox.environments import python_with
from integration.toolbox.lanes import run_lane

PACKAGES = ("aiotrino==0.3.0", "pytest")


def main() -> None:
    """Raises: Failed, Skip."""
    python = python_with(*PACKAGES, name="aiotrino")
    with peers() as servers:
        for peer in servers:
            run_cases(python, "aiotrino_cases.py", peer)


if __name__ == "__main__":
    run_lane(main)
