"""Settings of the collector `ssh`: which computers, as whom, and how it is made sure that they are the right ones."""

import re
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from services.collectors.files import MIB
from services.collectors.local import ComputerSettings
from services.collectors.secret import SecretPlace

_HOST = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<name>\[[0-9a-fA-F:%\w]+\]|[^:@\s\[\]]+)(?::(?P<port>\d{1,5}))?")


class Host(NamedTuple):
    """A computer that is asked. `said`: as the settings name it, without a login: the key of its record."""

    said: str
    name: str
    port: int
    user: str


class Login(NamedTuple):
    """The secrets of a login; "" where there is none."""

    password: str
    passphrase: str


class SshSettings(ComputerSettings):
    """Settings of the collector `ssh`."""

    hosts: list[str] = Field(min_length=1, description="computers: HOST, HOST:PORT or USER@HOST:PORT")
    user: str = Field(default="", description="login name where a host names none; that of this process where empty")
    port: int = Field(default=22, gt=0, lt=65_536, description="port where a host names none")
    key_file: Path | None = Field(default=None, description="private key to log in with")
    key_passphrase: SecretPlace = Field(default="", description="where the passphrase of the key is")
    password: SecretPlace = Field(default="", description="where the password is, if there is no key")
    agent: bool = Field(default=False, description="whether keys of this process's SSH agent are tried")
    known_hosts: list[Path] = Field(
        default=[Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts")],
        description="files with the computers' host keys, as ssh has them; those that are there are read",
    )
    verify_host_keys: bool = Field(default=True, description="whether a computer must have the host key that is known")
    sudo: bool = Field(default=False, description="whether what only root sees is asked for with `sudo -n`")
    timeout: float = Field(default=15.0, gt=0, description="how long to wait for a connection and a login, seconds")
    command_timeout: float = Field(default=60.0, gt=0, description="how long to wait for a command, seconds")
    parallel: int = Field(default=8, gt=0, le=100, description="computers that are asked at the same time")
    max_bytes: int = Field(default=50 * MIB, gt=0, description="more is not read of a file or command, bytes")

    @field_validator("hosts")
    @classmethod
    def _readable(cls, value: list[str]) -> list[str]:
        for said in value:
            found = _HOST.fullmatch(said)
            if [other.rpartition("@")[2] for other in value].count(said.rpartition("@")[2]) > 1:
                raise ValueError(f"{said.rpartition('@')[2]!r} is named twice")
            if not found or not 0 < int(found["port"] or 22) < 65_536:  # noqa: PLR2004 - ports end there
                raise ValueError(f"{said!r} is no computer: HOST, HOST:PORT or USER@HOST:PORT, IPv6 as [ADDRESS]:PORT")
        return value

    def computers(self) -> list[Host]:
        """The hosts, with port and user."""
        found = ((said, _HOST.fullmatch(said)) for said in self.hosts)
        return [
            Host(said.rpartition("@")[2], m["name"].strip("[]"), int(m["port"] or self.port), m["user"] or self.user)
            for said, m in found
            if m
        ]
