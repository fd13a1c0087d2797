"""A view of Iceberg's own: its versions, each a text per dialect with the schema of its rows, as a frozen value.

Source: the specification "Iceberg View Spec"; the reference implementation's ViewMetadata.Builder for what is kept.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, read_schema, write_schema
from lodestar_server.spi.values import frozen

_HISTORY = "version.history.num-entries"
_KEPT = "10"


@frozen
class ViewVersion:
    """`representations` are as in JSON: type, sql, dialect."""

    id: int
    timestamp_ms: int
    schema_id: int
    summary: Mapping[str, str]
    representations: tuple[Mapping[str, Any], ...]
    default_catalog: str | None
    default_namespace: tuple[str, ...]

    def says_the_same(self, other: ViewVersion) -> bool:
        """But for its number and time."""
        return replace(other, id=self.id, timestamp_ms=self.timestamp_ms) == self


@dataclass(frozen=True)
class ViewMetadata:
    """`log` are the versions that were current, as JSON, the newest last."""

    uuid: str
    location: str
    schemas: tuple[Schema, ...]
    current_version_id: int
    versions: tuple[ViewVersion, ...]
    log: tuple[Mapping[str, Any], ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    format_version: int = 1

    @property
    def version(self) -> ViewVersion:
        """The current one."""
        return next(one for one in self.versions if one.id == self.current_version_id)

    @property
    def schema(self) -> Schema:
        """Of the current version."""
        return next(one for one in self.schemas if one.id == self.version.schema_id)

    def sql(self, dialect: str) -> Mapping[str, Any] | None:
        """The text in a dialect, else in another, None when there is none."""
        texts = [one for one in self.version.representations if one.get("type") == "sql"]
        return next((one for one in texts if one["dialect"].lower() == dialect), texts[0] if texts else None)


def first_view(
    uuid: str, location: str, schema: Schema, version: ViewVersion, properties: Mapping[str, str]
) -> ViewMetadata:
    """A new view; numbers of schema and version are given here."""
    made = replace(version, id=1, schema_id=0)
    log = {"timestamp-ms": made.timestamp_ms, "version-id": 1}
    return ViewMetadata(uuid, location, (replace(schema, id=0),), 1, (made,), (log,), dict(properties))


def with_version(base: ViewMetadata, schema: Schema, version: ViewVersion) -> ViewMetadata:
    """With another current version; a schema or version that was there already comes back under its number."""
    known = next((one for one in base.schemas if replace(one, id=schema.id) == schema), None)
    if known is None:
        known = replace(schema, id=max(one.id for one in base.schemas) + 1)
        base = replace(base, schemas=(*base.schemas, known))
    asked = replace(version, schema_id=known.id)
    found = next((one for one in base.versions if one.says_the_same(asked)), None)
    if found is None:
        found = replace(asked, id=max(one.id for one in base.versions) + 1)
        base = replace(base, versions=(*base.versions, found))
    if found.id == base.current_version_id:
        return base
    log = (*base.log, {"timestamp-ms": version.timestamp_ms, "version-id": found.id})
    return _shortened(replace(base, current_version_id=found.id, log=log))


def _shortened(view: ViewMetadata) -> ViewMetadata:
    kept = max(int(view.properties.get(_HISTORY, _KEPT)), 1)
    if len(view.versions) <= kept:
        return view
    others = sorted((one.id for one in view.versions if one.id != view.current_version_id), reverse=True)
    ids = {view.current_version_id, *others[: kept - 1]}
    log: list[Mapping[str, Any]] = []
    for one in view.log:
        # What comes before a version that is forgotten is forgotten, too.
        log = [*log, one] if one["version-id"] in ids else []
    return replace(view, versions=tuple(one for one in view.versions if one.id in ids), log=tuple(log))


def read_view(content: bytes) -> ViewMetadata:
    """From the file; it may be compressed. Raises: ValueError, KeyError, TypeError for what is no view."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    return view_of(orjson.loads(content))


def view_of(document: Mapping[str, Any]) -> ViewMetadata:
    """From JSON. Raises: as `read_view`."""
    return ViewMetadata(
        document["view-uuid"],
        document["location"].rstrip("/"),
        tuple(map(read_schema, document["schemas"])),
        document["current-version-id"],
        tuple(map(_read_version, document["versions"])),
        tuple(document.get("version-log") or ()),
        document.get("properties") or {},
        document["format-version"],
    )


def _read_version(document: Mapping[str, Any]) -> ViewVersion:
    return ViewVersion(
        document["version-id"],
        document["timestamp-ms"],
        document["schema-id"],
        document.get("summary") or {},
        tuple(document["representations"]),
        document.get("default-catalog"),
        tuple(document.get("default-namespace") or ()),
    )


def write_version(version: ViewVersion) -> dict[str, Any]:
    """To JSON."""
    catalog = {} if version.default_catalog is None else {"default-catalog": version.default_catalog}
    return {
        "version-id": version.id,
        "timestamp-ms": version.timestamp_ms,
        "schema-id": version.schema_id,
        "summary": dict(version.summary),
        **catalog,
        "default-namespace": list(version.default_namespace),
        "representations": [dict(one) for one in version.representations],
    }


def write_view(view: ViewMetadata) -> bytes:
    """The compressed file."""
    properties = {"properties": dict(view.properties)} if view.properties else {}
    document = {
        "view-uuid": view.uuid,
        "format-version": view.format_version,
        "location": view.location,
        **properties,
        "schemas": [write_schema(one) for one in view.schemas],
        "current-version-id": view.current_version_id,
        "versions": [write_version(one) for one in view.versions],
        "version-log": [dict(one) for one in view.log],
    }
    return gzip.compress(orjson.dumps(document), mtime=0)


def view_updates(base: ViewMetadata, made: ViewMetadata) -> Sequence[dict[str, Any]]:
    """What a REST catalog is told of a change."""
    found: list[dict[str, Any]] = []
    known = {one.id for one in base.schemas}
    added = [one for one in made.schemas if one.id not in known]
    for schema in added:
        found.append({"action": "add-schema", "schema": write_schema(schema), "last-column-id": schema.highest_id})
    if made.location != base.location:
        found.append({"action": "set-location", "location": made.location})
    changed = {key: value for key, value in made.properties.items() if base.properties.get(key) != value}
    gone = sorted(base.properties.keys() - made.properties.keys())
    if changed:
        found.append({"action": "set-properties", "updates": changed})
    if gone:
        found.append({"action": "remove-properties", "removals": gone})
    if made.current_version_id != base.current_version_id:
        current = made.current_version_id
        if current not in {one.id for one in base.versions}:
            version = write_version(made.version)
            if made.version.schema_id in {one.id for one in added}:
                version["schema-id"] = -1
            found.append({"action": "add-view-version", "view-version": version})
            current = -1
        found.append({"action": "set-current-view-version", "view-version-id": current})
    return found
