"""Computers over SSH: a real sshd of this computer, with keys of its own, and what goes wrong."""

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress

import paramiko
import pytest
from pydantic import ValidationError

from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from services.collectors.computer import Facts
from services.collectors.machine import CommandFailed
from services.collectors.ssh import collector as ssh
from services.collectors.ssh.machine import SshMachine, login
from services.collectors.ssh.settings import Login, SshSettings
from tests.servers.process import await_condition, free_port, listening
from tests.services.collectors.checks import collected, reasons

pytestmark = pytest.mark.agents
PASSPHRASE = "not-a-word-of-any-list"


def key(path, passphrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)
    return path


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    """A server of the current user: its port, its host key and the keys that it lets in."""
    if shutil.which("sshd", path="/usr/sbin:/usr/bin") is None:
        if os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
            pytest.skip("sshd is not installed")
        pytest.fail("this test needs the Debian package openssh-server, or LANDKARTE_EMBEDDED_ONLY=1 to run without")
    home = tmp_path_factory.mktemp("sshd")
    server = Server(home)
    server.start()
    yield server
    server.stop()


class Server:
    def __init__(self, home):
        self.home, self.port = home, free_port()
        self.host_key, self.key = key(home / "host"), key(home / "key")
        self.locked = key(home / "locked", PASSPHRASE)
        keys = [(home / f"{name}.pub").read_text() for name in ("key", "locked")]
        (home / "authorized").write_text("".join(keys))
        (home / "known").write_text(f"[127.0.0.1]:{self.port} {(home / 'host.pub').read_text()}")

    def start(self):
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # noqa: PTH103 - sshd insists on it
        options = {
            "AuthorizedKeysFile": self.home / "authorized",
            "ListenAddress": "127.0.0.1",
            "PasswordAuthentication": "no",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
        with (self.home / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sshd, "-D", "-e", "-f", "/dev/null", "-p", str(self.port), "-h", self.host_key, *words], stderr=log
            )
        await_condition(lambda: listening(self.port), seconds=20, what=f"sshd to listen: {self.home / 'log'}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def settings(self, **changed):
        return {
            "hosts": [self.login],
            "key_file": str(self.key),
            "known_hosts": [str(self.home / "known")],
            **changed,
        }

    @property
    def login(self):
        return f"{getpass.getuser()}@{self.host}"

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"


def steady(draft):
    """What does not change from one second to the next on a computer where tests run."""
    return {name: section for name, section in draft.sections.items() if name != "connections"}


def test_a_computer_says_over_ssh_what_it_says_itself(sshd):
    (here, *_), _ = collected("local")
    (there, *_), report = collected("ssh", **sshd.settings())

    assert report.counts == {"seen": 1}
    assert there.native_key == sshd.host
    assert there.kind == here.kind
    assert steady(there) == steady(here)
    assert len(there.sections["software"].relations) > 50


def test_its_sockets_are_read_over_ssh(sshd):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port_below_the_lent_ones()))
        listener.listen()
        (there, *_), _ = collected("ssh", **sshd.settings())

        listening_ports = there.sections["connections"].properties["listening"].split(", ")
        assert str(listener.getsockname()[1]) in {port.split(" ")[0] for port in listening_ports}


def free_port_below_the_lent_ones():
    """Ports above are told as dynamic, that is not at all."""
    for port in range(20_000, 32_000):
        if not listening(port):
            return port
    raise AssertionError


def test_a_host_that_fails_is_named_and_the_others_go_on(sshd):
    nobody = free_port()

    drafts, report = collected("ssh", **sshd.settings(hosts=[f"127.0.0.1:{nobody}", sshd.login]))
    assert [draft.native_key for draft in drafts if draft.kind != "DatabaseInstance"] == [sshd.host]
    assert (report.counts["seen"], report.counts["failed"]) == (2, 1)
    assert reasons(report) == {
        f"127.0.0.1:{nobody}": f"127.0.0.1 port {nobody}: Connection refused; is its SSH server there?"
    }


def test_a_computer_whose_host_key_is_not_known_is_refused(sshd, tmp_path):
    drafts, report = collected("ssh", **sshd.settings(known_hosts=[str(tmp_path / "none")]))

    assert drafts == []
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1" in reasons(report)[sshd.host]
    assert "not known" in reasons(report)[sshd.host]


