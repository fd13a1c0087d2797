"""Files that belong to nothing: there are none once Iceberg's were asked for, and the next write of others is over."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence

from integration.lake.asking import Lake
from integration.lake.faults.world import BUCKET
from integration.services.moto import Moto
from integration.toolbox.lanes import Failed

# A lock of the dead is taken away by whoever wants it next.
_METASTORE_FILES = re.compile(
    r"\.lodestar/locks/[^/]+/(changed-\w+|lock)"
    r"|\.\w+\.trinoSchema|(.*/)?\.trinoSchema|(.*/)?\.trinoPermissions/\w+"
    r"|(.*/)?_lodestar/\w+\.changed"
)

_PATIENCE_SECONDS = 20.0
"""Of a write whose server has just died nobody takes the traces away for two seconds: its last call to the metastore
may be on its way. A server that starts faster than that reads past them, and whoever reads next removes them."""


def await_none(where: str, leftovers: Callable[[], Sequence[str]]) -> None:
    """`leftovers` reads the tables, and says which files belong to none. Raises: Failed when some stay."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while left := leftovers():
        if time.monotonic() > deadline:
            raise Failed(f"{where}: {len(left)} files belong to nothing: {left[:5]}")
        time.sleep(0.5)


def check_leftovers(lake: Lake, aws: Moto, catalog: str) -> None:
    """Raises: Failed when a file in the bucket is no table's."""
    await_none(catalog, lambda: _leftovers(lake, aws, catalog))


def _leftovers(lake: Lake, aws: Moto, catalog: str) -> list[str]:
    tables = [name for (name,) in lake.run(f"SHOW TABLES FROM {catalog}.k")]
    known: set[str] = set()
    storage = ""
    for table in tables:
        if catalog == "ice" and table == "view":
            # Its storage is no table that can be asked for files which belong to nothing.
            sql = 'SELECT "$path" FROM ice.k."view$materialized_view_storage" LIMIT 1'
            storage = lake.run(sql)[0][0].rpartition("/data/")[0].removeprefix(f"s3://{BUCKET}/")
        elif catalog == "ice":
            known |= _known_to_iceberg(lake, aws, table)
        else:
            known |= {path for (path,) in lake.run(f'SELECT DISTINCT "$path" FROM {catalog}.k.{table}')}
    left = []
    for key in aws.keys(BUCKET, f"{catalog}/"):
        inside = key.removeprefix(f"{catalog}/")
        if storage and key.startswith(storage):
            continue
        if f"s3://{BUCKET}/{key}" not in known and not _METASTORE_FILES.fullmatch(inside):
            left.append(inside)
    return left


def _known_to_iceberg(lake: Lake, aws: Moto, table: str) -> set[str]:
    lake.run(f"ALTER TABLE ice.k.{table} EXECUTE remove_orphan_files(retention_threshold => '0s')")
    found = {
        path
        for column, of in (
            ("file", "metadata_log_entries"),
            ("manifest_list", "snapshots"),
            ("path", "all_manifests"),
            ("data_file.file_path", "all_entries"),
        )
        for (path,) in lake.run(f'SELECT {column} FROM ice.k."{table}${of}"')
    }
    for path in [one for one in found if one.endswith(".metadata.json")]:
        document = json.loads(aws.get(BUCKET, path.removeprefix(f"s3://{BUCKET}/")))
        found |= {one["statistics-path"] for one in document.get("statistics", ())}
    return found
