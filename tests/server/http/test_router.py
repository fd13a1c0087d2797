import pytest

from lodestar_server.http.router import Access, Route, Router, split_path


async def handler(exchange):
    raise AssertionError("not called")


def route(method, path):
    return Route(method, path, Access.PUBLIC, handler)


ROUTER = Router(
    [
        route("GET", "/"),
        route("POST", "/v1/statement"),
        route("HEAD", "/v1/statement"),
        route("GET", "/v1/statement/queued/{query}/{slug}/{token}"),
        route("DELETE", "/v1/statement/executing/partialCancel/{query}/{stage}/{slug}/{token}"),
        route("GET", "/v1/group/{path*}"),
        route("GET", "/v1/group"),
    ]
)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/", {}),
        ("/v1/statement", {}),
        ("/v1/statement/", {}),
        ("/v1/statement;a=b", {}),
        ("/v1/statement/queued/q/s/1", {"query": "q", "slug": "s", "token": "1"}),
        ("/v1/group/a/b/c", {"path": "a/b/c"}),
        ("/v1/group", {}),
    ],
)
def test_paths_that_are_there(path, parameters):
    assert ROUTER.find(split_path(path)).parameters == parameters


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/statement/x",
        "/v1/statement/queued/q/s",
        "/v1/statement/queued/q/s/1/2",
        "/v1/statement//",
        "/V1/statement",
    ],
)
def test_paths_that_are_not(path):
    assert ROUTER.find(split_path(path)) is None


def test_methods():
    match = ROUTER.find(["v1", "statement"])
    assert (match.allowed, match.options) == ("POST,HEAD,OPTIONS", "POST,HEAD,OPTIONS")
    match = ROUTER.find(["v1", "group"])
    assert (match.allowed, match.options) == ("GET,OPTIONS", "HEAD,GET,OPTIONS")
    assert match.route_for("HEAD") is match.route_for("GET")
    assert match.route_for("POST") is None


def test_a_route_without_a_class_cannot_be_made():
    with pytest.raises(TypeError, match="no access class"):
        Route("GET", "/x", None, handler)


def test_a_route_cannot_be_there_twice():
    with pytest.raises(ValueError, match="twice"):
        Router([route("GET", "/a/{b}"), route("GET", "/a/{b}")])


def test_every_route_of_the_server_has_a_class(served):
    routes = served.server.http.router.routes
    assert len(routes) > 40
    public = {(one.method, one.path) for one in routes if one.access is Access.PUBLIC}
    assert ("POST", "/v1/statement") not in public
    assert all(path.startswith(("/v1/info", "/v1/status", "/v1/statement/", "/ui", "/")) for _, path in public)
    assert {one.path for one in routes if one.access is Access.MANAGEMENT_WRITE} == {"/v1/info/state"}
