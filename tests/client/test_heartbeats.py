from contextlib import closing

import lodestar
from tests.fakes.documents import NEXT, column, page
from tests.fakes.scripted_http import RawServer, answer, document


def heads(server):
    return [seen.target for seen in server.seen if seen.method == "HEAD"]


def unfinished(status):
    """A server whose query always has a page more; it answers HEAD with `status`."""

    def handle(seen):
        if seen.method == "HEAD":
            return answer(status)
        if seen.method == "DELETE":
            return answer(204)
        uri = NEXT.replace("http://server:8080", f"http://{seen.header('host')}")
        if seen.method == "POST":
            return document(page(next_uri=uri, state="QUEUED"))
        return document(page(next_uri=uri, columns=[column("a", "integer")], data=[[1]]))

    return RawServer(handle)


def test_a_query_left_alone_is_asked_for():
    with closing(unfinished(200)) as server, lodestar.connect(server.url, user="a", heartbeat=1000) as connection:
        cursor = connection.cursor().execute("SELECT 1")
        beats = connection._heartbeats
        now = cursor.last_contact
        assert beats.beat(now + 999)
        assert heads(server) == []
        assert beats.beat(now + 1001)
        assert heads(server) == [NEXT.removeprefix("http://server:8080")]
        # It was asked for just now.
        assert beats.beat(cursor.last_contact + 999)
        assert len(heads(server)) == 1
        cursor.close()
        assert not beats.beat(now + 5000)
        assert len(heads(server)) == 1


def test_a_server_that_knows_no_heartbeats_is_not_asked_again():
    with closing(unfinished(405)) as server, lodestar.connect(server.url, user="a", heartbeat=1000) as connection:
        cursor = connection.cursor().execute("SELECT 1")
        assert connection._heartbeats.beat(cursor.last_contact + 1001)
        assert not connection._heartbeats.beat(cursor.last_contact + 1001)
        assert len(heads(server)) == 1
