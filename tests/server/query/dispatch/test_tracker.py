from lodestar_server.query.dispatch.tracker import Attention, QueryHistory


def test_old_ones_leave_when_there_are_too_many():
    history = QueryHistory(2, 10.0)
    assert history.remember("a", 0) == []
    assert history.remember("b", 1) == []
    assert history.remember("c", 2) == []
    assert history.expire(10) == ["a"]
    assert history.expire(100) == []


def test_young_ones_stay_whatever_their_number():
    history = QueryHistory(0, 10.0)
    assert [history.remember(str(n), 0) for n in range(5)] == [[]] * 5
    assert history.expire(10) == ["0", "1", "2", "3", "4"]


def test_there_is_an_end_to_it():
    history = QueryHistory(100, 1e9)
    forgotten = [gone for n in range(QueryHistory.HARD_LIMIT + 3) for gone in history.remember(str(n), 0)]
    assert forgotten == ["0", "1", "2"]


def test_time_in_which_nobody_listened_does_not_count():
    attention = Attention()
    assert attention.since(10, 30) == 20
    attention.missed(25, 4)
    assert attention.since(10, 30) == 16
    assert attention.since(23, 30) == 5  # two of the four seconds came after it
    assert attention.since(26, 30) == 4
