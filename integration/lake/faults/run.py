"""The lane `faults`: a store that answers badly, a server that is killed. Every statement happens once or not at all.

1. Writes (INSERT, CREATE TABLE AS, DELETE, UPDATE, MERGE) to tables of a bucket behind a proxy that answers
   503, breaks lines, cuts bodies short, keeps silent and changes bits of pages, at random. Each write has a marker of
   its own; afterwards the marker is there with all of its rows, exactly once, or not at all, and a write that
   succeeded is there.
2. Reads with the same trouble: right rows, or an error of type EXTERNAL.
3. The server is killed (SIGKILL) in the middle of writes; another one over the same bucket finds each of them whole
   or not at all, and goes on writing.
4. The server is killed at each step of a statement (file metastore and Glue, Hive and Iceberg): when a request that
   changes something has had its effect. The next server finds the statement whole or not at all, the next write works,
   and afterwards every file in the bucket belongs to a table.
5. The same with a Hive Metastore, which is killed, too, between our files and its answer (where there is Java).

The numbers are small for every day's run; `--writes 300 --reads 1000 --kills 20 --steps all` takes most of an hour.

usage: run.py [--writes N] [--reads N] [--kills N] [--steps N|all] [--only KIND] [--seed S]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from integration.lake.asking import Lake
from integration.lake.faults import hive_metastore
from integration.lake.faults.steps import KINDS, Killings
from integration.lake.faults.trouble import Store, kill, read, write
from integration.lake.faults.world import BUCKET, Model, catalogs, make_tables, tell
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request, Trouble
from integration.toolbox.lanes import Skip, run_lane

_KINDS_A_DAY = 6


def trouble(arguments: argparse.Namespace, aws: Moto) -> None:
    """Writes, reads and kills at random."""
    dice = random.Random(arguments.seed)
    model = Model()
    with RecordingProxy(aws.url) as proxy:
        store = Store(proxy, dice)
        lake = Lake(catalogs(proxy.url)).start()
        try:
            make_tables(lake)
            tell("writes", write(lake, store, model, dice, arguments.writes))
            tell("reads", read(lake, store, model, dice, arguments.reads))
        finally:
            lake.stop()
        tell("kills", kill(proxy.url, model, dice, arguments.kills, arguments.writes + 1))
        met = ", ".join(f"{count} {kind}" for kind, count in store.met.most_common())
        print(f"trouble: {met}; {len(proxy.requests)} requests; seed {arguments.seed}")


def steps(arguments: argparse.Namespace, aws: Moto) -> None:
    """Kills at the steps of statements."""
    most = None if arguments.steps == "all" else int(arguments.steps)
    kinds = [kind for kind in KINDS if arguments.only in kind.name]
    if most == 0 or not kinds:
        return
    dice = random.Random(arguments.seed)
    if most == 1 and not arguments.only:
        kinds = dice.sample(kinds, _KINDS_A_DAY)
    with RecordingProxy(aws.url) as proxy:
        # Moto keeps no column statistics: a service that speaks like Glue may leave them out.
        proxy.troubles.append(Trouble(1 << 30, status=501, applies=_about_statistics))
        killings = Killings(aws, proxy)
        try:
            killings.prepare()
            tried = 0
            for kind in kinds:
                before, started = killings.found.copy(), time.monotonic()
                some, total = killings.kill_at_steps(kind, most, dice)
                tried += some
                seconds = time.monotonic() - started
                tell(f"{kind.name}, killed at {some} of {total} steps, {seconds:.0f} s", killings.found - before)
            tell(f"steps, {tried} kills", killings.found)
        finally:
            killings.close()


def metastores(arguments: argparse.Namespace) -> None:
    """Kills between files and a Hive Metastore."""
    most = None if arguments.steps == "all" else int(arguments.steps)
    try:
        found, tried = hive_metastore.measure(most, random.Random(arguments.seed))
    except Skip as reason:
        print(f"without a Hive Metastore: {reason}")
        return
    tell(tried, found)


def _about_statistics(request: Request) -> bool:
    return "ColumnStatistics" in request.headers.get("x-amz-target", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writes", type=int, default=40)
    parser.add_argument("--reads", type=int, default=120)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument(
        "--steps", default="1", help="of each kind of statement: a number, or `all`; with 1 of some kinds"
    )
    parser.add_argument("--only", default="", help="kinds of statements whose name has this text")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    parts = (steps,) if arguments.only else (trouble, steps)
    for part in parts:
        # Each has a store of its own: what a store in trouble could not remove is not to be found among the rest.
        with Moto() as aws:
            aws.make_bucket(BUCKET)
            part(arguments, aws)
    if arguments.steps != "0" and arguments.only in ("", "thrift"):
        metastores(arguments)


if __name__ == "__main__":
    run_lane(main)
