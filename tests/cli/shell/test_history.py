import pytest

from lodestar.cli.options import Options
from lodestar.cli.shell.history import escaped, find_history_file, open_history, unescaped


@pytest.mark.parametrize("entry", ["select 1;", "select\n  1\r\n;", "a\\nb", "\\", "\\\\n", "中"])
def test_entries_are_lines(entry):
    assert "\n" not in escaped(entry)
    assert unescaped(escaped(entry)) == entry


def test_entries_are_kept(tmp_path):
    path = tmp_path / "new" / "history"
    history = open_history(path)
    history.append_string("select 1;")
    history.append_string("select\n2;")
    assert path.read_text() == "select 1;\nselect\\n2;\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(open_history(path).load_history_strings()) == ["select\n2;", "select 1;"]


def test_a_file_that_cannot_be_is_no_reason_to_fail(tmp_path):
    (tmp_path / "file").write_text("")
    history = open_history(tmp_path / "file" / "history")
    history.append_string("select 1;")
    assert history.get_strings() == ["select 1;"]


def test_which_file():
    environment = {"LODESTAR_HISTORY_FILE": "/b", "TRINO_HISTORY_FILE": "/c"}
    assert str(find_history_file(Options(history_file="/a"), environment)) == "/a"
    assert str(find_history_file(Options(), environment)) == "/b"
    assert str(find_history_file(Options(), {"TRINO_HISTORY_FILE": "/c"})) == "/c"
    assert str(find_history_file(Options(), {})).endswith("/.lodestar/history")
    assert find_history_file(Options(history_file=""), environment) is None