def test_a_computer_with_another_host_key_is_refused(sshd, tmp_path):
    key(tmp_path / "other")
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sshd.port} {(tmp_path / 'other.pub').read_text()}")

    drafts, report = collected("ssh", **sshd.settings(known_hosts=[str(tmp_path / "known")]))
    assert drafts == []
    assert "another host key than the known one" in reasons(report)[sshd.host]


def test_host_keys_are_only_trusted_blindly_where_the_settings_say_so(sshd, tmp_path):
    known = tmp_path / "known"
    known.touch()

    _, report = collected("ssh", **sshd.settings(known_hosts=[str(known)], verify_host_keys=False))
    assert report.counts == {"seen": 1}
    assert known.read_text() == ""


def test_a_login_that_is_not_accepted_is_told_with_what_to_do(sshd, tmp_path):
    _, report = collected("ssh", **sshd.settings(key_file=str(key(tmp_path / "stranger"))))

    assert "authorized_keys" in reasons(report)[sshd.host]


def test_a_key_with_a_passphrase_is_opened_and_the_passphrase_is_never_told(sshd, tmp_path):
    place = tmp_path / "passphrase"
    place.write_text(PASSPHRASE)
    locked = sshd.settings(key_file=str(sshd.locked))

    _, report = collected("ssh", **locked, key_passphrase=f"file:{place}")
    assert report.counts == {"seen": 1}
    _, refused = collected("ssh", **locked)
    assert "key_passphrase" in reasons(refused)[sshd.host]
    place.write_text(f"{PASSPHRASE}-wrong")
    _, wrong = collected("ssh", **locked, key_passphrase=f"file:{place}")
    assert wrong.counts["failed"] == 1
    assert PASSPHRASE not in str(reasons(wrong))


def test_a_key_that_is_not_there_ends_the_run(sshd, tmp_path):
    with pytest.raises(SourceUnavailable, match=r"key_file .*none cannot be read"):
        collected("ssh", **sshd.settings(key_file=str(tmp_path / "none")))


def test_no_login_is_taken_for_a_name():
    settings = SshSettings(hosts=["erika@srv-1:2222"])

    assert [host.said for host in settings.computers()] == ["srv-1:2222"]
    with pytest.raises(ValidationError, match="'srv-1' is named twice"):
        SshSettings(hosts=["erika@srv-1", "root@srv-1"])


@pytest.mark.parametrize(("parallel", "together"), [(3, 3), (1, 1)])
def test_so_many_computers_are_asked_at_the_same_time_as_the_settings_say(monkeypatch, parallel, together):
    lock, now, most = threading.Lock(), [0], [0]
    all_in = threading.Barrier(together)

    def read(_host, _settings, _secrets):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        all_in.wait(timeout=20)
        with lock:
            now[0] -= 1
        return Facts(hostname="x")

    monkeypatch.setattr(ssh, "read", read)
    drafts, _ = collected("ssh", hosts=["a", "b", "c"], parallel=parallel)
    assert [draft.native_key for draft in drafts] == ["a", "b", "c"]
    assert most == [together]


def test_a_password_in_the_settings_is_refused():
    with pytest.raises(ValidationError, match="say where the secret is"):
        SshSettings(hosts=["srv-1"], password="geheim")


@pytest.mark.parametrize("host", ["", "a b", "srv-1:99999", "srv-1:x", "[::1"])
def test_what_names_no_computer_is_refused(host):
    with pytest.raises(ValidationError, match="is no computer"):
        SshSettings(hosts=[host])


def test_hosts_are_read_with_user_and_port():
    settings = SshSettings(hosts=["srv-1", "root@srv-2:2222", "[2001:db8::1]:22"], user="landkarte")

    assert [host[1:] for host in settings.computers()] == [
        ("srv-1", 22, "landkarte"),
        ("srv-2", 2222, "root"),
        ("2001:db8::1", 22, "landkarte"),
    ]


def test_a_host_that_does_not_answer_is_given_up():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        _, report = collected("ssh", hosts=[host], timeout=0.5, known_hosts=[])

    assert report.counts == {"seen": 1, "failed": 1}
    assert reasons(report)[host]


