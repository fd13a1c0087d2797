import pytest

from lodestar_server.cli import main


def test_check(capsys):
    assert main(["config", "check"]) == 0
    assert capsys.readouterr().out == "The configuration is valid: 0 properties, 3 catalogs\n"


def test_faults_go_to_standard_error_with_exit_code_100(tmp_path, capsys):
    (tmp_path / "config.properties").write_text("a=1\nb=2\n")
    assert main(["run", "--etc-dir", str(tmp_path), "--set", "x"]) == 100
    assert main(["config", "check", "--etc-dir", str(tmp_path)]) == 100
    lines = capsys.readouterr().err.splitlines()
    assert "1) --set: 'x' is not KEY=VALUE" in lines
    assert "2) config.properties:2: b: Configuration property 'b' was not used" in lines
    assert lines[-1] == "2 error(s)"


def test_list(capsys):
    main(["config", "list", "--set", "query.max-history=7", "--set", "query.max-memory=5GB"])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  query.max-history = 7  [100]") for line in lines)
    assert any(line.startswith("- query.max-memory = 5GB  [20GB]  accepted, without effect") for line in lines)
    main(["config", "list", "--all"])
    assert len(capsys.readouterr().out.splitlines()) > 400


def test_explain(capsys):
    assert main(["config", "explain", "query.max-history"]) == 0
    assert main(["config", "explain", "query.max-histori"]) == 1
    assert "did you mean 'query.max-history'" in capsys.readouterr().err
    assert main(["config", "explain", "s3.max-connections"]) == 0
    assert "in catalogs of: hive, hive-hadoop2, iceberg\n" in capsys.readouterr().out
    assert main(["config", "explain", "hive.metastor"]) == 1
    assert "did you mean 'hive.metastore'" in capsys.readouterr().err


def test_check_makes_the_catalogs(tmp_path, capsys):
    (tmp_path / "catalog").mkdir()
    (tmp_path / "config.properties").write_text("catalog.unknown-connector=WARN\n")
    (tmp_path / "catalog" / "far.properties").write_text("connector.name=sqlanywhere\n")
    wrong = tmp_path / "catalog" / "lake.properties"
    wrong.write_text("connector.name=hive\nhive.metastore.uri=thrift://h:1\nhive.metastor.timeout=1s\n")
    assert main(["config", "check", "--etc-dir", str(tmp_path)]) == 100
    assert "catalog/lake.properties:3: hive.metastor.timeout: " in capsys.readouterr().err
    wrong.write_text("connector.name=hive\nhive.metastore.uri=thrift://h:1\n")
    assert main(["config", "check", "--etc-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "warning: catalog far is left out: No factory for connector 'sqlanywhere'\n"
        "The configuration is valid: 1 properties, 1 catalogs\n"
    )


@pytest.mark.parametrize("arguments", [[], ["config"], ["run", "--role", "boss"]])
def test_usage(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
