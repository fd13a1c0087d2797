"""New snapshots: what a commit does to a table's files, as a function from the newest metadata to the next.

Manifest files are written while the function runs; when the commit has to be made again they are written again, and
those of the attempt that lost are removed. Source: the specification's "Snapshots" and "Sequence Number Inheritance".
"""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_COMMIT_ERROR
from lodestar_server.plugins.connectors.iceberg.format.manifests import (
    Content,
    DataFile,
    Entry,
    Manifest,
    Status,
    with_row_ids,
    write_manifest,
    write_manifest_list,
)
from lodestar_server.plugins.connectors.iceberg.format.metadata import MAIN, Snapshot, TableMetadata
from lodestar_server.plugins.connectors.iceberg.tables import METADATA_PATH, IcebergTables
from lodestar_server.plugins.toolkit.files import child_of
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.values import frozen

ENGINE = {"engine-version": "0.1", "engine-name": "lodestar"}
ROW_IDS_FROM = 3
"""The format version that numbers rows and wants deletion vectors for single rows."""
MERGE_FROM = 100
"""An append makes one manifest of so many."""
_TARGET_MANIFEST_BYTES = 8 << 20


@frozen
class Change:
    """What one snapshot does. `removed`: paths of files that go, data and delete files alike.

    `check` sees the newest metadata and raises when the change no longer fits.
    """

    operation: str
    added: Sequence[DataFile] = ()
    removed: frozenset[str] = frozenset()
    summary: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[TableMetadata], None] | None = None
    allow_missing: bool = False
    sequence_number: int | None = None
    """Of the added data files, for rewriting: deletes that came later still concern them."""
    rewrite_manifests: bool = False


class SnapshotWriter:
    """Applies changes. Thread-safe."""

    def __init__(self, tables: IcebergTables) -> None:
        self._tables = tables

    def update(self, change: Change) -> Callable[[TableMetadata], TableMetadata]:
        """For `IcebergTables.commit`."""
        attempts: list[list[str]] = []

        def apply(base: TableMetadata) -> TableMetadata:
            for written in attempts:
                for path in written:
                    self._tables.files.delete_file(path)
            attempts.clear()
            attempts.append([])
            if change.check is not None:
                change.check(base)
            return self.apply(base, change, attempts[-1])

        return apply

    def apply(self, base: TableMetadata, change: Change, written: list[str] | None = None) -> TableMetadata:
        """The metadata with one more snapshot. `written` collects the files that were made for it."""
        run = _Run(self._tables, base, change, [] if written is None else written)
        snapshot = run.snapshot()
        return with_snapshot(base, snapshot)


def with_snapshot(base: TableMetadata, snapshot: Snapshot) -> TableMetadata:
    """With one more snapshot, which is the current one now."""
    return replace(
        base,
        last_sequence_number=max(base.last_sequence_number, snapshot.sequence_number),
        last_updated_ms=snapshot.timestamp_ms,
        next_row_id=base.next_row_id + (snapshot.added_rows or 0),
        snapshots=(*base.snapshots, snapshot),
        current_snapshot_id=snapshot.id,
        refs={**base.refs, MAIN: {**base.refs.get(MAIN, {}), "snapshot-id": snapshot.id, "type": "branch"}},
        snapshot_log=(*base.snapshot_log, {"timestamp-ms": snapshot.timestamp_ms, "snapshot-id": snapshot.id}),
    )


def new_snapshot_id(base: TableMetadata) -> int:
    """One that the table does not have."""
    taken = {one.id for one in base.snapshots}
    while True:
        found = random.getrandbits(63)
        if found and found not in taken:
            return found


