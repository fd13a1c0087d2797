"""Intake, queueing and the life of queries; what clients and operators may ask about them."""

from lodestar_server.query.dispatch.groups import GroupFigures, QueryGroups, SingleGroup
from lodestar_server.query.dispatch.manager import AccessChecks, QueryManager, QuerySettings
from lodestar_server.query.dispatch.query import Query

__all__ = ["AccessChecks", "GroupFigures", "Query", "QueryGroups", "QueryManager", "QuerySettings", "SingleGroup"]
