"""Values that come back from a server as they were sent."""

import datetime as dt
import ipaddress
import math
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

from lodestar import TemporalText, Time, Timestamp, YearMonth

PARIS = ZoneInfo("Europe/Paris")
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))

VALUES = [
    None,
    True,
    False,
    *(0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63)),
    *(1.5, -0.0, 1e300, 5e-324, math.inf, -math.inf),
    *map(Decimal, ["1.20", "-0.001", "0", "0.00", "9" * 38, "0." + "0" * 37 + "1"]),
    *("", "it's", "Größe 😀 \n\t\0x", "? -- /* ", "a" * 10_000),
    *(b"", b"\x00\xff"),
    *(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    *(dt.time(1, 2, 3, 4), dt.time(23, 59, 59, 999999), Time(1, 2, 3, 4, picosecond=5)),
    *(dt.time(1, 2, 3, tzinfo=dt.UTC), dt.time(1, 2, 3, tzinfo=INDIA)),
    *(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    *(Timestamp(2001, 2, 3, 4, 5, 6, 7, picosecond=8), Timestamp(2001, 2, 3, 4, 5, 6, 7, PARIS, picosecond=8)),
    *(dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=zone) for zone in (dt.UTC, PARIS, INDIA)),
    *(dt.timedelta(), dt.timedelta(1, 2, 3000), -dt.timedelta(1, 2, 3000), dt.timedelta(-400)),
    *(YearMonth(1, 6), YearMonth(-1, -6), YearMonth()),
    uuid.UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59"),
    *map(ipaddress.ip_address, ["10.0.0.1", "2001:db8::1"]),
    *([], [1, 2, None], [[1], [2]], [(1, "x"), (2, "y")]),
    *((1, "a", None), (1,), (1, (2, [3]))),
    *({}, {1: "a", 2: None}, {"a": [1.5]}, {dt.date(2001, 1, 1): 1}, {Decimal("1.10"): 1}, {True: 1}, {b"a": 1}),
    TemporalText("+10000-01-01", "date"),
    TemporalText("-0001-02-03 04:05:06.789", "timestamp"),
]
