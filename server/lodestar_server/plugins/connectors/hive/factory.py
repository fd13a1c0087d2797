"""The entry point `hive`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext, load_group


class HiveConnectorFactory:
    """connector.name=hive."""

    name = "hive"

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.hive.config import AcceptedHiveConfig, HiveConfig, MetastoreKind
        from lodestar_server.plugins.connectors.hive.connector import HiveConnector
        from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
        from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR
        from lodestar_server.plugins.toolkit.metastore.file import FileMetastore

        used: set[str] = set()
        config = load_group(HiveConfig, properties, used=used)
        load_group(AcceptedHiveConfig, properties, used=used)
        known = [setting.key for group in (HiveConfig, AcceptedHiveConfig) for setting in group.settings]
        faults: list[tuple[str | None, str]] = []
        for key in properties:
            if key not in used:
                near = get_close_matches(key, known, n=1, cutoff=0.75)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                faults.append((key, f"Configuration property '{key}' was not used{hint}"))
        if config.metastore is not MetastoreKind.FILE:
            faults.append(
                ("hive.metastore", f"metastore '{config.metastore.name.lower()}' is not supported yet; use 'file'")
            )
        if config.security.lower() != "allow-all":
            faults.append(("hive.security", f"'{config.security}' is not supported yet; use 'allow-all'"))
        if not config.local_enabled:
            faults.append(("fs.local.enabled", "must be true: other file systems are not supported yet"))
        if faults or config.local_location is None or config.catalog_dir is None:
            raise ConfigurationError(faults or [(None, "local.location and hive.metastore.catalog.dir are required")])
        root = Path(config.local_location)
        root.mkdir(parents=True, exist_ok=True)
        files = LocalFileSystem(root, HIVE_FILESYSTEM_ERROR)
        return HiveConnector(files, FileMetastore(files, config.catalog_dir), config)


FACTORY = HiveConnectorFactory()
