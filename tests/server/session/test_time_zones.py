import pytest

from lodestar_server.session.time_zones import require_zone
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.zones import zone_key


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("UTC", "UTC"),
        ("Z", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT0", "UTC"),
        ("+00:00", "UTC"),
        ("-0", "UTC"),
        ("Europe/Paris", "Europe/Paris"),
        ("EST5EDT", "EST5EDT"),
        ("+5", "+05:00"),
        ("+0530", "+05:30"),
        ("+05:30", "+05:30"),
        ("+05:30:00", "+05:30"),
        ("GMT+2", "+02:00"),
        ("UTC+05:00", "+05:00"),
        ("GMT+5:30", "+05:30"),
        ("UT-03:00", "-03:00"),
        ("Etc/GMT+5", "-05:00"),
        ("Etc/UTC+5", "+05:00"),
        ("+14:00", "+14:00"),
    ],
)
def test_spellings(name, canonical):
    assert require_zone(name) == canonical


@pytest.mark.parametrize(
    "name",
    [
        "utc",
        "EST",
        "europe/paris",
        "+15:00",
        "+14:01",
        "+5:30",
        "UTC+0530",
        "5",
        "+",
        "UTC+",
        "+99:99",
        "Etc/Zulu",
        "x",
        "+05:60",
        " UTC ",
    ],
)
def test_names_that_are_none(name):
    with pytest.raises(LodestarError) as caught:
        require_zone(name)
    assert (caught.value.code.name, caught.value.message) == ("NOT_SUPPORTED", f"Time zone not supported: {name}")


@pytest.mark.parametrize(
    ("zone", "key"),
    [
        ("UTC", 0),
        ("-14:00", 1),
        ("-05:00", 541),
        ("-00:01", 840),
        ("+00:01", 841),
        ("+05:30", 1170),
        ("+14:00", 1680),
        ("Europe/Paris", 2082),
    ],
)
def test_numbers_in_query_documents(zone, key):
    assert zone_key(zone) == key
