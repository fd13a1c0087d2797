import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import lodestar
from lodestar.local import LocalOptions, local_url, stop_local_servers

ROOT = Path(__file__).parents[2]


class CountingServer:
    """A server that is none."""

    started = 0

    def __init__(self, *, etc_dir, data_dir, properties):
        type(self).started += 1
        self.url = f"http://127.0.0.1:{self.started}"
        self.closed = False

    def close(self):
        self.closed = True


def test_servers_are_shared_by_equal_options():
    CountingServer.started = 0
    one = local_url(LocalOptions.of(None, "/tmp/x", None), CountingServer)
    same = local_url(LocalOptions.of(None, "/tmp/x", {}), CountingServer)
    other = local_url(LocalOptions.of(None, "/tmp/x", {"query.max-run-time": "1m"}), CountingServer)
    assert (one == same, one != other, CountingServer.started) == (True, True, 2)
    stop_local_servers()
    assert local_url(LocalOptions.of(None, "/tmp/x", None), CountingServer) not in (one, other)
    stop_local_servers()


def test_a_server_that_cannot_start():
    def fails(**arguments):
        raise OSError("no port")

    def refuses(**arguments):
        raise RuntimeError("unknown key")

    with pytest.raises(lodestar.OperationalError, match="no port"):
        local_url(LocalOptions.of(None, "/tmp/y", None), fails)
    with pytest.raises(lodestar.InterfaceError, match="unknown key"):
        local_url(LocalOptions.of(None, "/tmp/y", None), refuses)


def run(tmp_path, program):
    """A process that finds the server through an installed distribution, as users have it."""
    package = tmp_path / "installed" / "server-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: server\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[lodestar.local]\nserver = lodestar_server.embedded:start\n")
    places = [str(package.parent), *(str(ROOT / room) for room in ("client", "dialect", "server"))]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
def test_a_server_in_the_process_ends_with_it(tmp_path):
    """Also when a query is still running and another's rows were not fetched."""
    done = run(
        tmp_path,
        """
        import os, lodestar
        with lodestar.connect(f"local:///tpch/tiny?data_dir={os.environ['DATA']}", user="alice") as connection:
            print(connection.execute("SELECT count(*) FROM nation").fetchone())
        again = lodestar.connect("local:///tpch/tiny", data_dir=os.environ["DATA"], user="alice")
        print(len(again.execute("SELECT * FROM lineitem").fetchmany(3)))
        """,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "(25,)\n3\n", "")


@pytest.mark.slow
def test_a_wrong_configuration_is_told(tmp_path):
    done = run(
        tmp_path,
        """
        import lodestar
        try:
            lodestar.connect("local://?property.no.such.key=1", user="alice")
        except lodestar.InterfaceError as fault:
            print(fault)
        """,
    )
    assert "no.such.key" in done.stdout
