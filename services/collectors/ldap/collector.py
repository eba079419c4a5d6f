"""Computers of a directory (Active Directory, or one like it): asked over LDAP, or from LDIF. Users are never read."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.collectors.base import Check, CollectorType, Run
from services.collectors.files import MIB, check_files, usable_files
from services.collectors.ldap.computer import ATTRIBUTES, NoComputer, to_draft
from services.collectors.ldap.files import read_entries
from services.collectors.ldap.live import Directory
from services.collectors.secret import SecretPlace

SUFFIXES = (".ldif", ".ldf")
Entry = Mapping[str, list[bytes]]


class LdapSettings(BaseModel):
    """Settings of the collector `ldap`: a server that is asked, or files."""

    model_config = ConfigDict(extra="forbid")

    paths: list[Path] = Field(default=[], description="LDIF files, or folders that are searched with all below them")
    max_bytes: int = Field(default=4096 * MIB, gt=0, description="larger files are not read, bytes")
    url: str = Field(
        default="", pattern=r"^(|ldaps?://[^/@\s]+/?)$", description="directory server, ldaps://HOST or ldap://HOST"
    )
    start_tls: bool = Field(default=True, description="whether ldap:// goes over to TLS before the password is sent")
    verify_tls: bool = Field(default=True, description="whether the server's certificate is verified")
    ca_file: Path | None = Field(default=None, description="certificates of the city's own authority, PEM")
    timeout: float = Field(default=30.0, gt=0, description="how long to wait for each answer, seconds")
    bind_dn: str = Field(default="", description="account that asks: its DN, or NAME@DOMAIN in Active Directory")
    password: SecretPlace = Field(default="", description="where its password is")
    base: str = Field(default="", description="where the search begins, DC=stadt,DC=example")
    filter: str = Field(default="(objectClass=computer)", description="LDAP filter of what is read")
    page_size: int = Field(default=500, ge=1, le=1000, description="entries in each answer")
    max_entries: int = Field(default=200_000, ge=1, description="more entries of one search are not read")

    @model_validator(mode="after")
    def _one_of(self) -> "LdapSettings":
        if not self.url and not self.paths:
            raise ValueError("name the directory server in url, or LDIF files in paths")
        if self.url and not self.base:
            raise ValueError("name in base where the search begins: DC=stadt,DC=example")
        if self.bind_dn and not self.password:
            raise ValueError("bind_dn needs a password: without one a server takes it for nobody")
        return self


def collect(settings: LdapSettings, run: Run) -> None:
    """Every computer of the files and of the directory becomes a record."""
    if settings.paths:
        for name, path in usable_files(settings, SUFFIXES, run.report):
            _emit_file(name, path, run)
    if settings.url:
        with Directory(settings) as directory:
            _emit_all(settings.url, directory.entries(ATTRIBUTES, run.report), run)


def _emit_file(name: str, path: Path, run: Run) -> None:
    try:
        with path.open("rb") as file:
            _emit_all(name, read_entries(file, name, run.report), run)
    except OSError as error:
        run.report.failed(name, f"cannot be read: {error.strerror or error}")
    except ValueError as error:
        run.report.failed(name, f"not readable as LDIF: {error}")


def _emit_all(name: str, entries: Iterator[tuple[str, str, Entry]], run: Run) -> None:
    """What is no computer is counted and never named: it may be a person."""
    others = 0
    for where, dn, entry in entries:
        run.report.seen()
        try:
            run.emit(to_draft(dn, entry))
        except NoComputer as error:
            if error.named:
                run.report.skipped(f"{name}, {where}", str(error))
            else:
                others += 1
        except ValueError as error:
            run.report.failed(f"{name}, {where}", f"not usable: {error}")
    if others:
        run.report.skipped(name, f"{others:,} entries are no computers and were not read")


def check(settings: LdapSettings) -> Iterator[Check]:
    """Connection, TLS, login, search base, and whether the attributes may be read."""
    if settings.paths:
        yield from check_files(settings, SUFFIXES)
    if settings.url:
        with Directory(settings) as directory:
            yield Check(f"{settings.url}: connection and login")
            yield from directory.check(ATTRIBUTES)


COLLECTOR = CollectorType("ldap", "computers of a directory (LDAP or LDIF)", LdapSettings, collect, 40, check)
