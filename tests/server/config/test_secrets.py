import pytest

from lodestar_server.config.secrets import resolve


def test_references(tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    known = {"HOST": "db", "PORT": "5432"}
    assert resolve("jdbc://${ENV:HOST}:${ENV:PORT}/x", tmp_path, known) == "jdbc://db:5432/x"
    assert resolve("${FILE:password}", tmp_path, known) == "s3cret"
    assert resolve("${file:" + str(tmp_path / "password") + "}", None, known) == "s3cret"
    assert resolve("plain $x {y}", tmp_path, known) == "plain $x {y}"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("${ENV:MISSING}", "Environment variable is not set: MISSING"),
        ("${FILE:nope}", "Secret file cannot be read: "),
        ("${VAULT:x}", "No secret provider for key 'vault'"),
    ],
)
def test_what_cannot_be_resolved(tmp_path, value, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        resolve(value, tmp_path, {})
