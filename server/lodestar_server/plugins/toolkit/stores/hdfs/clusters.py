"""Which cluster a location is in: name nodes, name services, and the mount tables of viewfs."""

from __future__ import annotations

import os
import threading
from typing import Any

from lodestar_server.plugins.toolkit.files import split_location
from lodestar_server.plugins.toolkit.stores.hdfs.config import HdfsAuthenticationType, HdfsConfig
from lodestar_server.plugins.toolkit.stores.hdfs.resources import mounts_of, read_resources
from lodestar_server.spi.values import frozen

SCHEMES = ("hdfs", "viewfs")
DEFAULT_NAME = "fs.defaultFS"
_PORT = 8020


@frozen
class Place:
    """A path in a cluster. `top` is what a location has before the path of the cluster: see `location`."""

    client: Any
    path: str
    shown: str
    target: str

    def location(self, path: str) -> str:
        """The location of a path of the cluster, as the user sees it."""
        return self.shown + path[len(self.target) :]


class HdfsClusters:
    """Thread-safe. One client for each cluster."""

    def __init__(self, config: HdfsConfig) -> None:
        """Raises: ValueError for files that cannot be read."""
        self._config = config
        self._settings = _with_defaults(read_resources(config.resources), config)
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def place(self, location: str) -> Place:
        """Raises: ValueError with a message for the user; what the library raises when it makes a client."""
        scheme, rest = split_location(location)
        authority, _, path = rest.partition("/")
        path = _checked("/" + path.rstrip("/"), location)
        if not authority:
            authority = self._default_authority(scheme, location)
            shown = f"{scheme}://"
        else:
            shown = f"{scheme}://{authority}"
        if scheme == "viewfs":
            return self._mounted(authority, path, shown, location)
        return Place(self._client(authority), path, shown, "")

    def _mounted(self, table: str, path: str, shown: str, location: str) -> Place:
        for mount in mounts_of(self._settings, table):
            inside = path[len(mount.path.rstrip("/")) :]
            if path != mount.path and not (path.startswith(mount.path.rstrip("/") + "/")):
                continue
            below = self.place(mount.target + (inside if inside != "/" else ""))
            top = mount.target.partition("://")[2].partition("/")[2].rstrip("/")
            return Place(below.client, below.path, shown + mount.path.rstrip("/"), f"/{top}" if top else "")
        raise ValueError(f"No mount of viewfs contains {location}")

    def _default_authority(self, scheme: str, location: str) -> str:
        named = self._settings.get(DEFAULT_NAME, self._settings.get("fs.default.name", ""))
        wanted, _, rest = named.partition("://")
        authority = rest.partition("/")[0]
        if wanted == scheme and authority:
            return authority
        raise ValueError(
            f"No name node in location, and {DEFAULT_NAME} of hive.config.resources names none: {location}"
        )

    def _client(self, authority: str) -> Any:
        with self._lock:
            client = self._clients.get(authority)
            if client is None:
                client = self._clients[authority] = self._connect(authority)
            return client

    def forget(self) -> None:
        """Every client."""
        with self._lock:
            self._clients.clear()

    def _connect(self, authority: str) -> Any:
        from hdfs_native import Client

        config = self._config
        kerberos: dict[str, str] = {}
        if config.authentication is HdfsAuthenticationType.KERBEROS:
            kerberos["kerberos_principal"] = config.principal or ""
            if config.keytab:
                kerberos["kerberos_keytab"] = config.keytab
            else:
                kerberos["kerberos_cache"] = config.credential_cache or ""
        services = self._settings.get("dfs.nameservices", "").split(",")
        if ":" not in authority and authority not in [one.strip() for one in services]:
            authority = f"{authority}:{_PORT}"
        # Without a directory the library would look for one in the environment.
        return Client(f"hdfs://{authority}", self._settings, config_dir=os.devnull, **kerberos)


def _checked(path: str, location: str) -> str:
    if any(part in (".", "..") for part in path.split("/")) or "\0" in path:
        raise ValueError(f"Invalid location: {location}")
    return "/" + "/".join(part for part in path.split("/") if part)


def _with_defaults(found: dict[str, str], config: HdfsConfig) -> dict[str, str]:
    first = int(config.connect_timeout * 1000)
    ours = {
        "dfs.client.failover.max.attempts": str(config.connect_retries + 1),
        "dfs.client.failover.sleep.base.millis": str(first),
        "dfs.client.failover.sleep.max.millis": str(first * 8),
        "dfs.client.socket-timeout": str(int(config.timeout * 1000)),
    }
    if config.authentication is HdfsAuthenticationType.KERBEROS:
        ours["hadoop.security.authentication"] = "kerberos"
    if config.wire_encryption:
        ours |= {"hadoop.rpc.protection": "privacy", "dfs.data.transfer.protection": "privacy"}
    return {**ours, **found}
