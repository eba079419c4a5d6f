"""VMware's simulator of a vCenter for the tests, built by `make tools` into `.cache/tools/bin`."""

import os
import ssl
from pathlib import Path

import pytest

from tests.servers.process import CACHE, JavaServer, free_port, listening

PROGRAM = CACHE.parent / "tools" / "bin" / "vcsim"
PASSWORD = "only-for-the-simulator"


def require_vcsim() -> None:
    """Skip the test where the caller chose an embedded-only run, else fail saying how to build it."""
    if PROGRAM.is_file():
        return
    if os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip("LANDKARTE_EMBEDDED_ONLY=1: vcsim is not built")
    pytest.fail("tests on a vCenter need vcsim: scripts/bring-vcsim builds it, or set LANDKARTE_EMBEDDED_ONLY=1")


class VcsimServer(JavaServer):
    """A vCenter with a datacentre, clusters of hosts and one host on its own, each with so many machines."""

    name = "vcsim"

    def __init__(self, home: Path, *, clusters: int, hosts: int, machines: int) -> None:
        super().__init__(home)
        self.port = free_port()
        self._counts = [f"-cluster={clusters}", f"-host={hosts}", f"-vm={machines}"]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def certificate(self) -> Path:
        """The certificate that it made for itself, as a file."""
        file = self.home / "vcsim.pem"
        file.write_text(ssl.get_server_certificate(("127.0.0.1", self.port)))
        return file

    def command(self) -> list[str]:
        listen = f"-l=127.0.0.1:{self.port}"
        return [str(PROGRAM), listen, "-dc=1", *self._counts, "-username=reader", f"-password={PASSWORD}"]

    def ready(self) -> bool:
        return listening(self.port)
