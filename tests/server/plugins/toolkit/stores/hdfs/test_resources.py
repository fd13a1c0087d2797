"""Hadoop's XML files and mount tables."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.hdfs.resources import Mount, mounts_of, read_resources


def _file(path, *properties):
    lines = "".join(
        f"<property><name>{name}</name><value>{value}</value>{'<final>true</final>' if final else ''}</property>"
        for name, value, final in properties
    )
    path.write_text(f"<?xml version='1.0'?><configuration>{lines}</configuration>")
    return str(path)


def test_later_files_are_stronger_but_for_what_is_final(tmp_path):
    first = _file(tmp_path / "core-site.xml", ("a", "1", False), ("b", "1", True), ("c", " 1 ", False))
    second = _file(tmp_path / "hdfs-site.xml", ("a", "2", False), ("b", "2", False))
    assert read_resources([first, second]) == {"a": "2", "b": "1", "c": "1"}


def test_references_are_followed_but_not_for_ever(tmp_path):
    path = _file(
        tmp_path / "x.xml",
        ("top", "hdfs://${host}/${dir}", False),
        ("host", "${name}:8020", False),
        ("name", "nn", False),
        ("loop", "${loop}!", False),
    )
    found = read_resources([path])
    assert found["top"] == "hdfs://nn:8020/${dir}"
    assert found["loop"].startswith("${loop}!")


def test_what_is_no_xml_is_named(tmp_path):
    (tmp_path / "core-site.xml").write_text("fs.defaultFS=hdfs://x")
    with pytest.raises(ValueError, match=r"core-site\.xml cannot be read"):
        read_resources([str(tmp_path / "core-site.xml")])


def test_the_longest_mount_comes_first_and_the_fallback_last():
    settings = {
        "fs.viewfs.mounttable.t.link./a": "hdfs://n/one/",
        "fs.viewfs.mounttable.t.link./a/b": "hdfs://n/two",
        "fs.viewfs.mounttable.t.linkFallback": "hdfs://n/rest",
        "fs.viewfs.mounttable.u.link./c": "hdfs://n/other",
    }
    assert mounts_of(settings, "t") == (
        Mount("/a/b", "hdfs://n/two"),
        Mount("/a", "hdfs://n/one"),
        Mount("/", "hdfs://n/rest"),
    )
