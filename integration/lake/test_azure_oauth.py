"""ADLS as a registered application: tokens of a service of ours, taken by a real Azurite."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.lake.clouds import check_refusal, check_tables_elsewhere, local_catalogs
from integration.services.azure_tokens import CLIENT, SECRET, TENANT, AzureTokens
from integration.services.azurite import Azurite
from integration.services.certificates import Certificates
from integration.toolbox.lanes import Skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def azurite(certificates: Certificates) -> Iterator[Azurite]:
    try:
        service = Azurite(certificates=certificates)
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        service.make_container("lake")
        yield service


def _settings(azurite: Azurite, tokens: AzureTokens, **more: str) -> dict[str, str]:
    oauth = {"tenant-id": TENANT, "endpoint": tokens.url, "client-id": CLIENT, "secret": SECRET}
    given = oauth | {key.replace("_", "-"): value for key, value in more.items()}
    return {
        "fs.azure.enabled": "true",
        "azure.endpoint": azurite.endpoint,
        "azure.auth-type": "OAUTH",
        **{f"azure.oauth.{key}": value for key, value in given.items()},
    }


def test_an_application(azurite: Azurite, certificates: Certificates, lake: Any, tmp_path: Path) -> None:
    trusted = {"SSL_CERT_FILE": str(certificates.authority)}
    with AzureTokens(certificates) as tokens:
        server = lake(local_catalogs(_settings(azurite, tokens), tmp_path), environment=trusted)
        for catalog in ("hive", "ice"):
            check_tables_elsewhere(server, catalog, azurite.location("lake"))
            check_refusal(server, catalog, azurite.location("elsewhere"), "container 'elsewhere' does not exist")
        assert len(tokens.given) == 2, "one for each catalog, as long as it is good"
        assert not any(token in server.server.log for token in tokens.given) and SECRET not in server.server.log


def test_tokens_are_renewed(azurite: Azurite, certificates: Certificates, lake: Any, tmp_path: Path) -> None:
    trusted = {"SSL_CERT_FILE": str(certificates.authority)}
    with AzureTokens(certificates, seconds=2) as tokens:
        catalogs = {"ice": local_catalogs(_settings(azurite, tokens), tmp_path)["ice"]}
        server = lake(catalogs, environment=trusted)
        deadline = time.monotonic() + 60
        while len(tokens.given) < 2:
            assert time.monotonic() < deadline
            check_tables_elsewhere(server, "ice", azurite.location("lake"))


def test_the_older_form_of_the_endpoint(
    azurite: Azurite, certificates: Certificates, lake: Any, tmp_path: Path
) -> None:
    trusted = {"SSL_CERT_FILE": str(certificates.authority)}
    with AzureTokens(certificates) as tokens:
        whole = f"{tokens.url}{TENANT}/oauth2/token"
        catalogs = {"ice": local_catalogs(_settings(azurite, tokens, endpoint=whole), tmp_path)["ice"]}
        check_tables_elsewhere(lake(catalogs, environment=trusted), "ice", azurite.location("lake"))


def test_what_is_refused_is_told(azurite: Azurite, certificates: Certificates, lake: Any, tmp_path: Path) -> None:
    trusted = {"SSL_CERT_FILE": str(certificates.authority)}
    with AzureTokens(certificates) as tokens:
        wrong = local_catalogs(_settings(azurite, tokens, secret="not-the-secret"), tmp_path)
        server = lake(wrong, environment=trusted)
        for catalog in ("hive", "ice"):
            check_refusal(server, catalog, azurite.location("lake"), "AADSTS7000215", "azure.oauth")
        assert "not-the-secret" not in server.server.log
        assert tokens.refused == 2, "a wrong secret does not get better"
