from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.registry import MemoryRegistry

from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.metastore.caching.config import MetastoreCacheConfig
from lodestar_server.plugins.toolkit.metastore.caching.metastore import CachingMetastore
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR, HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.model import Database, HiveColumn, Partition, Table, TableType
from lodestar_server.plugins.toolkit.metastore.remote.metastore import RemoteMetastore
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.plugin import load_group

NAME = SchemaTableName("s", "t")
OTHER = SchemaTableName("s", "other")
TABLE = Table(
    NAME,
    "alice",
    TableType.MANAGED_TABLE,
    (HiveColumn("a", "int"),),
    (HiveColumn("k", "string"),),
    {},
    "PARQUET",
    location="local:///s/t",
)
PARTITION = Partition(("x",), TABLE.columns, {}, "PARQUET", location="local:///s/t/k=x")


class Cached:
    """A cache around a metastore in memory that has one table with one partition."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.registry = MemoryRegistry(Database("s", "local:///s"))
        self.registry.tables = {NAME: TABLE, OTHER: replace(TABLE, name=OTHER, partition_columns=())}
        self.registry.partitions = {NAME: {("x",): PARTITION}}
        self.registry.figures = {OTHER: {"a": {"nullsCount": 0}}}
        inner = RemoteMetastore(LocalFileSystem(root, HIVE_FILESYSTEM_ERROR), self.registry)
        named = {key.replace("__", ".").replace("_", "-"): value for key, value in settings.items()}
        config = load_group(MetastoreCacheConfig, {"hive.metastore-cache-ttl": "1h", **named})
        self.metastore = CachingMetastore(inner, config)

    def asked(self, ask: Callable[[CachingMetastore], object]) -> list[str]:
        """The calls to the metastore behind."""
        self.registry.calls.clear()
        ask(self.metastore)
        return list(self.registry.calls)


@pytest.fixture
def cached(tmp_path: Path) -> Cached:
    return Cached(tmp_path)


ASKING: list[Callable[[CachingMetastore], object]] = [
    lambda one: one.list_databases(),
    lambda one: one.find_database("s"),
    lambda one: one.find_database("missing"),
    lambda one: one.list_tables("s"),
    lambda one: one.find_table(NAME),
    lambda one: one.find_table(SchemaTableName("s", "missing")),
    lambda one: one.list_partitions(TABLE),
    lambda one: one.list_partitions(TABLE, (("x",),)),
    lambda one: one.find_partitions(TABLE, [("x",)]),
    lambda one: one.with_figures(replace(TABLE, name=OTHER, partition_columns=())),
]


@pytest.mark.parametrize("ask", ASKING)
def test_the_second_question_is_answered_here(cached: Cached, ask: Callable[[CachingMetastore], object]) -> None:
    assert len(cached.asked(ask)) == 1
    assert cached.asked(ask) == []
    cached.metastore.forget()
    assert len(cached.asked(ask)) == 1


def test_lists_of_partitions_are_kept_for_each_question(cached: Cached) -> None:
    def list_them(*texts: str) -> list[tuple[str, ...]]:
        return cached.metastore.list_partitions(TABLE, (texts,) if texts else None)

    assert (list_them(), list_them("x"), list_them("y")) == ([("x",)], [("x",)], [])
    cached.registry.partitions[NAME][("y",)] = replace(PARTITION, values=("y",))
    assert list_them("y") == []
    cached.metastore.forget(NAME)
    assert list_them("y") == [("y",)]
    cached.metastore.drop_partitions(NAME, [("y",)], delete_files=False)
    assert list_them("y") == []


def test_missing_partitions_are_asked_for_again(cached: Cached, tmp_path: Path) -> None:
    def ask(one: CachingMetastore) -> object:
        return one.find_partitions(TABLE, [("x",), ("missing",)])

    assert cached.asked(ask) == ["find_partitions"]
    assert cached.asked(ask) == ["find_partitions"]
    keeping = Cached(tmp_path, hive__metastore_cache__cache_missing_partitions="true")
    assert [keeping.asked(ask), keeping.asked(ask)] == [["find_partitions"], []]


def test_partitions_may_stay_out(tmp_path: Path) -> None:
    cached = Cached(tmp_path, hive__metastore_cache__cache_partitions="false")
    for _ in range(2):
        assert cached.asked(lambda one: one.list_partitions(TABLE)) == ["list_partitions"]


def test_statistics_are_kept_when_metadata_is_not(tmp_path: Path) -> None:
    cached = Cached(tmp_path, hive__metastore_cache_ttl="0s")
    plain = replace(TABLE, name=OTHER, partition_columns=())
    for _ in range(2):
        assert cached.asked(lambda one: one.find_table(OTHER)) == ["find_table"]
    assert cached.asked(lambda one: one.with_figures(plain)) == ["table_figures"]
    assert cached.asked(lambda one: one.with_figures(plain)) == []


def test_figures_may_be_older_than_their_table(cached: Cached) -> None:
    plain = replace(TABLE, name=OTHER, partition_columns=())
    cached.metastore.with_figures(plain)
    newer = replace(plain, owner="bob")
    found = cached.metastore.with_figures(newer)
    assert (found.owner, found.statistics) == ("bob", {"a": {"nullsCount": 0}})


def test_a_change_drops_its_table_and_no_other(cached: Cached) -> None:
    for name in (NAME, OTHER):
        cached.metastore.find_table(name)
    cached.metastore.alter_table(NAME, lambda found: replace(found, owner="bob"))
    assert cached.metastore.find_table(NAME) == replace(TABLE, owner="bob")
    assert cached.asked(lambda one: one.find_table(OTHER)) == []


def test_a_change_that_fails_drops_too(cached: Cached) -> None:
    cached.metastore.find_table(NAME)
    cached.registry.faults["alter_table"] = LodestarError(HIVE_METASTORE_ERROR, "no")
    with pytest.raises(LodestarError, match="no"):
        cached.metastore.alter_table(NAME, lambda found: found)
    assert cached.asked(lambda one: one.find_table(NAME)) == ["find_table"]


def test_one_partition_is_dropped(cached: Cached) -> None:
    cached.metastore.find_table(NAME)
    cached.metastore.find_partitions(TABLE, [("x",)])
    cached.metastore.forget(NAME, ("x",))
    assert cached.asked(lambda one: one.find_partitions(TABLE, [("x",)])) == ["find_partitions"]
    assert cached.asked(lambda one: one.find_table(NAME)) == []


def test_it_is_counted(cached: Cached) -> None:
    for _ in range(4):
        cached.metastore.find_table(NAME)
    (bean,) = cached.metastore.beans("lake")
    assert bean.object_name == "io.trino.metastore.cache:name=lake,type=CachingHiveMetastore"
    values = bean.read()
    assert set(values) == set(bean.attributes)
    assert (values["TableStats.RequestCount"], values["TableStats.LoadCount"]) == (4, 1)
    assert (values["TableStats.HitRate"], values["TableStats.MissRate"]) == (0.75, 0.25)


def test_several_ways_to_one_metastore_share_what_is_kept(tmp_path: Path) -> None:
    cached = Cached(tmp_path)
    other = cached.metastore.over(RemoteMetastore(LocalFileSystem(tmp_path, HIVE_FILESYSTEM_ERROR), cached.registry))
    assert cached.asked(lambda metastore: metastore.find_table(NAME))
    assert not cached.asked(lambda _: other.find_table(NAME))
    other.drop_table(OTHER)
    assert cached.metastore.find_table(OTHER) is None
    other.close()
    assert cached.metastore.find_table(NAME) is not None
