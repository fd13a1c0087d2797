"""Row 19: HDFS. CTAS, select, insert, delete of a partition and drop through hdfs, by Hadoop's own mini cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integration.lake.clouds import catalogs, check_refusal, check_tables_elsewhere, local_catalogs
from integration.lake.operations import check_hive, check_iceberg
from integration.services.hdfs import SERVICE, MiniCluster
from integration.toolbox.lanes import Skip
from integration.toolbox.process import free_port


@pytest.fixture(scope="module")
def cluster() -> Iterator[MiniCluster]:
    try:
        service = MiniCluster()
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        yield service


def _settings(cluster: MiniCluster) -> dict[str, str]:
    return {
        "fs.hadoop.enabled": "true",
        "hive.config.resources": ",".join(str(one) for one in cluster.resources),
        "hive.dfs.connect.max-retries": "1",
    }


@pytest.mark.slow
def test_tables_and_their_metastore_in_a_cluster(cluster: MiniCluster, lake: Any) -> None:
    server = lake(catalogs(_settings(cluster), f"hdfs://{SERVICE}/warehouse"))
    check_hive(server, "hive", "row19")
    check_iceberg(server, "ice", "row19")


def test_tables_in_a_cluster(cluster: MiniCluster, lake: Any, tmp_path: Any) -> None:
    server = lake(local_catalogs(_settings(cluster), tmp_path))
    away = f"127.0.0.1:{free_port()}"
    for catalog in ("hive", "ice"):
        check_tables_elsewhere(server, catalog, f"hdfs://{SERVICE}/lake")
        check_tables_elsewhere(server, catalog, f"viewfs://{SERVICE}/warehouse")
        check_refusal(server, catalog, f"hdfs://{away}/lake", away)


def test_a_user_without_rights_is_told(cluster: MiniCluster, lake: Any, tmp_path: Any) -> None:
    server = lake(local_catalogs(_settings(cluster), tmp_path), environment={"HADOOP_USER_NAME": "stranger"})
    for catalog in ("hive", "ice"):
        check_refusal(server, catalog, f"hdfs://{SERVICE}/private", "Permission denied: user=stranger")
