"""Who this node is, and the settings that belong to no other room."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, Duration, config


class NodeConfig(ConfigGroup):
    """Identity and directories."""

    environment: str = config(
        "node.environment",
        default="lodestar",
        pattern="[a-z0-9][_a-z0-9]*",
        doc="Name of the environment; the same on all nodes.",
        source="Trino: installation/deployment",
    )
    node_id: str | None = config(
        "node.id",
        default=None,
        pattern="[A-Za-z0-9][_A-Za-z0-9-]*",
        doc="Name of this node; unique and stable. Without it one is made from the machine's name.",
        source="Trino: installation/deployment",
    )
    data_dir: str | None = config(
        "node.data-dir",
        default=None,
        doc="Directory for state, caches and spool files.",
        source="Trino: installation/deployment",
    )
    external_address: str | None = config(
        "node.external-address",
        default=None,
        doc="Address under which other machines know this node.",
        source="Trino: node properties",
    )
    internal_address: str | None = config(
        "node.internal-address",
        default=None,
        legacy=("node.ip",),
        doc="Address under which other nodes know this node.",
        source="Trino: node properties",
    )
    coordinator: bool = config(
        "coordinator",
        default="true",
        doc="This node plans queries and serves clients.",
        source="Trino: installation/deployment",
    )
    include_coordinator: bool = config(
        "node-scheduler.include-coordinator",
        default="true",
        doc="The coordinator also does work.",
        source="Trino: admin/properties-node-scheduler",
    )
    shutdown_grace_period: Duration = config(
        "shutdown.grace-period",
        default="2m",
        doc="How long running queries may go on when the server is asked to end.",
        source="Trino: admin/graceful-shutdown",
    )


class UnknownConnector(Enum):
    """What a catalog with a connector that is not installed does to the start."""

    FAIL = "FAIL"
    WARN = "WARN"


class CatalogsConfig(ConfigGroup):
    """Where catalogs are configured."""

    config_dir: str = config(
        "catalog.config-dir",
        default="etc/catalog",
        legacy=("plugin.config-dir",),
        doc="Directory of the catalog files; relative to the etc directory's parent.",
        source="Trino: admin/properties-catalog",
    )
    disabled: tuple[str, ...] = config(
        "catalog.disabled-catalogs",
        default="",
        doc="Catalogs whose files are not read.",
        source="Trino: admin/properties-catalog",
    )
    management: str = config(
        "catalog.management",
        default="static",
        pattern="(?i)static|dynamic",
        doc="Whether CREATE CATALOG and DROP CATALOG are allowed.",
        source="Trino: admin/properties-catalog",
    )
    unknown_connector: UnknownConnector = config(
        "catalog.unknown-connector",
        default="FAIL",
        doc="Whether a catalog of a connector that is not there stops the start or is left out with a warning.",
        source="Lodestar",
    )


class SqlEnvironmentConfig(ConfigGroup):
    """Defaults of sessions."""

    path: str = config("sql.path", default="", doc="The SQL path of sessions.", source="Trino: sql environment")
    default_catalog: str | None = config(
        "sql.default-catalog", default=None, doc="Catalog of sessions without one.", source="Trino: sql environment"
    )
    default_schema: str | None = config(
        "sql.default-schema", default=None, doc="Schema of sessions without one.", source="Trino: sql environment"
    )
    default_function_catalog: str | None = config(
        "sql.default-function-catalog",
        default=None,
        doc="Catalog of functions whose names are not qualified.",
        source="Trino: sql environment",
    )
    default_function_schema: str | None = config(
        "sql.default-function-schema",
        default=None,
        doc="Schema of functions whose names are not qualified.",
        source="Trino: sql environment",
    )
    forced_session_time_zone: str | None = config(
        "sql.forced-session-time-zone",
        default=None,
        doc="Time zone of every session, whatever the client says.",
        source="Trino: sql environment",
    )
