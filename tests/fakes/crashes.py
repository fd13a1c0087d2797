"""Processes that die by SIGKILL in the middle of a change of a hive warehouse, at every place where they could.

`python -m tests.fakes.crashes <scenario> <directory>` makes a warehouse, then runs the scenario again and again on
copies of it; the n-th run is killed just before its n-th change of a file. After each run another process opens the
warehouse and prints what it sees as one JSON line: {"killed": …, "state": …, "left": …}. The last run is not killed.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from lodestar_server.plugins.connectors.hive.config import HiveConfig
from lodestar_server.plugins.connectors.hive.connector import HiveConnector
from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR
from lodestar_server.plugins.toolkit.metastore.file import FileMetastore
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.plugin import load_group
from lodestar_server.spi.types import BIGINT, VARCHAR
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive_properties, visible_files

COLUMNS = [("id", BIGINT), ("p", VARCHAR)]
OLD = [(1, "a"), (2, "a"), (3, "b")]
NEW = [(10, "a"), (11, "c"), (12, "d")]


class DyingFiles(LocalFileSystem):
    """Kills its process before the n-th change."""

    def __init__(self, root: Path, changes: int) -> None:
        super().__init__(root, HIVE_FILESYSTEM_ERROR)
        self._left = changes

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, location: str, content: bytes) -> None:
        self._count()
        super().write(location, content)

    def make_directory(self, location: str) -> None:
        self._count()
        super().make_directory(location)

    def rename(self, source: str, target: str, *, again: bool = False) -> None:
        self._count()
        super().rename(source, target)

    def delete_file(self, location: str) -> None:
        self._count()
        super().delete_file(location)

    def delete_tree(self, location: str) -> None:
        self._count()
        super().delete_tree(location)

    def open_output(self, location: str) -> BinaryIO:
        self._count()
        return super().open_output(location)

    def sync_file(self, location: str) -> None:
        self._count()
        super().sync_file(location)


def open_warehouse(root: Path, changes: int = 0) -> Harness:
    """A connector whose process dies before the given change (0: never)."""
    files = DyingFiles(root, changes)
    config = load_group(HiveConfig, hive_properties(root), used=set())
    return Harness(HiveConnector(files, FileMetastore(files, "local:///metastore"), config))


def _prepare(root: Path) -> None:
    root.mkdir()
    harness = open_warehouse(root)
    with harness.statement() as on:
        on.metadata.create_schema(on.session, "s", {}, "alice")
    with harness.statement() as on:
        on.create_with_rows(table("s", "plain", COLUMNS, format="PARQUET"), OLD)
    with harness.statement() as on:
        on.create_with_rows(table("s", "parts", COLUMNS, format="PARQUET", partitioned_by=("p",)), OLD)


def _create(harness: Harness) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("s", "new", COLUMNS, format="PARQUET"), NEW)


def _create_partitioned(harness: Harness) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("s", "new", COLUMNS, format="PARQUET", partitioned_by=("p",)), NEW)


def _insert(harness: Harness) -> None:
    with harness.statement() as on:
        on.insert("s", "plain", NEW)


def _insert_partitions(harness: Harness) -> None:
    with harness.statement() as on:
        on.insert("s", "parts", NEW)


def _overwrite(harness: Harness) -> None:
    with harness.statement(insert_existing_partitions_behavior="OVERWRITE") as on:
        on.insert("s", "parts", NEW)


def _delete(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.execute_delete(on.session, on.require("s", "plain"))


def _delete_partitions(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.execute_delete(on.session, on.require("s", "parts"))


def _drop(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.drop_table(on.session, on.require("s", "parts"))


def _rename(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.rename_schema(on.session, "s", "s2")


SCENARIOS: dict[str, Callable[[Harness], None]] = {
    "create": _create,
    "create_partitioned": _create_partitioned,
    "insert": _insert,
    "insert_partitions": _insert_partitions,
    "overwrite": _overwrite,
    "delete": _delete,
    "delete_partitions": _delete_partitions,
    "drop": _drop,
    "rename": _rename,
}


def see(root: Path) -> dict[str, Any]:
    """Every table's rows and the number of rows in its statistics, and files that belong to nobody."""
    harness = open_warehouse(root)
    state: dict[str, Any] = {}
    expected: set[str] = set()
    with harness.statement() as on:
        for schema in on.metadata.list_schema_names(on.session):
            for name in on.metadata.list_tables(on.session, schema):
                handle = on.require(schema, name.table)
                paths = on.read(handle, ["$path"])
                expected |= {path.removeprefix("local:///") for (path,) in paths}
                statistics = on.metadata.statistics(on.session, on.require(*_key(name)))
                state[str(name)] = [sorted(on.rows(schema, name.table)), statistics.row_count]
    found = set(visible_files(root / "metastore"))
    hidden = [path for path in (root / "metastore").rglob("*") if path.is_file() and "staging" in str(path)]
    left = sorted(found - {path.removeprefix("metastore/") for path in expected}) + sorted(map(str, hidden))
    return {"state": state, "left": left}


def _key(name: SchemaTableName) -> tuple[str, str]:
    return name.schema, name.table


def _in_child(act: Callable[[], None]) -> bool:
    """Run in a forked process; whether it was killed."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    _, outcome = os.waitpid(pid, 0)
    if os.WIFSIGNALED(outcome):
        return os.WTERMSIG(outcome) == signal.SIGKILL
    if os.WEXITSTATUS(outcome) != 0:
        raise SystemExit(1)
    return False


def _run(act: Callable[[Harness], None], root: Path, changes: int) -> None:
    act(open_warehouse(root, changes))


def _tell(root: Path, killed: bool) -> None:
    print(json.dumps({"killed": killed, **see(root)}))


def main(scenario: str, directory: Path) -> None:
    """Every place to die, one after the other."""
    run = SCENARIOS[scenario]
    # Children start quickly when all is imported; no threads may run before the forks.
    import numpy as np
    import pyarrow as pa

    pa.array(np.zeros(1))  # looks for pandas
    template = directory / "template"
    _in_child(lambda: _prepare(template))
    for changes in itertools.count(1):
        root = directory / str(changes)
        shutil.copytree(template, root)

        killed = _in_child(partial(_run, run, root, changes))
        _in_child(partial(_tell, root, killed))
        shutil.rmtree(root)
        if not killed:
            return


def insert_many(root: Path, start: int, count: int) -> None:
    """A process that inserts into both tables, one row at a time."""
    harness = open_warehouse(root)
    for i in range(start, start + count):
        with harness.statement() as on:
            on.insert("s", "plain", [(i, "x")])
        with harness.statement() as on:
            on.insert("s", "parts", [(i, "x")])


if __name__ == "__main__":
    if sys.argv[1] == "writer":
        insert_many(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(sys.argv[1], Path(sys.argv[2]))
