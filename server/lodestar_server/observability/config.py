"""Settings of logs."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, config


class LogFormat(Enum):
    """How a log line looks."""

    TEXT = "TEXT"
    JSON = "JSON"


class LogConfig(ConfigGroup):
    """Logs go to standard error; whoever starts the server decides where that leads."""

    format: LogFormat = config(
        "log.format", default="TEXT", doc="Form of log lines.", source="Trino: admin/properties-logging"
    )
    console_format: LogFormat | None = config(
        "log.console-format",
        default=None,
        doc="Form of log lines on the console; stronger than log.format.",
        source="Trino: admin/properties-logging",
    )
