import pytest

from lodestar_server.bootstrap import config_groups
from lodestar_server.config import CatalogFile, ConfigurationFaults, load_configuration
from lodestar_server.config.describe import explain, list_lines
from lodestar_server.config.known import find_known, known_properties
from lodestar_server.config.node import CatalogsConfig, NodeConfig
from lodestar_server.http.config import AuthenticationConfig, ForwardedPolicy, HttpConfig
from lodestar_server.query.config import QueryConfig
from lodestar_server.spi.plugin import ConfigurationError

GROUPS = config_groups()


@pytest.fixture
def etc(tmp_path):
    folder = tmp_path / "etc"
    (folder / "catalog").mkdir(parents=True)

    def write(**files):
        for name, text in files.items():
            path = folder / (name.replace("__", "/") + ".properties")
            path.write_text(text)
        return folder

    return write


def load(folder, overrides=None, **named):
    return load_configuration(folder, overrides or {}, GROUPS, environment={"SET": "1m"}, **named)


def faults(folder, overrides=None):
    with pytest.raises(ConfigurationFaults) as caught:
        load(folder, overrides)
    return [str(fault) for fault in caught.value.faults]


def test_a_cluster_of_trino_loads(etc):
    folder = etc(
        config="coordinator=true\nhttp-server.http.port=8081\nquery.max-memory=50GB\ndiscovery.uri=http://a:8080\n"
        "query.client.timeout=${ENV:SET}\nexchange.http-client.max-content-length=32MB\nretry-policy=task\n",
        node="node.environment=production\nnode.id=a-1\nnode.data-dir=/data\n",
        log="io.trino=DEBUG\n",
        catalog__lake="connector.name=hive\nhive.metastore=file\n",
    )
    (folder / "jvm.config").write_text("-Xmx16G\n")
    found = load(folder)
    assert found.group(HttpConfig).http_port == 8081
    assert found.group(QueryConfig).client_timeout == 60.0
    assert found.group(NodeConfig).environment == "production"
    assert found.log_levels == {"io.trino": "DEBUG"}
    assert found.idle == (
        "discovery.uri",
        "exchange.http-client.max-content-length",
        "query.max-memory",
        "retry-policy",
    )
    (catalog,) = found.catalogs
    assert (catalog.name, catalog.connector_name, catalog.properties) == ("lake", "hive", {"hive.metastore": "file"})
    assert found.warnings == ("jvm.config is there and ignored: this server is no JVM",)


def test_every_fault_at_once_with_file_and_line(etc):
    folder = etc(
        config="# x\nquery.max-lenght=5\nquery.max-run-time=abc\nhttp-server.http.port=99999\ncoordinator=yes\n"
        "http-server.admin.port=1\nquery.max-memory=lots\nquery.max-history=5\nquery.max-history=6\n",
        node="node.environment=Prod\nquery.max-history=7\nnode.id=${ENV:NOPE}\n",
        log="io.trino=LOUD\n",
        catalog__a="hive.metastore=file\n",
        catalog__b="connector.name=hive\nx=${ENV:NOPE}\n",
        catalog__system="connector.name=memory\n",
    )
    assert sorted(faults(folder)) == sorted(
        [
            "config.properties:2: query.max-lenght: Configuration property 'query.max-lenght' was not used; "
            "did you mean 'query.max-length'?",
            "config.properties:3: query.max-run-time: duration is not a valid data duration string: abc (value 'abc')",
            "config.properties:4: http-server.http.port: must not be greater than 65535 (value '99999')",
            "config.properties:5: coordinator: must be true or false, not 'yes' (value 'yes')",
            "config.properties:6: http-server.admin.port: "
            "Defunct property 'http-server.admin.port' cannot be configured",
            "config.properties:7: query.max-memory: size is not a valid data size string: lots (value 'lots')",
            "config.properties:9: query.max-history: is already set in line 8",
            "node.properties:1: node.environment: must match [a-z0-9][_a-z0-9]* (value 'Prod')",
            "node.properties:2: query.max-history: is already set in config.properties:8",
            "node.properties:3: node.id: Environment variable is not set: NOPE",
            "log.properties:1: io.trino: 'LOUD' is no log level",
            "catalog/a.properties: connector.name: is required and has no value",
            "catalog/b.properties:2: x: Environment variable is not set: NOPE",
            "catalog/system.properties: the catalog 'system' is the server's own",
        ]
    )


def test_options_are_stronger_than_files(etc):
    folder = etc(config="query.max-history=5\n")
    assert load(folder, {"query.max-history": "6"}).group(QueryConfig).max_history == 6
    assert faults(folder, {"nope": "1"}) == ["--set: nope: Configuration property 'nope' was not used"]


