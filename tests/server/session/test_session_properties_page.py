"""server/session-properties.md says of each property whether it has an effect, and it is true."""

import re
from pathlib import Path

from lodestar_server.session.system_properties import SystemProperties

_SERVER = Path(__file__).parents[3] / "server"


def _names(title):
    text = (_SERVER / "session-properties.md").read_text()
    section = text.split(f"## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_every_property_is_told_of_once():
    told = _names("With an effect") + _names("Accepted, without an effect")
    assert sorted(told) == sorted(one.name for one in SystemProperties())


def test_those_with_an_effect_are_asked_for_somewhere():
    table = _SERVER / "lodestar_server" / "session" / "system_properties.py"
    sources = [path.read_text() for path in _SERVER.rglob("*.py") if path != table]
    unused = [name for name in _names("With an effect") if not any(name in source for source in sources)]
    assert unused == []
