from lodestar.cli.shell.names import ServerNames
from lodestar.errors import OperationalError
from lodestar.session import ClientSession


class Server:
    """Answers SHOW from a table and counts."""

    def __init__(self):
        self.session = ClientSession(user="ann")
        self.asked = []
        self.answers = {"SHOW CATALOGS": [["a"], ["b"]], 'SHOW SCHEMAS FROM "a""b"': [["s"]]}

    def fetch(self, text):
        self.asked.append(text)
        if text not in self.answers:
            raise OperationalError("gone")
        return self.answers[text]


def test_names_are_asked_for_once():
    server = Server()
    names = ServerNames(server)
    assert (names.catalogs(), names.catalogs()) == (("a", "b"), ("a", "b"))
    assert server.asked == ["SHOW CATALOGS"]


def test_names_are_quoted():
    assert ServerNames(Server()).schemas('a"b') == ("s",)


def test_what_cannot_be_had_is_empty():
    assert ServerNames(Server()).tables("a", "b") == ()


def test_old_names_are_asked_for_again():
    server, now = Server(), [0.0]
    names = ServerNames(server, lambda: now[0])
    names.catalogs()
    now[0] = 119.0
    names.catalogs()
    assert len(server.asked) == 1
    now[0] = 120.0
    names.catalogs()
    assert len(server.asked) == 2


def test_forgotten_names_are_asked_for_again():
    server = Server()
    names = ServerNames(server)
    names.catalogs()
    names.forget()
    names.catalogs()
    assert len(server.asked) == 2


def test_nothing_is_asked_inside_a_transaction():
    server = Server()
    server.session = ClientSession(user="ann", transaction_id="t")
    assert ServerNames(server).catalogs() == ()
    assert server.asked == []
