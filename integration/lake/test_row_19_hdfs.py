"""Row 19: HDFS. CTAS, select, insert, delete of a partition and drop through hdfs, by Hadoop's own mini cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.lake.scenario import Lake, check_external_refusal, check_life_of_a_table
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


@pytest.fixture(scope="module")
def lake(cluster: MiniCluster) -> Iterator[Lake]:
    with Lake(_settings(cluster)) as lake:
        yield lake


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
@pytest.mark.parametrize("top", [f"hdfs://{SERVICE}/lake", f"viewfs://{SERVICE}/warehouse"])
def test_hdfs(lake, catalog, top):
    check_life_of_a_table(lake, catalog, top)


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_a_cluster_that_is_away(lake, catalog):
    address = f"127.0.0.1:{free_port()}"
    check_external_refusal(lake, catalog, f"hdfs://{address}/lake", address)


@pytest.mark.parametrize("catalog", ["hive", "iceberg"])
def test_a_user_without_rights_is_told(cluster, catalog):
    with Lake(_settings(cluster), environment={"HADOOP_USER_NAME": "stranger"}) as lake:
        check_external_refusal(lake, catalog, f"hdfs://{SERVICE}/private", "Permission denied: user=stranger")
