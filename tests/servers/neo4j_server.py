"""A real Neo4j 5.26 Community for the tests, on loopback."""

import urllib.request
from pathlib import Path

import neo4j

from tests.servers.process import JavaServer, fetch_jars, free_port

CONFIG = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{bolt}
server.http.listen_address=127.0.0.1:{http}
server.https.enabled=false
dbms.security.auth_enabled={authentication}
dbms.usage_report.enabled=false
server.memory.pagecache.size=128m
"""
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
BATCH = 10_000


class Neo4jServer(JavaServer):
    """Ready when `start` returns; `uri` and `http` are its addresses, also while it is down.

    With `password` it asks for it (the user is neo4j); `settings` are further lines of neo4j.conf.
    """

    name = "neo4j"

    def __init__(self, home: Path, *, password: str = "", settings: str = "") -> None:
        super().__init__(home)
        self._password, self._settings = password, settings
        self.bolt_port, self.http_port = free_port(), free_port()

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.bolt_port}"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def wipe(self) -> None:
        """Delete everything but the schema, so that the next test finds an empty graph."""
        with neo4j.GraphDatabase.driver(self.uri) as driver, driver.session(database="neo4j") as session:
            # CALL IN TRANSACTIONS wants a transaction of its own
            session.run(f"MATCH (n) CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF {BATCH} ROWS").consume()

    def prepare(self) -> None:
        config = self.home / "conf"
        config.mkdir(parents=True)
        places = {"bolt": self.bolt_port, "http": self.http_port}
        text = CONFIG.format(**places, authentication="true" if self._password else "false")
        (config / "neo4j.conf").write_text(text + self._settings)

    def start(self) -> None:
        fresh = self.process is None
        super().start()
        if fresh and self._password:
            self._set_password()

    def _set_password(self) -> None:
        """Neo4j begins with a password that must be changed before anything else."""
        first = neo4j.GraphDatabase.driver(self.uri, auth=("neo4j", "neo4j"))
        with first as driver, driver.session(database="system") as session:
            session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new", new=self._password).consume()

    def command(self) -> list[str]:
        opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED]
        options = ["-Xms256m", "-Xmx1g", *opened, "--enable-native-access=ALL-UNNAMED", "-Dlog4j2.disable.jmx=true"]
        entry = "org.neo4j.server.CommunityEntryPoint"
        places = [f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"]
        return ["java", *options, "-cp", str(fetch_jars("neo4j") / "*"), entry, *places, "--console-mode"]

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.http, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