def test_commands_end_in_time_and_write_no_more_than_is_read(sshd):
    limited = SshSettings.model_validate(sshd.settings(command_timeout=0.5, max_bytes=1000))
    with login(limited.computers()[0], limited, Login("", "")) as client:
        machine = SshMachine(client, limited)

        with pytest.raises(CommandFailed, match=r"not done within 0\.5 s"):
            machine.run(("sleep", "30"))
        with pytest.raises(CommandFailed, match="more than the 1,000 bytes"):
            machine.run(("seq", "10000"))
        with pytest.raises(CommandFailed, match="ended with code -1"):
            machine.run(("sh", "-c", "kill -KILL $$"))
        with pytest.raises(CommandFailed, match="not installed"):
            machine.run(("no-such-command",))
        with pytest.raises(CommandFailed, match="ended with code 2"):
            machine.run(("ls", "/no such folder; id"))
        assert machine.read("/no/such/file") == ""


def test_only_what_root_alone_sees_is_asked_for_with_sudo(sshd):
    asked = []
    with_sudo = SshSettings.model_validate(sshd.settings(sudo=True))
    with login(with_sudo.computers()[0], with_sudo, Login("", "")) as client:
        machine = SshMachine(client, with_sudo)
        execute = machine._execute
        machine._execute = lambda command: asked.append(command) or execute(command)
        machine.read("/sys/class/dmi/id/product_serial")
        machine.read("/etc/os-release")
        sockets = machine.run(("ss", "-tunap"))

    assert {command for command in asked if command[0] == "sudo"} == {
        ("sudo", "-n", "cat", "/sys/class/dmi/id/product_serial"),
        ("sudo", "-n", "ss", "-tunap"),
    }
    assert "LISTEN" in sockets  # without sudo here, it is asked for as it can be


def test_check_tells_login_and_rights(sshd):
    nobody = f"127.0.0.1:{free_port()}"
    settings = SshSettings.model_validate(sshd.settings(hosts=[sshd.login, nobody]))

    faults = {item.what: item.fault for item in COLLECTORS["ssh"].check(settings)}
    assert faults[f"{sshd.host}: login and commands"] == ""
    assert faults[f"{nobody}: login and commands"]


def test_what_is_no_linux_is_told(sshd, monkeypatch):
    monkeypatch.setattr(SshMachine, "run", lambda _machine, _command: "VMkernel")

    _, report = collected("ssh", **sshd.settings())
    assert "only Linux is read" in reasons(report)[sshd.host]


def test_a_lost_connection_fails_its_host(sshd, monkeypatch):
    def lost(_client, *_words, **_more):
        raise paramiko.SSHException("Session is not active")

    monkeypatch.setattr(paramiko.SSHClient, "exec_command", lost)
    _, report = collected("ssh", **sshd.settings())
    assert "the connection was lost" in reasons(report)[sshd.host]


class Endless(paramiko.ServerInterface):
    """Lets anybody in, and then does what `mode` says."""

    def __init__(self, mode):
        self.mode, self.kept = mode, []

    def check_auth_password(self, _user, _password):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, _kind, _number):
        if self.mode == "no channel":
            threading.Event().wait(5)
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, _command):
        if self.mode == "no start":
            threading.Event().wait(5)
        self.kept.append(channel)
        threading.Thread(target=self.answer, args=(channel,), daemon=True).start()
        return True

    def answer(self, channel):
        with suppress(OSError, EOFError):
            if self.mode == "no end":
                channel.sendall(b"Linux")
                channel.shutdown_write()
            while self.mode == "errors":
                channel.sendall_stderr(b"x" * 1000)
            while self.mode == "output":
                channel.sendall(b"x" * 1000)


@pytest.mark.parametrize("mode", ["no channel", "no start", "no end", "errors", "output"])
def test_a_server_that_never_ends_a_command_is_given_up(tmp_path, monkeypatch, mode):
    monkeypatch.setenv("SSH_PASSWORD", "x")
    host_key = paramiko.Ed25519Key.from_private_key_file(str(key(tmp_path / "host")))
    transports = []

    def serve(listener):
        with suppress(OSError):
            transport = paramiko.Transport(listener.accept()[0])
            transport.add_server_key(host_key)
            transports.append(transport)
            transport.start_server(server=Endless(mode))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        host, began = f"127.0.0.1:{listener.getsockname()[1]}", time.monotonic()
        limits = {"command_timeout": 0.5, "timeout": 3, "max_bytes": 100_000}
        _, report = collected("ssh", hosts=[f"x@{host}"], password="env:SSH_PASSWORD", verify_host_keys=False, **limits)
    for transport in transports:
        transport.close()

    assert reasons(report)[host]
    assert time.monotonic() - began < 4
