"""This node: who it is, how it is, and how it is asked to end."""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import orjson

from lodestar_server.config.version import COMPATIBLE_VERSION
from lodestar_server.http.exchange import Exchange
from lodestar_server.http.reply import JSON, Reply, empty_reply, json_reply
from lodestar_server.http.router import Access, Route
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.spi.properties import Duration

if TYPE_CHECKING:
    # These routes answer before the rooms behind statements are imported.
    from lodestar_server.query.dispatch import QueryManager


class NodeState(Enum):
    """What a node says of itself."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DRAINING = "DRAINING"
    DRAINED = "DRAINED"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    INVALID = "INVALID"
    GONE = "GONE"


@dataclass(slots=True)
class Node:
    """This process as others see it. `state` changes; `ready` becomes true once."""

    node_id: str
    environment: str
    coordinator: bool = True
    external_address: str = "127.0.0.1"
    internal_address: str = "127.0.0.1"
    started: float = 0.0
    ready: bool = False
    state: NodeState = NodeState.ACTIVE

    def uptime(self) -> Duration:
        """Since the process began to start."""
        return Duration(time.monotonic() - self.started)


_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_PROCESSORS = os.cpu_count() or 1


class NodeRoutes:
    """Handlers about the node. `request_state` is asked to bring the node to another state."""

    def __init__(self, node: Node, request_state: Callable[[NodeState], Awaitable[None]]) -> None:
        self._node = node
        self._request_state = request_state
        self.manager: QueryManager | None = None
        self._cpu = CpuMeter()

    def routes(self) -> list[Route]:
        """The routes."""
        public, reader, internal = Access.PUBLIC, Access.MANAGEMENT_READ, Access.INTERNAL_ONLY
        user = Access.AUTHENTICATED_USER
        return [
            Route("GET", "/v1/info", public, self.info, produces=JSON, before_ready=True),
            Route("GET", "/v1/info/state", public, self.state, produces=JSON, before_ready=True),
            Route("PUT", "/v1/info/state", Access.MANAGEMENT_WRITE, self.change_state, consumes=JSON),
            Route("GET", "/v1/info/coordinator", public, self.is_coordinator, before_ready=True),
            Route("HEAD", "/v1/status", public, self.ping, before_ready=True),
            Route("GET", "/v1/status", public, self.status, produces=JSON, before_ready=True),
            Route("GET", "/v1/node", reader, self.nodes, produces=JSON),
            Route("GET", "/v1/node/failed", reader, self.nodes, produces=JSON),
            Route("GET", "/v1/thread", reader, self.threads, produces=JSON),
            Route("GET", "/v1/service", user, self.services, produces=JSON),
            Route("GET", "/v1/service/{type}", user, self.services, produces=JSON),
            Route("GET", "/v1/service/{type}/{pool}", user, self.services, produces=JSON),
            Route("GET", "/v1/memory", internal, self.forbidden),
            Route("GET", "/v1/task", internal, self.forbidden),
            Route("PUT", "/v1/announcement/{node}", internal, self.forbidden),
            Route("DELETE", "/v1/announcement/{node}", internal, self.forbidden),
        ]

    async def info(self, exchange: Exchange) -> Reply:
        """Version and readiness."""
        node = self._node
        return json_reply(
            orjson.dumps(
                {
                    "nodeVersion": {"version": COMPATIBLE_VERSION},
                    "environment": node.environment,
                    "coordinator": node.coordinator,
                    "starting": not node.ready,
                    "uptime": str(node.uptime()),
                }
            )
        )

    async def state(self, exchange: Exchange) -> Reply:
        """The node's state as a JSON string."""
        return json_reply(orjson.dumps(self._node.state.value))

    async def change_state(self, exchange: Exchange) -> Reply:
        """Shut down, drain, or come back."""
        try:
            wanted = NodeState(orjson.loads(await exchange.read_body()))
        except (orjson.JSONDecodeError, ValueError):
            raise RequestFault(400, "Unknown node state") from None
        await self._request_state(wanted)
        return empty_reply(200)

    async def is_coordinator(self, exchange: Exchange) -> Reply:
        """For load balancers."""
        return empty_reply(200 if self._node.coordinator else 404)

    async def ping(self, exchange: Exchange) -> Reply:
        """HEAD: alive."""
        return Reply(200, (), JSON)

    async def status(self, exchange: Exchange) -> Reply:
        """Memory and load."""
        return json_reply(orjson.dumps(self.describe()))

    def describe(self) -> dict[str, Any]:
        """The status document."""
        node = self._node
        used, total = resident_bytes(), memory_bytes()
        reserved = 0 if self.manager is None else self.manager.spool_budget.memory_used
        return {
            "nodeId": node.node_id,
            "nodeVersion": {"version": COMPATIBLE_VERSION},
            "environment": node.environment,
            "coordinator": node.coordinator,
            "uptime": str(node.uptime()),
            "externalAddress": node.external_address,
            "internalAddress": node.internal_address,
            "memoryInfo": {
                "availableProcessors": _PROCESSORS,
                "pool": {
                    "maxBytes": total,
                    "reservedBytes": reserved,
                    "reservedRevocableBytes": 0,
                    "queryMemoryReservations": {},
                    "queryMemoryAllocations": {},
                    "queryMemoryRevocableReservations": {},
                    "taskMemoryReservations": {},
                    "taskMemoryRevocableReservations": {},
                    "freeBytes": total - reserved,
                },
            },
            "processors": _PROCESSORS,
            "processCpuLoad": self._cpu.load(),
            "systemCpuLoad": min(os.getloadavg()[0] / _PROCESSORS, 1.0),
            "heapUsed": used,
            "heapAvailable": total,
            "nonHeapUsed": 0,
        }

    async def nodes(self, exchange: Exchange) -> Reply:
        """The failure detector's view of other nodes; there are none."""
        return json_reply(b"[]")

    async def threads(self, exchange: Exchange) -> Reply:
        """What every thread is doing."""
        return json_reply(orjson.dumps(describe_threads()))

    async def services(self, exchange: Exchange) -> Reply:
        """What this node offers, in the form of old discovery clients."""
        node = self._node
        wanted = exchange.parameters.get("type")
        properties = {"http": exchange.base, "http-external": exchange.base}
        offered = {
            "discovery": properties,
            "jmx-http": properties,
            "trino-coordinator": properties,
            "trino": {"node_version": COMPATIBLE_VERSION, "coordinator": str(node.coordinator).lower(), **properties},
        }
        found = [
            {
                "id": str(_service_id(node.node_id, kind)),
                "nodeId": node.node_id,
                "type": kind,
                "pool": "general",
                "location": f"/{node.node_id}",
                "properties": given,
            }
            for kind, given in offered.items()
            if wanted in (None, kind)
        ]
        return json_reply(orjson.dumps({"environment": node.environment, "services": found}))

    async def forbidden(self, exchange: Exchange) -> Reply:
        """Between nodes only; the access class answers before this does."""
        raise RequestFault(403, "Internal only resource")


