"""ibis with its Trino backend: tables, joins, groups, windows, created tables, pandas and Arrow."""

from __future__ import annotations

from integration.compat.clients import peers, run_cases
from integration.toolbox.environments import python_with
from integration.toolbox.lanes import run_lane

# ibis imports packaging and does not say that it needs it; with sqlglot 30 it writes DROP without a name.
PACKAGES = ("ibis-framework[trino]==12.0.0", "packaging", "sqlglot<28", "pandas", "pyarrow", "pytest")


def main() -> None:
    """Raises: Failed, Skip."""
    python = python_with(*PACKAGES, name="ibis")
    with peers() as servers:
        for peer in servers:
            run_cases(python, "ibis_cases.py", peer)


if __name__ == "__main__":
    run_lane(main)
