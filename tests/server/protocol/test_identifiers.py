from datetime import UTC, datetime, timedelta

from lodestar_server.protocol.identifiers import QueryIds, Slugs, make_coordinator_id

NOON = datetime(2026, 7, 14, 12, 0, 0, tzinfo=UTC)


def test_ids_count_up_and_begin_anew_at_midnight():
    ids = QueryIds("abcde")
    assert [ids.next(NOON) for _ in range(2)] == ["20260714_120000_00000_abcde", "20260714_120000_00001_abcde"]
    assert ids.next(NOON + timedelta(seconds=1)) == "20260714_120001_00002_abcde"
    assert ids.next(NOON + timedelta(days=1)) == "20260715_120000_00000_abcde"


def test_a_clock_that_is_set_back_gives_no_id_twice():
    ids = QueryIds("abcde")
    given = [ids.next(NOON + timedelta(seconds=offset)) for offset in (0, 5, 0, 5, -90_000, 0)]
    assert len(set(given)) == len(given)


def test_coordinator_ids_have_no_letters_that_look_like_digits():
    assert not set("lo01") & set("".join(make_coordinator_id() for _ in range(200)))


def test_every_token_of_every_kind_has_its_own_slug():
    slugs = Slugs()
    made = {slugs.make(kind, token) for kind in ("queued", "executing") for token in range(5)}
    assert len(made) == 10
    assert slugs.fits("queued", 1, slugs.make("queued", 1))
    assert not slugs.fits("queued", 2, slugs.make("queued", 1))
    assert not slugs.fits("queued", 1, "ü")
    assert not Slugs().fits("queued", 1, slugs.make("queued", 1))
