"""A real Kafka broker (KRaft, one node) for the tests."""

from pathlib import Path

from kafka.admin import KafkaAdminClient

from tests.servers.process import JavaServer, await_condition, fetch_jars, free_port, listening

CLUSTER = "AAAAAAAAAAAAAAAAAAAAAQ"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.backoff.ms=200
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
"""


class KafkaServer(JavaServer):
    """Ready when `start` returns; `bootstrap` is its address, also while it is down."""

    name = "kafka"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.port, self._controller = free_port(), free_port()
        self._properties = home / "server.properties"

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def wipe(self) -> None:
        """Delete all topics, so that the next test finds a new broker."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            if topics := admin.list_topics():
                admin.delete_topics(topics)
            await_condition(lambda: not admin.list_topics(), seconds=30, what="the topics to be gone")
        finally:
            admin.close()

    def prepare(self) -> None:
        text = PROPERTIES.format(port=self.port, controller=self._controller, data=self.home / "data")
        self._properties.write_text(text)
        config = str(self._properties)
        self.run_tool(
            [*self._java("128m"), "kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER, "-c", config]
        )

    def command(self) -> list[str]:
        return [*self._java("512m"), "kafka.Kafka", str(self._properties)]

    def ready(self) -> bool:
        return listening(self.port)

    def _java(self, heap: str) -> list[str]:
        return ["java", f"-Xmx{heap}", "-cp", str(fetch_jars("kafka") / "*")]
