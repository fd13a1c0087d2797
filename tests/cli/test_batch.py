"""Batch mode as a process, against a server of ours."""

import re
import signal
import subprocess
import sys

import pytest


def without_ids(text):
    return re.sub(r"\d{8}_\d{6}_\d{5}_\w{5}", "ID", text)


def test_statements_of_an_option(run):
    done = run("--execute", "select 1, 'a\"b', null; select 2 -- the last\n")
    assert (done.code, done.out, done.err) == (0, '"1","a""b",""\n"2"\n', "")


def test_statements_of_standard_input(run):
    done = run("--output-format", "TSV", input="select 1;\nselect 'two'")
    assert (done.code, done.out, done.err) == (0, "1\ntwo\n", "")


def test_empty_standard_input_is_nothing_to_do(run):
    done = run()
    assert (done.code, done.out, done.err) == (0, "", "")


def test_statements_of_a_file_need_an_end(run, tmp_path):
    file = tmp_path / "x.sql"
    file.write_text("select 1;\nselect 2")
    done = run("--file", str(file))
    assert (done.code, done.out, done.err) == (1, '"1"\n', "Non-terminated statement: select 2\n")


def test_a_failure_ends_it_and_is_told_with_its_place(run):
    done = run("--execute", "select 1;\nselect\n  nope;select 2")
    assert (done.code, done.out) == (1, '"1"\n')
    assert without_ids(done.err) == (
        "Query ID failed: line 2:3: Column 'nope' cannot be resolved\nLINE 2:   nope\n          ^\n\n"
    )


def test_errors_can_be_ignored(run):
    done = run("--ignore-errors", "--execute", "select nope; select 2")
    assert (done.code, done.out) == (1, '"2"\n')


def test_statements_change_the_session(run):
    done = run(
        "--execute",
        "use tpch.tiny; select count(*) from nation; prepare p from select ? + 1; execute p using 41; "
        "set session query_max_run_time = '5m'; show session like 'query_max_run_time'; set time zone 'Asia/Tokyo'; "
        "select current_timezone()",
    )
    assert done.code == 0
    assert done.out.splitlines()[:2] == ['"25"', '"42"']
    assert '"query_max_run_time","5m"' in done.out
    assert done.out.splitlines()[-1] == '"Asia/Tokyo"'
    assert done.err == "USE\nPREPARE\nSET SESSION\nSET TIME ZONE\n"


def test_updates_are_counted(run):
    done = run(
        "--execute",
        "create table memory.default.counted (x int); insert into memory.default.counted values 1, 2; "
        "insert into memory.default.counted values 3; drop table memory.default.counted",
    )
    assert (done.code, done.out) == (0, "")
    assert done.err == "CREATE TABLE\nINSERT: 2 rows\nINSERT: 1 row\nDROP TABLE\n"


def test_options_reach_the_session(run):
    done = run(
        "--catalog=tpch", "--schema=tiny", "--timezone=Europe/Paris", "--session", "query_max_run_time=7m", "--execute",
        "select current_user, current_catalog, current_schema, current_timezone(); show session like 'query_max_r%'",
    )  # fmt: skip
    assert done.code == 0
    assert done.out.splitlines()[0] == '"ann","tpch","tiny","Europe/Paris"'
    assert '"query_max_run_time","7m"' in done.out


def test_progress_goes_to_the_errors(run):
    done = run("--progress", "--execute", "select count(*) from tpch.tiny.lineitem")
    assert (done.code, done.out) == (0, '"60175"\n')
    lines = without_ids(done.err).splitlines()
    finished = lines.index(next(line for line in lines if "FINISHED" in line))
    assert lines[finished].endswith("Query ID, FINISHED, 1 node")
    assert re.fullmatch(r"Splits: \d+ total, \d+ done \(100.00%\)", lines[finished + 1])
    assert re.fullmatch(r"\d+\.\d\d \[.+ rows, .+B\] \[.+ rows/s, .+B/s\]", lines[finished + 2])


