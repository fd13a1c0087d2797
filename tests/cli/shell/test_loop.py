"""The shell on a terminal, against servers of ours."""

import sys

import pytest
from tests.cli.shell.terminal import Terminal


@pytest.fixture
def shell(environment, tmp_path):
    opened = []

    def open_shell(url, *arguments, **more):
        command = [sys.executable, "-m", "lodestar.cli.main", "--server", url, "--user", "ann", *arguments]
        terminal = Terminal(command, {**environment, "LODESTAR_PAGER": "", **more})
        opened.append(terminal)
        terminal.read_until(r"lodestar(:\w+)?>")
        return terminal

    yield open_shell
    for terminal in opened:
        terminal.close()


def test_a_session(shell, server_url, tmp_path):
    terminal = shell(server_url)
    terminal.type("select count(*) x from tpch.tiny.region;\r")
    assert " x \n---\n 5 \n(1 row)\n\nQuery " in terminal.read_until(r"rows/s, .*\]\n\n")
    terminal.type("use tpch.tiny;\r")
    terminal.read_until("USE\n")
    terminal.read_until("lodestar:tiny>")
    terminal.type("select name\r")
    terminal.read_until("->")
    terminal.type("from nation where nationkey = 6\\G\r")
    assert "-[ RECORD 1 ]\nname | FRANCE\n" in terminal.read_until("FINISHED, 1 node\n")
    terminal.type("select nope;\r")
    terminal.read_until("failed: line 1:8: Column 'nope' cannot be resolved\nselect nope\n\n")
    terminal.type("help\r")
    terminal.read_until("Supported commands:\nQUIT\n")
    terminal.type("history\r")
    assert "    1  select count(*) x from tpch.tiny.region;\n" in terminal.read_until(" 6  history\n")
    terminal.type("exit\r")
    assert terminal.wait() == 0
    kept = tmp_path / ".lodestar" / "history"
    assert kept.read_text().startswith(
        "select count(*) x from tpch.tiny.region;\nuse tpch.tiny;\nselect name\\nfrom nation"
    )
    assert kept.stat().st_mode & 0o077 == 0


def test_ctrl_d_leaves(shell, server_url):
    terminal = shell(server_url, "--history-file", "")
    terminal.type("\x04")
    assert terminal.wait() == 0


def test_ctrl_c_forgets_the_input_and_keeps_the_shell(shell, server_url):
    terminal = shell(server_url)
    terminal.type("select\r")
    terminal.read_until("->")
    terminal.type("\x03")
    terminal.read_until("lodestar>")
    terminal.type("select 42;\r")
    terminal.read_until(r"    42 \n")


def test_ctrl_c_cancels_the_query_on_the_server(shell, served):
    terminal = shell(served.url)
    terminal.type("SELECT SLOW;\r")
    terminal.read_until(r"Query \w+, RUNNING", 60)
    terminal.type("\x03")
    terminal.read_until("Query aborted by user\n")
    terminal.read_until("lodestar>")
    states = [
        query["state"] for query in served.send("GET", "/v1/query", served.user).json if query["query"] == "SELECT SLOW"
    ]
    assert states == ["FAILED"]
    terminal.type("SELECT 1;\r")
    terminal.read_until(r"\(1 row\)")


def test_rows_go_to_the_pager(shell, server_url, tmp_path):
    kept = tmp_path / "kept"
    terminal = shell(server_url, "--pager", f"cat > {kept}", "--output-format-interactive", "CSV")
    terminal.type("select 1; select count(*) from tpch.tiny.region;\r")
    terminal.read_until("FINISHED")
    assert kept.read_text() == '"5"\n'


def test_leaving_the_pager_cancels_the_query(shell, server_url):
    terminal = shell(server_url, "--pager", "head -1", "--output-format-interactive", "CSV", "--no-progress")
    terminal.type("select l.orderkey from tpch.tiny.lineitem l, tpch.tiny.nation n;\r")
    terminal.read_until(r'"\d+"\nQuery aborted by user\n')
    terminal.type("select 3;\r")
    terminal.read_until('"3"\n')


def test_tab_completes_names_of_the_server(shell, server_url):
    terminal = shell(server_url)
    terminal.type("select count(*) from tpch.tiny.nati\t")
    terminal.read_until("nati(.|\n)*on")
    terminal.type(";\r")
    terminal.read_until(r"    25 \n")


def test_vi_keys(shell, server_url):
    terminal = shell(server_url, "--editing-mode", "VI")
    terminal.type("select 12;")
    terminal.read_until("12;")
    terminal.type("\x1bhx")
    terminal.type("\r")
    terminal.read_until(r"     1 \n")


def test_history_of_an_earlier_session(shell, server_url, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("select 41 +\\n 1;\n")
    terminal = shell(server_url, TRINO_HISTORY_FILE=str(kept))
    terminal.type("\x10")
    terminal.read_until("-> *1;")
    terminal.type("\r")
    terminal.read_until(r"    42 \n")


def test_without_a_line_editor(environment, server_url, tmp_path):
    (tmp_path / "prompt_toolkit.py").write_text("raise ImportError\n")
    path = f"{tmp_path}:{environment['PYTHONPATH']}"
    command = [sys.executable, "-m", "lodestar.cli.main", "--server", server_url]
    terminal = Terminal(command, {**environment, "PYTHONPATH": path})
    terminal.read_until("pip install 'lodestar-sql\\[cli\\]'\n")
    assert terminal.wait() == 1
    terminal.close()
