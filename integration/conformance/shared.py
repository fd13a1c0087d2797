"""The recorded answers of a real Trino, beside the project: ../shared/oracle."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from integration.toolbox.cache import ROOT
from integration.toolbox.lanes import Skip
from integration.toolbox.lodestar import Lodestar

ORACLE = ROOT.parent / "shared" / "oracle"


def require_oracle() -> Path:
    """The folder of recordings. Raises: Skip."""
    if not ORACLE.is_dir():
        raise Skip("no ../shared/oracle here")
    return ORACLE


def recorded_server(hive_security: str = "allow-all") -> Lodestar:
    """Our server with the very configuration that the recorded Trino had; its warehouse is a copy.

    Some scripts were recorded with another `hive.security`.
    """
    warehouse = Path(tempfile.mkdtemp(prefix="warehouse-"))
    shutil.copytree(ORACLE / "data" / "warehouse", warehouse, dirs_exist_ok=True)
    etc = Path(tempfile.mkdtemp(prefix="etc-"))
    shutil.copytree(ORACLE / "etc", etc, dirs_exist_ok=True)
    hive = etc / "catalog" / "hive.properties"
    text = hive.read_text("utf-8").replace("hive.security=allow-all", f"hive.security={hive_security}")
    hive.write_text(text, "utf-8")
    return Lodestar(
        etc_dir=etc,
        config={"catalog.unknown-connector": "warn"},
        environment={"ORACLE_WAREHOUSE": str(warehouse), "ORACLE_POSTGRES_PORT": "1"},
    )