def test_rows_come_out_as_utf8_whatever_the_locale(run):
    assert run("--execute", "select U&'\\4E2D'", LC_ALL="C", PYTHONIOENCODING="ascii").out == '"中"\n'


def test_nobody_reads_any_more(server_url, environment):
    command = [sys.executable, "-m", "lodestar.cli.main", "--server", server_url, "--execute"]
    text = "select * from tpch.tiny.lineitem; select 'second'"
    with subprocess.Popen([*command, text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as child:
        assert child.stdout.readline().startswith(b'"')
        child.stdout.close()
        errors = child.stderr.read()
        assert (child.wait(30), errors) == (0, b"")


def test_nobody_there(run):
    done = run("--execute", "select 1", server="http://127.0.0.1:1")
    assert (done.code, done.out) == (1, "")
    assert "127.0.0.1:1" in done.err


def test_what_is_no_option(run):
    done = run("--bogus")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Unknown option: '--bogus'\nLodestar command line interface\n")


def test_help_and_version(run):
    assert run("--help").out.startswith("Lodestar command line interface\n")
    assert re.fullmatch(r"Lodestar CLI \d+\.\d+\.\d+\n", run("--version").out)


def test_file_and_execute_exclude_each_other(run):
    done = run("--file", "x", "--execute", "select 1")
    assert (done.code, done.err) == (1, "both --execute and --file specified\n")


def test_a_missing_file(run):
    done = run("--file", "/nowhere/x.sql")
    assert (done.code, done.err) == (
        1,
        "Error reading from file /nowhere/x.sql: /nowhere/x.sql (No such file or directory)\n",
    )


def test_configuration_file(run, tmp_path):
    config = tmp_path / ".lodestar" / "config"
    config.parent.mkdir()
    config.write_text("output-format=JSON\nuser=bob\n")
    assert run("--execute", "select current_user u").out == '{"u":"ann"}\n'


def test_a_preprocessor_rewrites_statements(run):
    done = run("--execute", "select 'dog'", LODESTAR_PREPROCESSOR="sed s/dog/cat/")
    assert (done.code, done.out) == (0, '"cat"\n')
    failed = run("--execute", "select 'dog'", TRINO_PREPROCESSOR="echo no >&2; exit 3")
    assert (failed.code, failed.out, failed.err) == (1, "", "Query preprocessor exited 3\n===\nno\n\n===\n")


def test_requests_can_be_watched(run):
    done = run("--network-logging", "BASIC", "--execute", "select 1")
    assert (done.code, done.out) == (0, '"1"\n')
    assert re.match(r"--> POST http://.*/v1/statement \(8-byte body\)\n<-- 200 ", done.err)


def test_a_password_is_not_sent_in_the_clear(run):
    done = run("--password", "--execute", "select 1", LODESTAR_PASSWORD="secret")
    assert (done.code, done.out) == (1, "")
    assert "https" in done.err
    assert "secret" not in done.err


def test_rows_may_come_in_segments(run):
    text = "select orderkey, comment from tpch.tiny.orders order by orderkey"
    done = run("--encoding", "json+zstd,json+lz4,json", "--execute", text)
    assert done.code == 0
    assert done.out == run("--execute", text).out
    assert done.out.count("\n") == 15000


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 1, b"Query aborted by user\n"), (signal.SIGTERM, 143, b"")]
)
def test_a_signal_cancels_the_query_on_the_server(served, environment, number, code, said):
    user = f"user{number}"
    command = [sys.executable, "-m", "lodestar.cli.main", "--server", served.url, "--user", user, "--progress"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "--execute", "SELECT SLOW"], stdout=pipe, stderr=pipe, env=environment) as child:
        seen = b""
        while b"RUNNING" not in seen:
            seen = child.stderr.read1()
            assert seen, "it has ended"
        child.send_signal(number)
        assert child.stderr.read().endswith(said)
        assert child.wait(30) == code
    queries = served.send("GET", "/v1/query", served.user).json
    assert [query["state"] for query in queries if query["session"]["user"] == user] == ["FAILED"]
