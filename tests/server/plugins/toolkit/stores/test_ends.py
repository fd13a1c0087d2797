from __future__ import annotations

from lodestar_server.plugins.toolkit.files import Version
from lodestar_server.plugins.toolkit.stores.ends import END_BYTES, SMALL_FILE_BYTES, EndCache, end_lengths


def lengths(*sizes: int) -> list[int]:
    return end_lengths([Version(size, 0) for size in sizes])


def test_small_files_come_whole() -> None:
    assert lengths(10, END_BYTES, SMALL_FILE_BYTES) == [10, END_BYTES, SMALL_FILE_BYTES]


def test_of_large_files_the_end() -> None:
    assert lengths(SMALL_FILE_BYTES + 1, 1 << 40) == [END_BYTES, END_BYTES]


def test_too_many_small_files_would_drive_each_other_out() -> None:
    assert lengths(*[SMALL_FILE_BYTES] * 1000) == [END_BYTES] * 1000
    assert lengths(*[END_BYTES // 2] * 1000) == [END_BYTES // 2] * 1000


def test_what_has_just_been_written_may_be_written_again() -> None:
    now = 100 * 10**9
    for seconds, length in ((95, SMALL_FILE_BYTES), (99, END_BYTES), (101, END_BYTES)):
        assert end_lengths([Version(SMALL_FILE_BYTES, seconds * 10**9)], now) == [length]


def test_the_least_recently_used_go() -> None:
    ends = EndCache(kept_bytes=10)
    version = Version(100, 1)
    ends.put("a", version, b"aaaa")
    ends.put("b", version, b"bbbb")
    assert ends.find("a", version) == b"aaaa"
    ends.put("c", version, b"cccc")
    assert ends.find("b", version) is None
    assert ends.find("a", version) == b"aaaa" and ends.find("c", version) == b"cccc"
    assert ends.find("a", Version(100, 2)) is None
    ends.clear()
    assert ends.find("a", version) is None


def test_who_is_the_first_to_use_an_end_pays_for_it() -> None:
    ends = EndCache(kept_bytes=10)
    version = Version(100, 1)
    ends.put("a", version, b"aaaa")
    assert ends.take_cost("a", version) == 4
    assert ends.take_cost("a", version) == 0
    ends.put("b", version, b"bbbbbbbb")
    assert ends.take_cost("a", version) == 0
    assert ends.take_cost("b", version) == 8
