"""A server inside somebody else's process: on a thread with an event loop of its own, on a loopback port.

What `lodestar.connect("local://")` starts; found through the entry point group `lodestar.local`. Thin over
`bootstrap.LodestarServer`: it decides only what an embedded server does without, signals and logging set-up.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path

from lodestar_server.bootstrap import (
    LodestarServer,
    config_groups,
    data_directory,
    default_catalogs,
    event_loop_factory,
)
from lodestar_server.config import Configuration, load_configuration

START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class EmbeddedServer:
    """A running server. `url` is where it answers; `close` ends it, at the latest when the process ends."""

    def __init__(self, configuration: Configuration) -> None:
        """Start it. Raises: ConfigurationFaults, OSError."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: LodestarServer | None = None
        ready: Future[str] = Future()
        # A daemon: a process that ends without its atexit functions must not wait for it.
        self._thread = threading.Thread(
            target=self._serve, args=(configuration, ready), name="lodestar-server", daemon=True
        )
        self._thread.start()
        self.url = ready.result(START_SECONDS)
        _at_exit(self.close)

    def close(self) -> None:
        """End it: running queries are cancelled, files removed. May be called again."""
        loop, thread = self._loop, self._thread
        if loop is None or not thread.is_alive() or thread is threading.current_thread():
            return
        loop.call_soon_threadsafe(self._end)
        thread.join(_STOP_SECONDS)
        # The interpreter must not end while they are inside native code: that would abort the process.
        if self._server is not None and self._server.manager is not None:
            self._server.manager.join_threads(_STOP_SECONDS)

    def _end(self) -> None:
        """Asked twice, a server ends at once."""
        assert self._server is not None
        self._server.end()
        self._server.end()

    def _serve(self, configuration: Configuration, ready: Future[str]) -> None:
        async def main() -> None:
            try:
                server = LodestarServer(configuration)
                await server.start()
            except BaseException as fault:
                ready.set_exception(fault)
                return
            self._server, self._loop = server, asyncio.get_running_loop()
            assert server.address is not None
            ready.set_result(f"http://127.0.0.1:{server.address[1]}")
            await server.run()

        with asyncio.Runner(loop_factory=event_loop_factory()) as runner:
            runner.run(main())


def _at_exit(action: Callable[[], None]) -> None:
    """Before the interpreter takes its thread pools down, which a server needs to end; atexit comes after that."""
    register = getattr(threading, "_register_atexit", atexit.register)
    register(action)


def start(
    *, etc_dir: str | None = None, data_dir: str | None = None, properties: Mapping[str, str] | None = None
) -> EmbeddedServer:
    """Start a server on a free loopback port.

    `etc_dir` is a directory of configuration; without one there are the catalogs that `lodestar-server run` has by
    itself. `data_dir` holds what it keeps; `properties` are stronger than files.
    Raises: ConfigurationFaults, OSError.
    """
    overrides = {
        **(properties or {}),
        "http-server.http.port": "0",
        "node.bind-ip": "127.0.0.1",
    }
    if data_dir is not None:
        overrides["node.data-dir"] = data_dir
    catalogs = default_catalogs(data_directory(overrides.get("node.data-dir"))) if etc_dir is None else ()
    directory = None if etc_dir is None else Path(etc_dir)
    return EmbeddedServer(load_configuration(directory, overrides, config_groups(), default_catalogs=catalogs))
