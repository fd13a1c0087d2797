"""Superset's engine spec for Trino, in an application of its own: what a dashboard and SQL Lab ask of a server."""

from __future__ import annotations

import os
import tempfile

from integration.compat.clients import CASES, CATALOGS, lodestar, real_trino, run_cases
from integration.toolbox.environments import python_with
from integration.toolbox.lanes import run_lane

# A later flask-caching calls back with an argument that this Superset does not know; cachetools is imported unasked.
PACKAGES = ("apache-superset==6.1.0", "flask-caching==2.3.1", "cachetools", "trino[sqlalchemy]", "pytest")


def main() -> None:
    """Raises: Failed, Skip."""
    python = python_with(*PACKAGES, name="superset")
    with tempfile.TemporaryDirectory(prefix="superset-") as home, tempfile.TemporaryDirectory(prefix="lake-") as place:
        os.environ |= {
            "SUPERSET_HOME": home,
            "SUPERSET_CONFIG_PATH": str(CASES / "superset_settings.py"),
        }
        trino = real_trino()
        if trino is not None:
            os.environ["LODESTAR_COMPAT_LAKE"] = os.environ.get("LODESTAR_TEST_TRINO_LAKE", "hive")
            run_cases(python, "superset_cases.py", trino)
        lake = {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore",
            "fs.native-local.enabled": "true",
            "local.location": place,
        }
        os.environ["LODESTAR_COMPAT_LAKE"] = "lake"
        with lodestar({**CATALOGS, "lake": lake}) as ours:
            run_cases(python, "superset_cases.py", ours)


if __name__ == "__main__":
    run_lane(main)
