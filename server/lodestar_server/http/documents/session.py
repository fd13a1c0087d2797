"""The session of a query."""

from __future__ import annotations

import re
import uuid
from typing import Any

from lodestar_server.http.documents.pieces import instant, present
from lodestar_server.query.dispatch import Query
from lodestar_server.session import Session
from lodestar_server.session.time_zones import require_zone
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.zones import zone_key

_PATH_ELEMENT = re.compile(r'\s*("(?:[^"]|"")*"|[^\s.,"]+)\s*\.\s*("(?:[^"]|"")*"|[^\s.,"]+)\s*')


def describe_session(query: Query) -> dict[str, Any]:
    """The `session` of a query."""
    session = query.session
    zone = _zone(query)
    found: dict[str, Any] = {
        "queryId": query.id,
        "querySpan": {},
        "transactionId": session.transaction_id or str(uuid.uuid5(uuid.NAMESPACE_OID, query.id)),
        "clientTransactionSupport": session.transactions,
        "user": session.user,
        "originalUser": session.original_identity.user,
        "setOriginalRoles": [],
        "groups": sorted(session.identity.groups),
        "originalUserGroups": sorted(session.original_identity.groups),
        "principal": session.identity.principal or session.user,
        "enabledRoles": sorted(session.identity.roles),
        "source": session.source,
        "catalog": session.catalog,
        "schema": session.schema,
        "path": _path(session.path or ""),
        "traceToken": session.trace_token,
        "timeZoneKey": zone_key(zone),
        "locale": session.locale,
        "remoteUserAddress": session.remote_address,
        "userAgent": session.user_agent,
        "clientInfo": session.client_info,
        "clientTags": list(query.request.tags),
        "clientCapabilities": list(query.request.capabilities),
        "resourceEstimates": dict(session.resource_estimates),
        "start": instant(session.start),
        "systemProperties": dict(session.system_properties),
        "catalogProperties": {catalog: dict(values) for catalog, values in session.catalog_properties.items()},
        "catalogRoles": {
            catalog: {"type": role.kind.value, **({"role": role.role} if role.role is not None else {})}
            for catalog, role in session.roles.items()
            if catalog != "system"
        },
        "preparedStatements": dict(session.prepared_statements),
        "protocolName": session.protocol_prefix,
        "timeZone": zone,
    }
    return present(found)


def _zone(query: Query) -> str:
    if query.context is not None:
        return query.context.time_zone
    return _canonical_or_utc(query.session)


def _canonical_or_utc(session: Session) -> str:
    try:
        return require_zone(session.time_zone)
    except LodestarError:
        return "UTC"


def _path(raw: str) -> dict[str, Any]:
    """The SQL path: the built-in schemas, then what names a catalog and a schema."""
    elements = [("system", "$query"), ("system", "builtin")]
    for item in raw.split(","):
        match = _PATH_ELEMENT.fullmatch(item)
        if match is not None:
            elements.append((_identifier(match[1]), _identifier(match[2])))
    return {"path": [{"catalogName": catalog, "schemaName": schema} for catalog, schema in elements], "rawPath": raw}


def _identifier(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()
