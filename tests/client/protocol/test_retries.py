import pytest

from lodestar.protocol.retries import RetryPolicy

POLICY = RetryPolicy(max_attempts=5, give_up_after=10.0, first_delay=1.0, longest_delay=4.0, jitter=lambda: 1.0)


def delay(attempt=1, failing_for=0.0, repeatable=True, sent=True, status=None, retry_after=None):
    return POLICY.delay(
        attempt=attempt,
        failing_for=failing_for,
        repeatable=repeatable,
        sent=sent,
        status=status,
        retry_after=retry_after,
    )


@pytest.mark.parametrize(
    ("status", "sent", "get", "post"),
    [
        (None, True, True, False),  # a lost answer: a statement may have been taken
        (None, False, True, True),  # no connection at all
        (503, True, True, True),  # "not now" is said before anything is taken
        (429, True, True, True),
        (502, True, True, False),
        (504, True, True, False),
        (500, True, False, False),
        (404, True, False, False),
        (410, True, False, False),
        (401, True, False, False),
    ],
)
def test_by_verb_and_status(status, sent, get, post):
    assert (delay(status=status, sent=sent) is not None) is get
    assert (delay(status=status, sent=sent, repeatable=False) is not None) is post


def test_delays_grow_to_a_limit_and_end():
    assert [delay(attempt=attempt) for attempt in (1, 2, 3, 4, 5)] == [1.0, 2.0, 4.0, 4.0, None]
    assert delay(failing_for=9.5) is None


def test_the_server_may_ask_for_more_time():
    assert delay(status=429, retry_after=3.0) == 3.0
    assert delay(status=429, retry_after=60.0) is None


def test_jitter_is_at_most_half():
    policy = RetryPolicy(first_delay=1.0, jitter=lambda: 0.0)
    assert policy.delay(attempt=1, failing_for=0, repeatable=True, sent=True, status=None) == 0.5
