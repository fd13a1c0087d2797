"""Addresses of databases, from JDBC's form to SQLAlchemy's."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_urls import engine_url


@pytest.mark.parametrize(
    ("address", "user", "password", "made"),
    [
        ("jdbc:postgresql://h:5433/d", "u", "p", "postgresql+psycopg://u:p@h:5433/d"),
        ("jdbc:postgresql://h/d?user=a&password=b%40", None, None, "postgresql+psycopg://a:b%40@h/d"),
        ("jdbc:postgresql://h/d?user=a&password=b", "u", "p", "postgresql+psycopg://u:p@h/d"),
        ("jdbc:postgresql:d", None, None, "postgresql+psycopg://localhost/d"),
        ("jdbc:postgresql://h/d?sslmode=require", None, None, "postgresql+psycopg://h/d?sslmode=require"),
        ("jdbc:postgresql://h/d?currentSchema=s", None, None, "postgresql+psycopg://h/d?options=-csearch_path%3Ds"),
        ("jdbc:mysql://h/d", "u", None, "mysql+pymysql://u@h/d"),
        ("jdbc:mariadb://h:3307/d", None, None, "mysql+pymysql://h:3307/d"),
        ("jdbc:sqlite:/tmp/x.db", None, None, "sqlite:////tmp/x.db"),
        ("jdbc:sqlite:file:/tmp/x.db?cache=shared", None, None, "sqlite:////tmp/x.db"),
    ],
)
def test_addresses(address, user, password, made):
    assert engine_url(address, user, password).render_as_string(hide_password=False) == made


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://h/d", "begins with jdbc:"),
        ("jdbc:oracle:thin:@h", "kind 'oracle'"),
        ("jdbc:postgresql://a:1,b:2/d", "single host"),
        ("jdbc:postgresql://h/d?password=hunter2&loggerLevel=OFF", "Parameter 'loggerLevel'"),
        ("jdbc:mysql://h/d?allowLoadLocalInfile=true", "Parameter 'allowLoadLocalInfile'"),
    ],
)
def test_what_is_refused_tells_no_secret(address, message):
    with pytest.raises(ValueError, match=message) as raised:
        engine_url(address, None, None)
    assert "hunter2" not in str(raised.value)
