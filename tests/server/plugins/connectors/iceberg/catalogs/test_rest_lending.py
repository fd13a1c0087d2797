"""Keys in the answers of a service."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_lending import RestLending
from lodestar_server.plugins.toolkit.stores.s3.lent import LentKeys

_KEYS = {"s3.access-key-id": "a", "s3.secret-access-key": "b", "s3.session-token": "c"}


class _Lent:
    def __init__(self):
        self.lent = {}

    def lend(self, location, keys):
        self.lent[location] = keys

    def close(self):
        self.lent.clear()


def _taken(known, answer):
    accounts = _Lent()
    RestLending(accounts).take(known, answer)
    return accounts.lent


def test_every_place_of_a_table_has_its_keys():
    metadata = {"location": "s3://b/t/", "properties": {"write.data.path": "s3://c/d", "x": "s3://no"}}
    answer = {"metadata": metadata, "metadata-location": "s3://b/m/0.metadata.json", "config": _KEYS}
    keys = LentKeys("a", "b", "c")
    assert _taken({}, answer) == {"s3://b/t": keys, "s3://c/d": keys, "s3://b/m": keys}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"s3.endpoint": "http://e", "client.region": "r"}, LentKeys("a", "b", "c", "http://e", "r")),
        ({"s3.path-style-access": "True", "s3.region": "s"}, LentKeys("a", "b", "c", None, "s", True)),
        ({"s3.path-style-access": "false"}, LentKeys("a", "b", "c", None, None, False)),
        ({"s3.secret-access-key": ""}, None),
    ],
)
def test_what_comes_with_keys(config, expected):
    found = _taken({}, {"metadata": {"location": "s3://b/t"}, "config": {**_KEYS, **config}})
    assert found.get("s3://b/t") == expected


def test_the_longest_prefix_is_meant_and_the_service_speaks_for_all():
    given = [
        {"prefix": "s3://b/", "config": {"s3.access-key-id": "far"}},
        {"prefix": "s3://b/t", "config": {"s3.access-key-id": "near"}},
        {"prefix": "s3://other", "config": {"s3.access-key-id": "other"}},
    ]
    found = _taken(_KEYS, {"metadata": {"location": "s3://b/t/1"}, "storage-credentials": given})
    assert found == {"s3://b/t/1": LentKeys("near", "b", "c")}


def test_keys_are_not_shown():
    assert "secret" not in repr(LentKeys("a", "secret", "secret"))
