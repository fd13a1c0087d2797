import pytest

from lodestar_server.query.state import QueryState, QueryTimeline


def timeline(*moves):
    found = QueryTimeline(0.0)
    for state, now in moves:
        assert found.advance(state, now)
    return found


def test_a_query_moves_forward_and_may_leave_steps_out():
    found = timeline((QueryState.PLANNING, 1), (QueryState.FINISHED, 2))
    assert (found.state, found.ended) == (QueryState.FINISHED, 2)


@pytest.mark.parametrize("state", list(QueryState))
def test_nothing_leads_out_of_the_end(state):
    for end in (QueryState.FINISHED, QueryState.FAILED):
        found = timeline((end, 1))
        assert not found.advance(state, 2)
        assert found.state is end


def test_going_back_changes_nothing():
    found = timeline((QueryState.RUNNING, 3))
    assert not found.advance(QueryState.PLANNING, 4)
    assert not found.advance(QueryState.RUNNING, 4)
    assert (found.state, found.entered(QueryState.RUNNING), found.entered(QueryState.PLANNING)) == (
        QueryState.RUNNING,
        3,
        None,
    )


@pytest.mark.parametrize("state", [state for state in QueryState if not state.done])
def test_every_state_can_fail(state):
    found = QueryTimeline(0.0)
    found.advance(state, 1)
    assert found.advance(QueryState.FAILED, 2)


def test_times():
    found = timeline(
        (QueryState.DISPATCHING, 2),
        (QueryState.PLANNING, 3),
        (QueryState.RUNNING, 5),
        (QueryState.FINISHING, 9),
        (QueryState.FINISHED, 10),
    )
    assert (found.queued(99), found.planning(99), found.executing(99), found.finishing(99), found.elapsed(99)) == (
        2,
        2,
        5,
        1,
        10,
    )


def test_times_of_a_query_that_still_waits():
    found = timeline((QueryState.WAITING_FOR_RESOURCES, 1))
    assert (found.queued(7), found.planning(7), found.executing(7), found.elapsed(7)) == (7, None, None, 7)


def test_a_query_that_fails_in_planning_has_not_executed():
    found = timeline((QueryState.PLANNING, 1), (QueryState.FAILED, 4))
    assert (found.planning(9), found.executing(9)) == (3, None)
