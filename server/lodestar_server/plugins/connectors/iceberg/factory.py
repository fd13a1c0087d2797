"""The entry point `iceberg`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext, load_group


class IcebergConnectorFactory:
    """connector.name=iceberg."""

    name = "iceberg"

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.iceberg.config import AcceptedIcebergConfig, CatalogType, IcebergConfig
        from lodestar_server.plugins.connectors.iceberg.connector import IcebergConnector
        from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_FILESYSTEM_ERROR
        from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
        from lodestar_server.plugins.toolkit.metastore.file import FileMetastore

        used: set[str] = set()
        config = load_group(IcebergConfig, properties, used=used)
        load_group(AcceptedIcebergConfig, properties, used=used)
        known = [setting.key for group in (IcebergConfig, AcceptedIcebergConfig) for setting in group.settings]
        faults: list[tuple[str | None, str]] = []
        for key in properties:
            if key not in used:
                near = get_close_matches(key, known, n=1, cutoff=0.75)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                faults.append((key, f"Configuration property '{key}' was not used{hint}"))
        if config.catalog_type is not CatalogType.TESTING_FILE_METASTORE:
            kind = config.catalog_type.name
            faults.append(
                ("iceberg.catalog.type", f"catalog type '{kind}' is not supported yet; use 'TESTING_FILE_METASTORE'")
            )
        if config.security.lower().replace("_", "-") != "allow-all":
            faults.append(("iceberg.security", f"'{config.security}' is not supported yet; use 'allow-all'"))
        if not config.local_enabled:
            faults.append(("fs.local.enabled", "must be true: other file systems are not supported yet"))
        if faults or config.local_location is None or config.catalog_dir is None:
            raise ConfigurationError(faults or [(None, "local.location and hive.metastore.catalog.dir are required")])
        root = Path(config.local_location)
        root.mkdir(parents=True, exist_ok=True)
        files = LocalFileSystem(root, ICEBERG_FILESYSTEM_ERROR)
        return IcebergConnector(files, FileMetastore(files, config.catalog_dir), config, context.catalog)


FACTORY = IcebergConnectorFactory()
