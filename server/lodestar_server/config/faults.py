"""What is wrong with a configuration, in a form that leads to the line."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.spi.values import frozen


@frozen
class Fault:
    """One fault. `file` and `line` are None for what is given on the command line or missing altogether."""

    message: str
    key: str | None = None
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}:{self.line}: " if self.line is not None else f"{self.file}: "
        return f"{place}{self.key}: {self.message}" if self.key is not None else f"{place}{self.message}"


class ConfigurationFaults(Exception):
    """The server cannot start like this."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
