from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lodestar_server.execution.kernel.instances import Instance, InstanceLimits
from lodestar_server.execution.kernel.remote import remote_path
from lodestar_server.spi.errors import GENERIC_USER_ERROR, LodestarError
from lodestar_server.spi.page import FileFormat, FileScan, FileSlice

LOCATION = "store://b/[a]*?/x.parquet"


@dataclass
class Files:
    """A remote store with a file; `broken` makes every fetch fail."""

    content: bytes
    name: str = "store-1"
    broken: bool = False
    fetched: list[tuple[int, int]] = field(default_factory=list)

    def fetch(self, file: FileSlice, start: int, length: int, count: Callable[[int], None]) -> Future[bytes]:
        assert file.path == LOCATION and start + length <= len(self.content)
        made: Future[bytes] = Future()
        self.fetched.append((start, length))
        if self.broken:
            made.set_exception(LodestarError(GENERIC_USER_ERROR, "the store is away"))
        else:
            count(length)
            made.set_result(self.content[start : start + length])
        return made

    def scan(self) -> FileScan:
        size = len(self.content)
        return FileScan(FileFormat.PARQUET, (), (FileSlice(LOCATION, 0, size, size),), file_system=self)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(InstanceLimits(1 << 28, tmp_path, 1 << 28, 2), frozenset(), 1)
    yield made
    made.close()


@pytest.fixture
def files() -> Files:
    content = io.BytesIO()
    pq.write_table(pa.table({"a": range(10_000), "b": [str(i * 7919) for i in range(10_000)]}), content, 1000)
    return Files(content.getvalue())


def _read(instance: Instance, name: str = "store-1") -> object:
    path = remote_path(name, LOCATION).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    query = f"SELECT sum(a) FROM read_parquet('{path}') WHERE a >= 9000"
    return instance.cursor(None).execute(query).fetchall()[0][0]


def test_wanted_ranges_are_fetched_and_counted(instance: Instance, files: Files) -> None:
    counted: list[int] = []
    instance.open_remote([files.scan()], counted.append)
    assert _read(instance) == sum(range(9000, 10_000))
    assert sum(counted) == sum(length for _, length in files.fetched) < len(files.content) / 2


def test_nothing_else_can_be_opened(instance: Instance, files: Files) -> None:
    instance.open_remote([files.scan()], lambda size: None)
    with pytest.raises(duckdb.Error):
        _read(instance, "store-2")
    assert instance.remote is not None
    instance.remote.stop()
    with pytest.raises(duckdb.Error):
        _read(instance)
    assert files.fetched == []


def test_a_fault_of_the_store_is_kept(instance: Instance, files: Files) -> None:
    files.broken = True
    instance.open_remote([files.scan()], lambda size: None)
    with pytest.raises(duckdb.Error):
        _read(instance)
    assert instance.remote is not None and isinstance(instance.remote.failure, LodestarError)
    assert instance.remote.failure.message == "the store is away"
    files.broken = False
    instance.open_remote([files.scan()], lambda size: None)
    assert _read(instance) == sum(range(9000, 10_000))
