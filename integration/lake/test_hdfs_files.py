"""What every file system promises (`toolkit/files.py`), asked of a real HDFS."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator

import pytest

from integration.services.hdfs import SERVICE, MiniCluster
from integration.toolbox.lanes import Skip
from integration.toolbox.process import free_port
from lodestar_server.plugins.toolkit.stores.hdfs.clusters import HdfsClusters
from lodestar_server.plugins.toolkit.stores.hdfs.config import HdfsConfig
from lodestar_server.plugins.toolkit.stores.hdfs.files import HdfsFileSystem
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError


@pytest.fixture(scope="module")
def cluster() -> Iterator[MiniCluster]:
    try:
        service = MiniCluster()
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        yield service


def files_of(cluster: MiniCluster) -> HdfsFileSystem:
    config = HdfsConfig(enabled=True, resources=tuple(str(one) for one in cluster.resources), connect_retries=1)
    return HdfsFileSystem(HdfsClusters(config), config, GENERIC_INTERNAL_ERROR)


TOPS: dict[str, Callable[[MiniCluster], str]] = {
    "a name node": lambda cluster: f"hdfs://{cluster.authority}/node",
    "a name service": lambda cluster: f"hdfs://{SERVICE}/service",
    "the default name": lambda cluster: "hdfs:///default",
    "a mount": lambda cluster: f"viewfs://{SERVICE}/warehouse/x",
}


@pytest.mark.parametrize("top", TOPS.values(), ids=TOPS)
def test_files_and_directories(cluster, top):
    files, home = files_of(cluster), top(cluster)
    assert files.find(home) is None
    assert files.list(home) == []
    assert files.read(f"{home}/no") is None
    name = f"{home}/a/p=1 é%20/f&?#+.x"
    files.write(name, b"one")
    files.write(name, b"two!")
    assert files.read(name) == b"two!"
    found = files.find(name)
    assert found is not None and (found.location, found.size, found.is_directory) == (name, 4, False)
    assert found.modified_nanos > 1.7e18
    assert [one.location for one in files.list(f"{home}/a")] == [f"{home}/a/p=1 é%20"]
    assert files.list(name) == []
    assert files.write_new(f"{home}/lock", b"1") and not files.write_new(f"{home}/lock", b"2")
    assert files.read(f"{home}/lock") == b"1"
    assert sorted(one.location for one in files.list_recursively(home)) == [name, f"{home}/lock"]
    files.rename(f"{home}/a", f"{home}/new/b")
    assert files.find(f"{home}/a") is None
    assert files.read(f"{home}/new/b/p=1 é%20/f&?#+.x") == b"two!"
    with pytest.raises(LodestarError, match="File exists"):
        files.rename(f"{home}/lock", f"{home}/new/b/p=1 é%20/f&?#+.x")
    files.make_directory(f"{home}/empty")
    files.rename(f"{home}/new/b", f"{home}/empty")
    assert files.find(f"{home}/empty/p=1 é%20/f&?#+.x") is not None
    files.delete_file(f"{home}/lock")
    files.delete_file(f"{home}/lock")
    files.delete_tree(home)
    files.delete_tree(home)
    assert files.find(home) is None


def test_contents_at_any_place(cluster):
    files, name = files_of(cluster), f"hdfs://{SERVICE}/contents/big"
    content = os.urandom(5 * 2**20 + 7)
    with files.open_output(name) as output:
        for start in range(0, len(content), 100_000):
            output.write(content[start : start + 100_000])
    with pytest.raises(LodestarError, match="File exists"):
        files.open_output(name)
    with files.open_input(name) as stream:
        assert stream.read() == content
        stream.seek(-8, io.SEEK_END)
        assert stream.read(100) == content[-8:]
        stream.seek(12345)
        assert stream.read(5) == content[12345:12350]
    with files.open_output(f"{name}.empty"):
        pass
    assert files.read(f"{name}.empty") == b""
    with pytest.raises(LodestarError, match="No such file or directory"):
        files.open_input(f"{name}.no")


def test_refusals_are_in_hadoops_words_without_its_stack(cluster):
    files = files_of(cluster)
    with pytest.raises(LodestarError) as raised:
        files.make_directory(f"hdfs://{SERVICE}/a:b")
    assert "Invalid" in raised.value.message and "\n" not in raised.value.message
    assert "org.apache" not in raised.value.message
    with pytest.raises(LodestarError, match="No mount of viewfs contains"):
        files.find(f"viewfs://{SERVICE}/elsewhere")
    with pytest.raises(LodestarError, match="Invalid location"):
        files.find(f"hdfs://{SERVICE}/a/../b")
    with pytest.raises(LodestarError, match="another cluster"):
        files.rename(f"hdfs://{SERVICE}/a", f"hdfs://{cluster.authority}/a")
    with pytest.raises(LodestarError, match="whole file system"):
        files.delete_tree(f"hdfs://{SERVICE}/")


def test_a_cluster_that_is_away(cluster):
    with pytest.raises(LodestarError, match="Failed to look at"):
        files_of(cluster).find(f"hdfs://127.0.0.1:{free_port()}/a")
