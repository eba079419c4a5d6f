"""Servers on loopback that never end, for collectors that must."""

import socket
import threading
import time
from contextlib import contextmanager, suppress


@contextmanager
def answering(talk):
    """The port of a server that says to each client what `talk` yields, after it was asked something."""
    ended = threading.Event()

    def serve(client):
        with client, suppress(OSError):
            client.recv(65_536)
            for part in talk():
                if ended.is_set():
                    return
                client.sendall(part)

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)


def drip(beginning, part=b"x", pause=0.02):
    """What begins as it should, and then goes on by and by for ever."""

    def talk():
        yield beginning
        while True:
            time.sleep(pause)
            yield part

    return talk


def flood(beginning, part):
    """What begins as it should, and then comes as fast as it can for ever."""

    def talk():
        yield beginning
        while True:
            yield part

    return talk


HEADERS = drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")
BODY = drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n", b" ")
