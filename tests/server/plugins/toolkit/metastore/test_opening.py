"""Which settings choose a metastore, and what is told of wrong ones. Nothing is asked of a remote one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.metastore.caching.metastore import CachingMetastore
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR
from lodestar_server.plugins.toolkit.metastore.file import FileMetastore
from lodestar_server.plugins.toolkit.metastore.interface import Metastore
from lodestar_server.plugins.toolkit.metastore.opening import MetastoreKind, MetastoreOpener
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.spi.plugin import ConfigurationError

FILE = {"hive.metastore.catalog.dir": "local:///metastore"}
URI = {"hive.metastore.uri": "thrift://a:9083,thrift://b:9083"}


def opened(root: Path, kind: MetastoreKind, properties: dict[str, str]) -> Metastore:
    reading = CatalogReading(properties)
    opener = MetastoreOpener(reading, kind)
    reading.finish()
    return opener.open(LocalFileSystem(root, HIVE_FILESYSTEM_ERROR))


def test_a_metastore_in_files_is_bare(tmp_path: Path) -> None:
    assert isinstance(opened(tmp_path, MetastoreKind.FILE, FILE), FileMetastore)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (MetastoreKind.FILE, {**FILE, "hive.metastore-cache-ttl": "1m"}),
        (MetastoreKind.THRIFT, URI),
        (MetastoreKind.GLUE, {"hive.metastore.glue.region": "eu-west-1"}),
    ],
)
def test_others_have_a_cache(tmp_path: Path, kind: MetastoreKind, properties: dict[str, str]) -> None:
    metastore = opened(tmp_path, kind, properties)
    assert isinstance(metastore, CachingMetastore)
    metastore.close()


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        (MetastoreKind.FILE, {}, "hive.metastore.catalog.dir: may not be null"),
        (MetastoreKind.THRIFT, {}, "hive.metastore.uri: may not be null"),
        (
            MetastoreKind.THRIFT,
            {"hive.metastore.uri": "http://a:1"},
            "'http://a:1' is not of the form thrift://host:port",
        ),
        (MetastoreKind.THRIFT, {"hive.metastore.uri": "thrift://a"}, "'thrift://a' is not of the form"),
        (MetastoreKind.THRIFT, {**URI, "hive.metastore.authentication.type": "KERBEROS"}, "not supported yet"),
        (MetastoreKind.THRIFT, {**URI, "hive.metastore.thrift.impersonation.enabled": "true"}, "not supported yet"),
        (MetastoreKind.THRIFT, {**URI, "hive.metastore.thrift.client.ssl.key": "a.jks"}, "use a PEM file"),
        (MetastoreKind.GLUE, {"hive.metastore.glue.aws-access-key": "a"}, "are set together or not at all"),
    ],
)
def test_wrong_settings(tmp_path: Path, kind: MetastoreKind, properties: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        opened(tmp_path, kind, properties)
    assert told in str(caught.value)


def test_an_address_that_nobody_needs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        opened(tmp_path, MetastoreKind.GLUE, URI).close()
    assert "hive.metastore.uri has no effect: the metastore is 'glue'" in caplog.text
