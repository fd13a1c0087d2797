"""Figures of the process under the names that monitoring of JVMs looks for."""

from __future__ import annotations

import os
import threading
import time

from lodestar_server.observability.metrics import Metrics


def publish_process(metrics: Metrics) -> None:
    """Time, threads and load."""
    started = time.time()
    runtime = metrics.bean("java.lang:type=Runtime", "This process")
    runtime.gauge("StartTime", "When it started, milliseconds since 1970", lambda: int(started * 1000))
    runtime.gauge("Uptime", "Milliseconds since then", lambda: int((time.time() - started) * 1000))
    threads = metrics.bean("java.lang:type=Threading", "Threads of this process")
    threads.gauge("ThreadCount", "Threads there are", threading.active_count)
    system = metrics.bean("java.lang:type=OperatingSystem", "The machine")
    system.gauge("AvailableProcessors", "Processors", lambda: os.cpu_count() or 1)
    system.gauge("SystemLoadAverage", "Load of the last minute", lambda: os.getloadavg()[0])
    system.counter("ProcessCpuTime", "CPU time of this process in nanoseconds", time.process_time_ns)
