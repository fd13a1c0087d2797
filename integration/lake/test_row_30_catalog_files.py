"""Row 30: a properties file put in place is a catalog at the next start; a typo stops the start and is named."""

from __future__ import annotations

from typing import Any

import pytest

from integration.lake.asking import s3_catalog
from integration.services.moto import Moto
from integration.toolbox.process import NotReady


def test_a_file_adds_a_catalog(moto: Moto, lake: Any) -> None:
    catalogs = {"first": s3_catalog(moto.url, warehouse="s3://lake/row30a")}
    assert ["second"] not in lake(catalogs).run("SHOW CATALOGS")
    catalogs["second"] = s3_catalog(moto.url, "iceberg", warehouse="s3://lake/row30b")
    server = lake(catalogs)
    assert server.run("SHOW CATALOGS") == [["first"], ["second"], ["system"]]
    server.run("CREATE SCHEMA second.s")


def test_a_typo_stops_the_start(moto: Moto, lake: Any) -> None:
    properties = s3_catalog(moto.url)
    properties["s3.reigon"] = properties.pop("s3.region")
    with pytest.raises(NotReady, match=r"s3\.reigon.*was not used; did you mean 's3\.region'"):
        lake({"hive": properties})


def test_every_fault_is_told_at_once(moto: Moto, lake: Any) -> None:
    properties = s3_catalog(moto.url, secret_key=None, s3_max__connections="0", s3_sse_type="SECRET")
    properties["s3.aws-access-key"] = "alone"
    with pytest.raises(NotReady) as caught:
        lake({"hive": properties})
    for fault in ("s3.max-connections", "s3.sse.type"):
        assert fault in str(caught.value)
