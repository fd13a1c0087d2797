"""Beans about the process itself, under the names that JMX tools ask for first; what has no meaning here is NULL."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lodestar_server.spi.beans import Bean
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, VARCHAR, Type

_STARTED = time.time()
_RUNTIME = "java.lang:type=Runtime"
_MEMORY = "java.lang:type=Memory"
_THREADING = "java.lang:type=Threading"
_SYSTEM = "java.lang:type=OperatingSystem"


def _typed(**types: str) -> dict[str, Type]:
    names = {VARCHAR: "text", BIGINT: "whole", DOUBLE: "real", BOOLEAN: "truth"}
    by_word = {word: type_ for type_, word in names.items()}
    return {name: by_word[word] for word, joined in types.items() for name in joined.split()}


class ProcessBeans:
    """A `BeanSource` over /proc and the standard library."""

    def list_beans(self) -> Iterable[Bean]:
        """Runtime, Memory, Threading, OperatingSystem."""
        return _BEANS


def _runtime() -> Mapping[str, Any]:
    return {
        "InputArguments": repr(sys.argv),
        "Name": f"{os.getpid()}@{platform.node()}",
        "ObjectName": _RUNTIME,
        "Pid": os.getpid(),
        "SpecName": "Python",
        "SpecVersion": ".".join(platform.python_version_tuple()[:2]),
        "StartTime": int(_STARTED * 1000),
        "Uptime": int((time.time() - _STARTED) * 1000),
        "VmName": platform.python_implementation(),
        "VmVersion": platform.python_version(),
        "BootClassPathSupported": False,
    }


def _memory() -> Mapping[str, Any]:
    resident, virtual = _status("VmRSS"), _status("VmSize")
    return {
        "HeapMemoryUsage": f"{{committed={virtual}, used={resident}}}",
        "ObjectName": _MEMORY,
        "ObjectPendingFinalizationCount": 0,
        "Verbose": False,
    }


def _threading() -> Mapping[str, Any]:
    threads = threading.enumerate()
    return {
        "AllThreadIds": repr([thread.native_id for thread in threads]),
        "DaemonThreadCount": sum(thread.daemon for thread in threads),
        "ObjectName": _THREADING,
        "ThreadCount": len(threads),
    }


def _system() -> Mapping[str, Any]:
    seconds = time.process_time()
    return {
        "Arch": platform.machine(),
        "AvailableProcessors": os.cpu_count(),
        "CommittedVirtualMemorySize": _status("VmSize"),
        "Name": platform.system(),
        "ObjectName": _SYSTEM,
        "ProcessCpuTime": int(seconds * 1_000_000_000),
        "SystemLoadAverage": os.getloadavg()[0],
        "TotalPhysicalMemorySize": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "Version": platform.release(),
    }


def _status(field: str) -> int | None:
    """A size of this process in bytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None


_BEANS = (
    Bean(
        _RUNTIME,
        _typed(
            text="BootClassPath ClassPath InputArguments LibraryPath ManagementSpecVersion Name ObjectName SpecName"
            " SpecVendor SpecVersion SystemProperties VmName VmVendor VmVersion",
            whole="Pid StartTime Uptime",
            truth="BootClassPathSupported",
        ),
        _runtime,
    ),
    Bean(
        _MEMORY,
        _typed(
            text="HeapMemoryUsage NonHeapMemoryUsage ObjectName",
            whole="ObjectPendingFinalizationCount",
            truth="Verbose",
        ),
        _memory,
    ),
    Bean(
        _THREADING,
        _typed(text="AllThreadIds ObjectName", whole="DaemonThreadCount PeakThreadCount ThreadCount"),
        _threading,
    ),
    Bean(
        _SYSTEM,
        _typed(
            text="Arch Name ObjectName Version",
            whole="AvailableProcessors CommittedVirtualMemorySize ProcessCpuTime TotalPhysicalMemorySize",
            real="SystemLoadAverage",
        ),
        _system,
    ),
)
