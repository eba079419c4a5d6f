"""Servers that are asked over HTTP: what they may do to us, and what is said of it."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.collectors import web
from services.collectors.base import SourceUnavailable
from services.collectors.web import WebSettings, connect
from tests.services.collectors.hostile import HEADERS, answering

SECRET = "sehr-geheim"


class Odd(BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    released = threading.Event()

    def do_GET(self):
        getattr(self, f"answer_{self.path.strip('/').partition('?')[0]}")()

    def answer_good(self):
        self._answer(b'{"a": 1}')

    def answer_broken(self):
        self._answer(b'{"a": ')

    def answer_refused(self):
        self._answer(b"", 403)

    def answer_elsewhere(self):
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.2:1/")
        self.end_headers()

    def answer_large(self):
        self._answer(b"x" * 3000)

    def answer_silent(self):
        self.released.wait(30)

    def answer_drip(self):
        self.send_response(200)
        self.end_headers()
        while not self.released.wait(0.01):
            self.wfile.write(b"x")

    def _answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def url():
    Odd.released.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Odd.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def asked(url, headers=None, **settings):
    with connect(WebSettings(url=url, **settings), headers) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "settings", "reason"),
    [
        ("/refused", {}, "HTTP 403: the account may not read this"),
        ("/elsewhere", {}, "HTTP 302"),
        ("/large", {"max_bytes": 2000}, "larger than the 2,000 bytes"),
        ("/silent", {"timeout": 0.2}, "no answer within 0.2 s"),
        ("/drip", {"timeout": 0.2}, "not complete after"),
        ("/broken", {}, "the answer is no JSON"),
        ("https://127.0.0.1:1/good", {}, "it refers to another server, https://127.0.0.1:1/good"),
        ("http://127.0.0.2:1/good", {}, "it refers to another server"),
    ],
)
def test_what_a_server_does_wrong_is_said_with_its_address_and_without_the_secret(
    url, monkeypatch, path, settings, reason
):
    monkeypatch.setattr(web, "WHOLE", 2)
    with asked(url, {"Authorization": SECRET}, **settings) as server, pytest.raises(SourceUnavailable) as told:
        server.json(path)

    assert reason in str(told.value)
    assert url in str(told.value) or "another server" in str(told.value)
    assert SECRET not in str(told.value) + str(told.value.__cause__)


def test_a_good_answer_is_read(url):
    with asked(url) as server:
        assert server.json("/good", page=1) == {"a": 1}


@pytest.mark.parametrize("secret", [f"{SECRET}\n", f"{SECRET}\x00", f"ü{SECRET}"])
def test_a_secret_that_no_header_can_hold_is_not_printed(url, secret):
    with (
        pytest.raises(SourceUnavailable, match="the secret for Authorization holds characters") as told,
        asked(url, {"Authorization": secret}),
    ):
        pass
    assert SECRET not in str(told.value)


def test_nobody_there_is_said(url):
    gone = url.rsplit(":", 1)[0] + ":1"
    with asked(gone) as server, pytest.raises(SourceUnavailable, match=r"127.0.0.1:1: .*refused"):
        server.get()


def test_headers_without_end_are_given_up(monkeypatch):
    monkeypatch.setattr(web, "WHOLE", 2)
    with (
        answering(HEADERS) as port,
        asked(f"http://127.0.0.1:{port}", timeout=0.2) as server,
        pytest.raises(SourceUnavailable, match="not complete after"),
    ):
        server.get()