class CpuMeter:
    """This process's share of all processors since it was asked last; 0 to 1."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def load(self) -> float:
        """Ask."""
        wall, cpu = time.monotonic(), time.process_time()
        spent, passed = cpu - self._cpu, wall - self._wall
        if passed > 1:
            self._wall, self._cpu = wall, cpu
        return min(max(spent / max(passed, 1e-3) / _PROCESSORS, 0.0), 1.0)


def resident_bytes() -> int:
    """Memory this process holds; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_SIZE
    except OSError:
        return 0


def memory_bytes() -> int:
    """Memory of the machine; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * _PAGE_SIZE
    except (ValueError, OSError, AttributeError):
        return 0


def describe_threads() -> list[dict[str, Any]]:
    """Name, state and stack of every thread, innermost call first."""
    frames = sys._current_frames()
    found = []
    for thread in threading.enumerate():
        stack = []
        frame: FrameType | None = frames.get(thread.ident or 0)
        while frame is not None:
            code = frame.f_code
            stack.append(
                {
                    "file": Path(code.co_filename).name,
                    "line": frame.f_lineno,
                    "className": str(frame.f_globals.get("__name__", "")),
                    "method": code.co_name,
                }
            )
            frame = frame.f_back
        state = "RUNNABLE" if thread.is_alive() else "TERMINATED"
        found.append({"id": thread.ident or 0, "name": thread.name, "state": state, "stackTrace": stack})
    return found


def _service_id(node_id: str, kind: str) -> uuid.UUID:

    return uuid.uuid5(uuid.NAMESPACE_OID, f"{node_id}/{kind}")
