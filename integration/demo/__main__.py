"""Starts a server on sample data; shows it around and stops it, or leaves it running.

usage: python -m integration.demo [--serve] [--port PORT] [--scale N]
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from integration.demo.data import make_all
from integration.demo.tour import create_tables, how_to_go_on, show
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.process import NotReady

DATA = Path(__file__).parents[2] / ".demo"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m integration.demo", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="leave the server running until Ctrl-C")
    parser.add_argument("--port", type=int, default=None, help="default: 8080 with --serve, else a free one")
    parser.add_argument("--scale", type=int, default=1, help="of the TPC-H data (default 1)")
    options = parser.parse_args()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)

    # The lake of the embedded default is below the data directory, and so must its files be.
    schemas = make_all(DATA / "sample", options.scale, say)
    port = options.port or (8080 if options.serve else None)
    say("starting the server on its embedded defaults")
    with Lodestar(data_dir=DATA, port=port) as server:
        say(f"the server answers at {server.url}; creating tables over the files")
        create_tables(server.url, schemas)
        if options.serve:
            say("ready; Ctrl-C stops it")
            print(how_to_go_on(server.url), flush=True)
            _wait_for_the_end()
        else:
            show(server.url)
            print(
                f"\nThat was the tour. `make serve` leaves a server running:\n{how_to_go_on('http://127.0.0.1:8080')}"
            )
    say("the server has stopped")
    return 0


def _wait_for_the_end() -> None:
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    end.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotReady as reason:
        sys.exit(f"The server did not start: {reason}")
