"""Settings of HDFS: what they need, and what is refused."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.hdfs.config import HdfsAuthenticationType, HdfsConfig

KERBEROS = HdfsAuthenticationType.KERBEROS


def test_defaults():
    config = HdfsConfig()
    assert (config.enabled, config.resources, config.directory_permissions) == (False, (), "0777")
    assert (config.timeout, config.connect_timeout, config.connect_retries) == (60, 0.5, 5)


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({}, []),
        ({"resources": ("/not/there.xml",)}, ["does not exist: /not/there.xml"]),
        ({"impersonation": True}, ["is not supported"]),
        ({"authentication": KERBEROS}, ["trino.principal", "Exactly one of"]),
        ({"authentication": KERBEROS, "principal": "p", "keytab": "k"}, []),
        ({"authentication": KERBEROS, "principal": "p", "keytab": "k", "credential_cache": "c"}, ["Exactly one of"]),
    ],
)
def test_faults_between_settings(values, messages):
    assert HdfsConfig(**values).check() == []
    faults = HdfsConfig(enabled=True, **values).check()
    assert len(faults) == len(messages)
    assert all(message in fault for message, fault in zip(messages, faults, strict=True))
