"""Warnings of the server, each shown once, set apart from what comes before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lodestar.cli.terminal import YELLOW, Channel

Warnings = Sequence[Mapping[str, Any]]


class WarningsPrinter:
    """Shows what is new of a growing list."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._shown = 0

    def show(self, warnings: Warnings, *, before: bool = False, behind: bool = False) -> None:
        """Show the new ones, with an empty line before or behind them."""
        lines = self.new_lines(warnings)
        if not lines:
            return
        for line in ([""] if before else []) + lines + ([""] if behind else []):
            self._channel.line(line)

    def new_lines(self, warnings: Warnings) -> list[str]:
        """The lines of those not shown yet."""
        found = [
            self._channel.colored("WARNING: ", YELLOW) + str(warning.get("message", ""))
            for warning in warnings[self._shown :]
        ]
        self._shown = max(self._shown, len(warnings))
        return found
