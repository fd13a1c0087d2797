import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys

import pytest
from tests.fakes.pipeline import ScriptedPipeline

from lodestar_server.bootstrap import LodestarServer, config_groups, default_catalogs
from lodestar_server.config import CatalogFile, ConfigurationFaults, load_configuration
from lodestar_server.engine_parts import CatalogFaults, EngineParts
from lodestar_server.spi.plugin import ConfigurationError


def configuration(tmp_path, catalogs=(), **settings):
    overrides = {"http-server.http.port": "0", "node.data-dir": str(tmp_path), **settings}
    return load_configuration(None, overrides, config_groups(), default_catalogs=catalogs)


def parts(make_catalogs=lambda context, files: None):
    return EngineParts(
        make_catalogs=make_catalogs,
        make_kernel=lambda context, configuration: None,
        make_pipeline=lambda catalogs, kernel, configuration: ScriptedPipeline(),
    )


async def test_info_says_starting_until_the_engine_is_there(tmp_path):
    seen = []

    def make_catalogs(context, files):
        port = server.address[1]
        for path in ("/v1/info", "/v1/query"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path, headers={"X-Trino-User": "a"})
            response = connection.getresponse()
            seen.append((response.status, b'"starting":true' in response.read()))
            connection.close()

    server = LodestarServer(configuration(tmp_path), parts(make_catalogs))
    await server.start()
    assert seen == [(200, True), (503, False)]
    assert server.node.ready
    await server.close()


async def test_faulty_catalogs_stop_the_start(tmp_path):
    files = (CatalogFile("a", "hive", {"x": "1"}, "catalog/a.properties", {"x": 2}), CatalogFile("b", "nope", {}))

    def make_catalogs(context, wanted):
        raise CatalogFaults([(files[0], ConfigurationError([("x", "was not used")]))], [files[1]])

    server = LodestarServer(configuration(tmp_path, files), parts(make_catalogs))
    with pytest.raises(ConfigurationFaults) as caught:
        await server.start()
    assert [str(fault) for fault in caught.value.faults] == [
        "catalog/a.properties:2: x: was not used",
        "catalog b: connector.name: No factory for connector 'nope'",
    ]
    await server.close()


async def test_unknown_connectors_can_be_left_out(tmp_path):
    files, made = (CatalogFile("a", "memory", {}), CatalogFile("b", "nope", {})), []

    def make_catalogs(context, wanted):
        made.append([file.name for file in wanted])
        if any(file.connector_name == "nope" for file in wanted):
            raise CatalogFaults([], [files[1]])

    settings = configuration(tmp_path, files, **{"catalog.unknown-connector": "warn"})
    server = LodestarServer(settings, parts(make_catalogs))
    await server.start()
    assert made == [["a", "b"], ["a"]]
    await server.close()


async def test_session_defaults_come_from_the_configuration(tmp_path):
    settings = configuration(tmp_path, **{"query.max-run-time": "5m", "join-distribution-type": "BROADCAST"})
    server = LodestarServer(settings, parts())
    await server.start()
    properties = server.manager.settings.properties
    assert properties.require("query_max_run_time").default == 300.0
    assert properties.require("join_distribution_type").default == "BROADCAST"
    await server.close()


async def test_an_end_waits_for_queries_and_a_second_one_does_not(tmp_path):
    server = LodestarServer(configuration(tmp_path, **{"shutdown.grace-period": "1h"}), parts())
    await server.start()
    loop = asyncio.get_running_loop()

    def ask(method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.address[1], timeout=5)
        connection.request(method, target, body, {"X-Trino-User": "a"})
        response = connection.getresponse()
        found = (response.status, response.read())
        connection.close()
        return found

    assert (await loop.run_in_executor(None, ask, "POST", "/v1/statement", "SELECT SLOW"))[0] == 200
    (query,) = server.manager.list_queries()
    running = asyncio.ensure_future(server.run())
    server.end()
    assert (await loop.run_in_executor(None, ask, "POST", "/v1/statement", "SELECT 1"))[0] == 503
    assert (await loop.run_in_executor(None, ask, "GET", "/v1/info/state"))[1] == b'"SHUTTING_DOWN"'
    assert not running.done()
    server.end()
    await asyncio.wait_for(running, 10)
    assert query.error.code.name == "SERVER_SHUTTING_DOWN"


def test_default_catalogs(tmp_path):
    found = {file.name: file for file in default_catalogs(tmp_path)}
    assert sorted(found) == ["lake", "memory", "tpch"]
    assert found["lake"].properties["local.location"] == str(tmp_path)


@pytest.mark.slow
def test_the_process_starts_and_ends_on_a_signal(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["run", "--set", f"http-server.http.port={port}", "--set", f"node.data-dir={tmp_path}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lodestar_server", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "server started" in line:
            break
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/v1/info")
    assert b'"starting":false' in connection.getresponse().read()
    connection.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert "server ended" in process.stderr.read()
    process.stderr.close()
