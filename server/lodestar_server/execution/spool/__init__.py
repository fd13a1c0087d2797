"""Where results wait for their clients: bounded memory, then files of the node's spool directory."""

from lodestar_server.execution.spool.budget import SpoolBudget, SpoolConfig
from lodestar_server.execution.spool.files import SpoolDirectory
from lodestar_server.execution.spool.spool import Page, ResultSpool

__all__ = ["Page", "ResultSpool", "SpoolBudget", "SpoolConfig", "SpoolDirectory"]
