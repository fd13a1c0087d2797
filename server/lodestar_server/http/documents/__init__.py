"""Queries as the management endpoints describe them: basic info, full info, the UI's list, resource groups.

Durations and sizes are texts (`1.23ms`, `16MB`), instants ISO 8601 in UTC. Keys without a value are left out, as in
Trino. Figures that a JVM has and this server has not are zero.
"""

from lodestar_server.http.documents.queries import basic_info, full_info, group_state, running_query, ui_info

__all__ = ["basic_info", "full_info", "group_state", "running_query", "ui_info"]
