"""Tables between engines: files of pyarrow, DuckDB, pyorc and fastavro; tables of Spark and of a real Trino.

usage: lane.py [--all]

Without --all: files of everybody, and Spark on partitioned Parquet and ORC and on Iceberg's Parquet. With it: every
format, Trino too.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack

from integration.lake.interchange import files, hive, iceberg, others
from integration.lake.interchange.engines import Peers
from integration.lake.interchange.matrix import Matrix
from integration.toolbox.lanes import Failed, Skip, run_lane


def main() -> None:
    """Raises: Failed."""
    everything = "--all" in sys.argv
    files.main()
    matrix = Matrix()
    try:
        with ExitStack() as stack:
            peers = Peers(stack, trino=everything)
            hive.run(peers, matrix, everything=everything)
            faults = iceberg.run(peers, matrix, everything=everything)
            faults += others.run(peers, everything=everything)
    except Skip as reason:
        print(f"without Spark: {reason}")
        return
    print(matrix.show())
    faults += matrix.faults()
    if faults:
        raise Failed(f"{len(faults)} kinds of values went wrong\n" + "\n".join(faults))
    print(f"{sum(map(len, matrix.cells.values()))} kinds of values went between engines as they should")


if __name__ == "__main__":
    run_lane(main)
