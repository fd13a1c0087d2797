"""Tables that are being made: where their files are, so that somebody finds those of a maker that has died.

No table tells of the files of a CREATE TABLE AS that did not come to its end, and its next try goes to another place.
While a table is made `<schema>/_lodestar/<id>.creating` names its place; whoever makes the next table of the schema
removes what the dead have left.
"""

from __future__ import annotations

import logging
import uuid

import orjson

from lodestar_server.plugins.connectors.iceberg.catalogs.interface import Catalog
from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem, child_of
from lodestar_server.plugins.toolkit.metastore.visible import HOME
from lodestar_server.plugins.toolkit.processes import has_ended, this_process
from lodestar_server.plugins.toolkit.renewing import LEASE_SECONDS, Renewer, StoreClock
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

_log = logging.getLogger(__name__)
_ENDING = ".creating"
_METADATA = ".metadata.json"
_METADATA_LOCATION = "metadata_location"
_LAST_CALL_SECONDS = 2.0
"""What a dead process has asked the catalog at last may still be on its way."""


class Creations:
    """Of one catalog. Thread-safe."""

    def __init__(self, files: FileSystem, catalog: Catalog) -> None:
        self._files = files
        self._catalog = catalog
        self._renewer = Renewer()

    def begin(self, schema_location: str, name: SchemaTableName, location: str) -> Creation:
        """A table is to be made at a place that is nobody else's. What the dead have left in the schema goes first."""
        home = child_of(schema_location, HOME)
        self._settle(home)
        return Creation(self._files, self._renewer, child_of(home, uuid.uuid4().hex + _ENDING), name, location)

    def _settle(self, home: str) -> None:
        try:
            records = [info for info in self._files.list(home) if info.name.endswith(_ENDING)]
            clock = StoreClock(self._files, home, _ENDING, _record("", None, ""))
            for info in records:
                if not info.name.startswith("."):
                    self._settle_one(info, clock)
        except LodestarError as fault:
            _log.warning("Files of tables that were not made stay for the next one: %s", fault.message)

    def _settle_one(self, info: FileInfo, clock: StoreClock) -> None:
        content = self._files.read(info.location)
        if content is None:
            return
        record = orjson.loads(content)
        location = record["location"]
        if not (record["left"] or has_ended(record["process"]) or clock.age(info) > LEASE_SECONDS):
            return
        if location:
            made = [one for one in self._files.list_recursively(child_of(location, "metadata")) if _is_metadata(one)]
            if any(clock.age(one) < _LAST_CALL_SECONDS for one in made):
                return
            # Without a file of metadata no catalog can know the table, under whatever name.
            if not made or not self._is_known(SchemaTableName(record["schema"], record["table"]), location):
                self._files.delete_tree(location)
                _log.warning("Files of table %s.%s, which was not made, are gone", record["schema"], record["table"])
        self._files.delete_file(info.location)

    def _is_known(self, name: SchemaTableName, location: str) -> bool:
        """Whether a table is there; it may have been renamed meanwhile."""
        if self._is_at(name, location):
            return True
        return any(
            self._is_at(SchemaTableName(schema, table), location)
            for schema in self._catalog.list_databases()
            for table in self._catalog.list_tables(schema)
        )

    def _is_at(self, name: SchemaTableName, location: str) -> bool:
        entry = self._catalog.find_table(name)
        found = "" if entry is None else entry.parameters.get(_METADATA_LOCATION, "")
        return found.startswith(child_of(location, ""))


class Creation:
    """A table that is being made. Raises what the store raises."""

    def __init__(self, files: FileSystem, renewer: Renewer, record: str, name: SchemaTableName, location: str) -> None:
        self._files = files
        self._renewer = renewer
        self._place = record
        self._name = name
        self._location = location
        content = _record(location, name, this_process())
        files.write(record, content)
        renewer.keep(record, lambda: files.write(record, content))

    def holds(self) -> bool:
        """Nobody has taken its maker for dead, and its files away."""
        return self._files.find(self._place) is not None

    def end(self) -> None:
        """The table is there, or its files are gone."""
        self._renewer.drop(self._place)
        try:
            self._files.delete_file(self._place)
        except LodestarError as fault:
            _log.warning("The record of a table that was made stays: %s", fault.message)

    def leave(self) -> None:
        """Whoever makes the next table finds out what became of this one."""
        self._renewer.drop(self._place)
        try:
            self._files.write(self._place, _record(self._location, self._name, "", left=True))
        except LodestarError as fault:
            _log.warning("Files of a table that was not made stay until a lease ends: %s", fault.message)


def _record(location: str, name: SchemaTableName | None, process: str, *, left: bool = False) -> bytes:
    return orjson.dumps(
        {
            "location": location,
            "schema": "" if name is None else name.schema,
            "table": "" if name is None else name.table,
            "process": process,
            "left": left or name is None,
        }
    )


def _is_metadata(info: FileInfo) -> bool:
    return info.name.endswith(_METADATA)
