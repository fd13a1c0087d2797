import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def cookie(served):
    answer = served.send("POST", "/ui/login", FORM, "username=admin&password=&redirectPath=")
    return {"Cookie": answer.header("Set-Cookie").split(";")[0]}


def test_login(served):
    answer = served.send("POST", "/ui/login", FORM, "username=admin&password=&redirectPath=%2Fui%2Fquery.html%3Fx")
    assert (answer.status, answer.header("Location")) == (303, f"{served.url}/ui/query.html?x")
    set_cookie = answer.header("Set-Cookie")
    assert set_cookie.startswith("Trino-UI-Token=")
    assert {"Path=/ui", "HttpOnly", "SameSite=Strict"} <= set(set_cookie.split(";"))


def test_login_with_our_address_before_the_place(served):
    body = f"username=admin&password=&redirectPath={served.url}/ui/api/query/x"
    assert served.send("POST", "/ui/login", FORM, body).header("Location") == f"{served.url}/ui/api/query/x"


@pytest.mark.parametrize("body", ["username=admin&password=x", "password=", "username=&password=", "", "%ff=%zz"])
def test_login_refused(served, body):
    answer = served.send("POST", "/ui/login", FORM, body)
    assert (answer.status, answer.header("Set-Cookie")) == (303, None)
    assert answer.header("Location").endswith("/ui/login.html")


@pytest.mark.parametrize(
    "place", ["http%3A%2F%2Fevil", "%2F%2Fevil.com%2F", "javascript%3Aalert(1)", "%2Fui%0d%0aX-A%3A%20b"]
)
def test_login_leads_to_no_other_place(served, place):
    answer = served.send("POST", "/ui/login", FORM, f"username=admin&password=&redirectPath={place}")
    assert answer.header("Location") == served.url
    assert answer.header("X-A") is None


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/", "/ui/"),
        ("/ui", "/ui/"),
        ("/ui/", "/ui/login.html"),
        ("/ui/query.html?x", "/ui/login.html?/ui/query.html?x"),
        ("/ui/nope", "/ui/login.html?/ui/nope"),
        ("/ui/login", "/ui/login.html?/ui/login"),
    ],
)
def test_strangers_are_sent_to_the_login(served, target, location):
    answer = served.send("GET", target, served.user)
    assert (answer.status, answer.header("Location")) == (303, served.url + location)


@pytest.mark.parametrize("target", ["stats", "cluster", "query", "worker", "nope", "worker/node-1/status"])
@pytest.mark.parametrize("headers", [{}, {"X-Trino-User": "alice"}, {"Cookie": "Trino-UI-Token=abc"}])
def test_documents_need_a_login(served, target, headers):
    answer = served.send("GET", f"/ui/api/{target}", headers)
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, "Trino-Form-Login")


def test_a_login_is_no_identity_for_the_api(served, cookie):
    assert served.send("GET", "/v1/query", cookie).status == 401


@pytest.mark.parametrize("target", ["/ui/", "/ui/query.html?x", "/ui/index.html"])
def test_pages(served, cookie, target):
    answer = served.send("GET", target, cookie)
    assert (answer.status, answer.header("Content-Type")) == (200, "text/html")
    assert "default-src 'self'" in answer.header("Content-Security-Policy")
    assert served.send("GET", "/ui/login.html", cookie).header("Location") == f"{served.url}/ui/"


def test_assets_are_public(served):
    assert served.send("GET", "/ui/assets/lodestar.js").header("Content-Type") == "text/javascript"
    assert served.send("GET", "/ui/assets/nope.js").status == 404
    assert served.send("GET", "/ui/login.html").status == 200


def test_stats_count(served, cookie):
    uri = served.executing("SELECT SLOW")
    assert served.send("GET", "/ui/api/stats", cookie).json["runningQueries"] >= 1
    listed = served.send("GET", "/ui/api/query?state=RUNNING", cookie)
    assert listed.header("Cache-Control") == "no-cache, no-store, max-age=0"
    query_id = uri.split("/")[-3]
    assert query_id in [entry["queryId"] for entry in listed.json]
    assert served.send("PUT", f"/ui/api/query/{query_id}/killed", cookie, "enough").status == 202
    assert served.send("PUT", f"/ui/api/query/{query_id}/killed", cookie, "enough").status == 409
    assert served.get(uri).json["error"]["message"] == "Query killed. Message: enough"


def test_workers(served, cookie):
    assert served.send("GET", "/ui/api/worker", cookie).json[0]["nodeId"] == "node-1"
    assert served.send("GET", "/ui/api/worker/node-1/status", cookie).json["coordinator"] is True
    assert served.send("GET", "/ui/api/worker/nope/status", cookie).status == 404


def test_logout(served, cookie):
    answer = served.send("GET", "/ui/logout", cookie)
    assert "Max-Age=0" in answer.header("Set-Cookie")


def test_a_ui_that_is_switched_off(start_server):
    without = start_server(**{"web-ui_enabled": "false"})
    assert without.send("GET", "/ui/").status == 404
    assert without.post("SELECT 1").status == 200
    without.stop()
