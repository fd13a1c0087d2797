"""A built wheel in a fresh environment: the driver alone is small and quick, the extras bring the rest."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from integration.toolbox.lanes import Failed, run_lane

ROOT = Path(__file__).parents[2]
IMPORT_MILLISECONDS = 150.0
_HEAVY = ("duckdb", "sqlglot", "aiohttp", "lodestar_server", "pyarrow", "sqlalchemy", "numpy", "pandas")
_LOADED = "import json, sys, lodestar; print(json.dumps(sorted(m.partition('.')[0] for m in sys.modules)))"
# Processor time: what else the machine does must not decide.
_IMPORT_TIME = "import time; t = time.process_time(); import lodestar; print((time.process_time() - t) * 1000)"
_EMBEDDED = """
import lodestar
with lodestar.connect("local://") as connection:
    print(connection.execute("SELECT count(*) FROM tpch.tiny.nation").fetchone()[0])
"""


def main() -> None:
    """Raises: Failed."""
    with tempfile.TemporaryDirectory(prefix="lodestar-wheel-") as directory:
        folder = Path(directory)
        wheel = _build(folder)
        home = folder / "venv"
        venv.create(home, with_pip=True)
        python = home / "bin" / "python"
        _pip(python, str(wheel))
        _check_driver(python)
        # No spelling of an extra for a path is as safe as this one.
        _pip(python, f"lodestar-sql[server,sqlalchemy,cli,arrow] @ {wheel.as_uri()}")
        _check_everything(python)


def _build(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("lodestar_sql-*.whl"))


def _pip(python: Path, *what: str) -> None:
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what], check=True)


def _check_driver(python: Path) -> None:
    installed = _run([python, "-m", "pip", "list", "--format", "json"])
    names = {one["name"].lower() for one in json.loads(installed)} - {"pip", "setuptools", "wheel", "lodestar-sql"}
    if len(names) > 3:
        raise Failed(f"the base install brings {sorted(names)}")
    loaded = set(json.loads(_run([python, "-c", _LOADED])))
    if heavy := loaded & set(_HEAVY):
        raise Failed(f"import lodestar loads {sorted(heavy)}")
    times = [float(_run([python, "-c", _IMPORT_TIME])) for _ in range(7)]
    if (median := statistics.median(times)) > IMPORT_MILLISECONDS:
        raise Failed(f"import lodestar takes {median:.0f} ms")
    # The command needs the extra `cli`; what it is for is told without it.
    shown = _run([python.with_name("lodestar"), "--help"])
    if "--output-format" not in shown:
        raise Failed(f"lodestar --help says {shown[:200]!r}")
    print(f"base install: {', '.join(sorted(names))}; import lodestar {median:.0f} ms (median of {len(times)})")


def _check_everything(python: Path) -> None:
    for command in ("lodestar", "lodestar-server"):
        _run([python.with_name(command), "--help"])
    if (count := _run([python, "-c", _EMBEDDED]).strip()) != "25":
        raise Failed(f"the embedded server counts {count!r} nations")
    dialects = "import sqlalchemy; print(sqlalchemy.create_engine('lodestar://u@h/tpch/tiny').dialect.name)"
    if (name := _run([python, "-c", dialects]).strip()) != "lodestar":
        raise Failed(f"SQLAlchemy finds {name!r}")
    print("wheel with extras: both commands, the embedded server and the SQLAlchemy dialect answer")


def _run(command: list[str | Path]) -> str:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    if done.returncode:
        raise Failed(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    run_lane(main)
