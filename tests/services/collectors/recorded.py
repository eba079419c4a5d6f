"""A real HTTP server on loopback that gives recorded answers, for collectors that ask over HTTP."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Refusal:
    """An answer with an error's status."""

    def __init__(self, status: int) -> None:
        self.status = status


class RecordedServer(ThreadingHTTPServer):
    """`answers`: by path, with its query where there is one; `asked`: (path, Authorization) of all requests."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = dict(answers)
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: RecordedServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        answers = self.server.answers
        answer = answers.get(self.path, answers.get(self.path.partition("?")[0], Refusal(404)))
        body = b"{}" if isinstance(answer, Refusal) else json.dumps(answer).encode()
        self.send_response(answer.status if isinstance(answer, Refusal) else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing to stderr."""


@contextmanager
def recorded(answers: Mapping[str, Any]) -> Iterator[RecordedServer]:
    """The server, until the test is done with it."""
    with RecordedServer(answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