class _Run:
    """One attempt at one change."""

    def __init__(self, tables: IcebergTables, base: TableMetadata, change: Change, written: list[str]) -> None:
        self._tables = tables
        self._base = base
        self._change = change
        self._written = written
        self._id = new_snapshot_id(base)
        self._sequence = base.last_sequence_number + 1 if base.format_version > 1 else 0
        self._commit = uuid.uuid4()
        self._numbers = 0
        self._removed_files: list[DataFile] = []
        home = base.properties.get(METADATA_PATH) or child_of(base.location, "metadata")
        self._home = home

    def snapshot(self) -> Snapshot:
        """Write its manifests and their list."""
        base, change = self._base, self._change
        parent = base.current_snapshot
        self._check_deletes()
        kept = [] if parent is None else list(self._tables.manifests(parent))
        if change.removed:
            kept = self._without_removed(kept)
        if change.rewrite_manifests:
            kept = self._merged(kept, everything=True)
        manifests = [*self._new_manifests(), *kept]
        if change.operation == "append" and len(kept) >= MERGE_FROM:
            manifests = self._merged(manifests, everything=False)
        made = Snapshot(
            self._id,
            None if parent is None else parent.id,
            self._sequence,
            max(int(time.time() * 1000), base.last_updated_ms),
            self._summary(parent),
            child_of(self._home, f"snap-{self._id}-1-{self._commit}.avro"),
            base.current_schema_id,
        )
        if base.format_version >= ROW_IDS_FROM:
            manifests, following = with_row_ids(manifests, base.next_row_id)
            made = replace(made, first_row_id=base.next_row_id, added_rows=following - base.next_row_id)
        assert made.manifest_list is not None
        self._put(made.manifest_list, write_manifest_list(manifests, made, base.format_version))
        return made

    def _check_deletes(self) -> None:
        if self._base.format_version < ROW_IDS_FROM:
            return
        for file in self._change.added:
            if file.content is Content.POSITION_DELETES and file.format != "PUFFIN":
                message = f"Must use DVs for position deletes in V{self._base.format_version}: {file.path}"
                raise LodestarError(GENERIC_INTERNAL_ERROR, message)

    def _put(self, path: str, content: bytes) -> None:
        self._written.append(path)
        self._tables.files.write(path, content)

    def _manifest(self, entries: Sequence[Entry], spec_id: int, *, deletes: bool) -> Manifest:
        path = child_of(self._home, f"{self._commit}-m{self._numbers}.avro")
        self._numbers += 1
        spec = self._base.spec_of(spec_id)
        content, manifest = write_manifest(
            entries,
            path=path,
            schema=self._base.schema,
            spec=spec,
            types_=self._base.spec_types(spec),
            version=self._base.format_version,
            snapshot_id=self._id,
            sequence_number=self._sequence,
            deletes=deletes,
        )
        self._put(path, content)
        return manifest

    def _new_manifests(self) -> list[Manifest]:
        groups: dict[tuple[bool, int], list[DataFile]] = {}
        for file in self._change.added:
            groups.setdefault((file.content is not Content.DATA, file.spec_id), []).append(file)
        made = []
        for (deletes, spec_id), files in sorted(groups.items(), key=lambda item: item[0]):
            entries = [self._added(file) for file in files]
            made.append(self._manifest(entries, spec_id, deletes=deletes))
        return made

    def _added(self, file: DataFile) -> Entry:
        sequence = self._change.sequence_number
        if sequence is None or file.content is not Content.DATA or self._base.format_version < 2:
            return Entry(Status.ADDED, self._id, self._sequence, self._sequence, file)
        return Entry(Status.ADDED, self._id, sequence, self._sequence, file)

    def _without_removed(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        """Manifests that have removed files are written again, with the files marked as deleted."""
        removed, found = self._change.removed, set()
        kept = []
        for manifest in manifests:
            entries = self._tables.entries(manifest, self._base)
            gone = {one.file.path for one in entries if one.status is not Status.DELETED and one.file.path in removed}
            if not gone:
                if any(one.status is not Status.DELETED for one in entries):
                    kept.append(manifest)
                continue
            found |= gone
            made = []
            for one in entries:
                if one.status is Status.DELETED:
                    continue
                if one.file.path in gone:
                    self._removed_files.append(one.file)
                    made.append(replace(one, status=Status.DELETED, snapshot_id=self._id))
                else:
                    made.append(replace(one, status=Status.EXISTING))
            kept.append(self._manifest(made, manifest.spec_id, deletes=manifest.holds_deletes))
        missing = removed - found
        if missing and not self._change.allow_missing:
            raise LodestarError(
                ICEBERG_COMMIT_ERROR, f"Missing required files to delete: {', '.join(sorted(missing)[:3])}"
            )
        return kept

    def _merged(self, manifests: Sequence[Manifest], *, everything: bool) -> list[Manifest]:
        """Fewer manifests with the same files; those of this snapshot keep their new files new."""
        groups: dict[tuple[bool, int], list[Manifest]] = {}
        for manifest in manifests:
            groups.setdefault((manifest.holds_deletes, manifest.spec_id), []).append(manifest)
        made = []
        for (deletes, spec_id), members in groups.items():
            small = [one for one in members if one.length < _TARGET_MANIFEST_BYTES]
            if len(small) < 2 or (not everything and len(small) < MERGE_FROM):
                made += members
                continue
            entries = []
            for member in small:
                for one in self._tables.entries(member, self._base):
                    if member.snapshot_id == self._id:
                        entries.append(one)
                    elif one.status is not Status.DELETED:
                        entries.append(replace(one, status=Status.EXISTING))
            made.append(self._manifest(entries, spec_id, deletes=deletes))
            made += [one for one in members if one.length >= _TARGET_MANIFEST_BYTES]
        return made

    # the summary
    def _summary(self, parent: Snapshot | None) -> dict[str, str]:
        change = self._change
        made = {"operation": change.operation, **change.summary}
        counts = _counts("added", change.added) | _counts("deleted", self._removed_files)
        made |= {name: str(count) for name, count in counts.items() if count}
        partitions = {(one.spec_id, one.partition) for one in (*change.added, *self._removed_files)}
        made["changed-partition-count"] = str(len(partitions))
        before = {} if parent is None else parent.summary
        for total, plus, minus in _TOTALS:
            if parent is None or total in before:
                value = int(before.get(total, "0")) + counts.get(plus, 0) - counts.get(minus, 0)
                made[total] = str(max(value, 0))
        return {**made, **ENGINE}


_TOTALS = (
    ("total-records", "added-records", "deleted-records"),
    ("total-files-size", "added-files-size", "removed-files-size"),
    ("total-data-files", "added-data-files", "deleted-data-files"),
    ("total-delete-files", "added-delete-files", "removed-delete-files"),
    ("total-position-deletes", "added-position-deletes", "removed-position-deletes"),
    ("total-equality-deletes", "added-equality-deletes", "removed-equality-deletes"),
)


def _counts(verb: str, files: Iterable[DataFile]) -> Counter[str]:
    """`added` counts as they are named, `deleted` ones with the two verbs that the format uses."""
    gone = "removed" if verb == "deleted" else verb
    found: Counter[str] = Counter()
    for file in files:
        if file.content is Content.DATA:
            found[f"{verb}-data-files"] += 1
            found[f"{verb}-records"] += file.records
        elif file.content is Content.POSITION_DELETES:
            found[f"{gone}-position-delete-files"] += 1
            found[f"{gone}-delete-files"] += 1
            found[f"{gone}-position-deletes"] += file.records
        else:
            found[f"{gone}-equality-delete-files"] += 1
            found[f"{gone}-delete-files"] += 1
            found[f"{gone}-equality-deletes"] += file.records
        found[f"{gone}-files-size"] += file.size
    return found