def test_old_names_work_with_a_warning_and_not_beside_the_new_ones(etc):
    folder = etc(config="node.ip=1.2.3.4\nquery.hash-partition-count=4\n")
    found = load(folder)
    assert found.group(NodeConfig).internal_address == "1.2.3.4"
    assert list(found.warnings) == [
        "Configuration property 'node.ip' has been replaced. Use 'node.internal-address' instead.",
        "Configuration property 'query.hash-partition-count' has been replaced. "
        "Use 'query.max-hash-partition-count' instead.",
    ]
    both = {"node.internal-address": "a", "query.max-hash-partition-count": "4"}
    assert sorted(faults(folder, both)) == [
        "config.properties:1: node.ip: is the old name of 'node.internal-address'; set only one of them",
        "config.properties:2: query.hash-partition-count: is the old name of 'query.max-hash-partition-count'; "
        "set only one of them",
    ]


def test_secrets_are_not_shown(etc):
    secret = "hunter2"
    folder = etc(config=f"web-ui.shared-secret={secret}\nprotocol.spooling.shared-secret-key={secret}\n")
    found = load(folder)
    assert secret not in repr(found)
    assert secret not in "".join(line.value for line in list_lines(found, everything=True))
    assert found.group(AuthenticationConfig).ui_shared_secret == secret


def test_catalogs_can_be_left_out_and_put_elsewhere(etc, tmp_path):
    folder = etc(catalog__a="connector.name=memory\n", catalog__b="connector.name=tpch\n")
    assert [one.name for one in load(folder, {"catalog.disabled-catalogs": "b"}).catalogs] == ["a"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "c.properties").write_text("connector.name=memory\n")
    assert [one.name for one in load(folder, {"catalog.config-dir": str(other)}).catalogs] == ["c"]
    assert load(folder).group(CatalogsConfig).management == "static"


def test_a_connectors_faults_get_their_lines(etc):
    folder = etc(catalog__a="# a\nconnector.name=hive\nhive.metastor=x\n")
    (catalog,) = load(folder).catalogs
    error = ConfigurationError([("hive.metastor", "was not used"), (None, "whatever")])
    assert [str(fault) for fault in catalog.faults(error)] == [
        "catalog/a.properties:3: hive.metastor: was not used",
        "catalog/a.properties: whatever",
    ]


def test_without_an_etc_directory_there_are_defaults():
    given = (CatalogFile("tpch", "tpch", {}),)
    found = load(None, default_catalogs=given)
    assert (found.catalogs, found.values) == (given, {})


def test_a_directory_that_is_not_there(tmp_path):
    assert faults(tmp_path / "nope") == [f"there is no such directory: {tmp_path / 'nope'}"]


@pytest.mark.parametrize(
    ("text", "policy"), [("true", "ACCEPT"), ("false", "REJECT"), ("ignore", "IGNORE"), ("REJECT", "REJECT")]
)
def test_old_spellings_of_forwarding(text, policy):
    found = load(None, {"http-server.process-forwarded": text})
    assert found.group(HttpConfig).forwarded is ForwardedPolicy[policy]


def test_settings_that_do_not_go_together():
    assert faults(None, {"http-server.http.enabled": "false"}) == [
        "neither http-server.http.enabled nor http-server.https.enabled is set: nobody could connect"
    ]


def test_keys_are_declared_once():
    seen = {}
    for group in GROUPS:
        for setting in group.settings:
            assert setting.key not in seen, (setting.key, group, seen[setting.key])
            assert setting.doc.endswith(".")
            seen[setting.key] = group


def test_defaults_of_known_properties_pass_their_own_check():
    for known in known_properties().values():
        if known.default and not known.retired:
            known.check(known.default)


@pytest.mark.parametrize(
    "key",
    [
        "query.max-memory-per-node",
        "task.concurrency",
        "exchange.http-client.request-timeout",
        "node-manager.http-client.connect-timeout",
        "http-server.authentication.oauth2.client-secret",
        "internal-communication.shared-secret",
        "protocol.spooling.retrieval-mode",
        "results-cache.enabled",
        "spill-enabled",
    ],
)
def test_keys_that_users_of_trino_have(key):
    assert find_known(key) is not None


def test_explaining():
    assert "session property: query_max_run_time" in explain("query.max-run-time", GROUPS)
    assert "has no effect here" in explain("task.concurrency", GROUPS)
    assert "stops the start" in explain("http-server.admin.port", GROUPS)
    with pytest.raises(KeyError, match=r"did you mean 'query\.max-length'"):
        explain("query.max-lenght", GROUPS)
