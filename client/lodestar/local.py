"""`connect("local://")`: servers inside this process, one for each configuration that was asked for.

The driver knows no server. An installed distribution offers one through the entry point group `lodestar.local`: a
callable with the keyword arguments `etc_dir`, `data_dir` (texts or None) and `properties` (a mapping), which starts a
server, gives an object with `url` and `close()`, and sees to it that it ends with the process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from lodestar.errors import Error, InterfaceError, NotSupportedError, OperationalError

ENTRY_POINT_GROUP = "lodestar.local"
SCHEME = "local"


class LocalServer(Protocol):
    """A running server."""

    @property
    def url(self) -> str:
        """Where it answers."""

    def close(self) -> None:
        """End it."""


StartServer = Callable[..., LocalServer]

_lock = threading.Lock()
_running: dict[tuple[object, ...], LocalServer] = {}


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """What a local server is started with; servers are shared between connections with equal options."""

    etc_dir: str | None = None
    data_dir: str | None = None
    properties: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, etc_dir: str | None, data_dir: str | None, properties: Mapping[str, Any] | None) -> LocalOptions:
        """From arguments of `connect`."""
        texts = tuple(sorted((key, str(value)) for key, value in (properties or {}).items()))
        return cls(etc_dir and os.path.abspath(etc_dir), data_dir and os.path.abspath(data_dir), texts)  # noqa: PTH100


def local_url(options: LocalOptions, start: StartServer | None = None) -> str:
    """The address of the server with these options, started if there is none yet in this process.

    Raises: NotSupportedError when no server is installed, InterfaceError for a wrong configuration, OperationalError.
    """
    key = (os.getpid(), options)
    with _lock:
        found = _running.get(key)
        if found is None:
            found = _running[key] = _start(options, start or _installed())
    return found.url


def stop_local_servers() -> None:
    """End every server that `local://` started; the next connection starts a new one."""
    with _lock:
        running = [server for (process, _), server in _running.items() if process == os.getpid()]
        _running.clear()
    for server in running:
        server.close()


def _start(options: LocalOptions, start: StartServer) -> LocalServer:
    try:
        return start(etc_dir=options.etc_dir, data_dir=options.data_dir, properties=dict(options.properties))
    except Error:
        raise
    except (OSError, TimeoutError) as fault:
        raise OperationalError(f"The local server does not start: {fault}") from fault
    except Exception as fault:
        raise InterfaceError(f"The local server's configuration is wrong: {fault}") from fault


def _installed() -> StartServer:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            return cast(StartServer, point.load())
        except ImportError as fault:
            raise NotSupportedError(f"The local server is not installed completely: {fault}") from fault
    raise NotSupportedError("No local server is installed: pip install 'lodestar-sql[server]'")
