"""CALL system.runtime.kill_query(query_id => …, message => …)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lodestar_server.metadata.runtime_source import KillOutcome, RuntimeSource
from lodestar_server.spi.errors import (
    ADMINISTRATIVELY_KILLED,
    INVALID_PROCEDURE_ARGUMENT,
    NOT_FOUND,
    NOT_SUPPORTED,
    LodestarError,
)
from lodestar_server.spi.procedures import Procedure, ProcedureArgument
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import VARCHAR


def killed(message: str | None) -> LodestarError:
    """The error with which a killed query ends."""
    text = f"Message: {message}" if message else "No message provided."
    return LodestarError(ADMINISTRATIVELY_KILLED, f"Query killed. {text}")


def kill_query_procedure(runtime: RuntimeSource) -> Procedure:
    """The procedure over a running server."""

    def run(session: ConnectorSession, arguments: Mapping[str, Any]) -> None:
        query_id = arguments["query_id"]
        if query_id is None:
            raise LodestarError(INVALID_PROCEDURE_ARGUMENT, "query_id cannot be null")
        outcome = runtime.kill_query(str(query_id), killed(arguments["message"]), session.user)
        if outcome is KillOutcome.NOT_FOUND:
            raise LodestarError(NOT_FOUND, f"Target query not found: {query_id}")
        if outcome is KillOutcome.NOT_RUNNING:
            raise LodestarError(NOT_SUPPORTED, f"Target query is not running: {query_id}")

    arguments = (ProcedureArgument("query_id", VARCHAR), ProcedureArgument("message", VARCHAR, False, ""))
    return Procedure("runtime", "kill_query", arguments, run)
