"""Switches, routers, printers, storage, servers: whatever answers to SNMP, asked live."""

import asyncio
import ipaddress
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from events.models import Draft
from services.collectors.base import Check, CollectorType, Run, SourceUnavailable
from services.collectors.parts import key_of
from services.collectors.secret import SecretPlace, read_secret
from services.collectors.snmp.device import to_draft
from services.collectors.snmp.live import NoAnswer, ask_all
from services.collectors.snmp.oids import NAME, Answers

SHORTEST = 8
"""Characters of a password of SNMPv3 (RFC 3414)."""


class SnmpSettings(BaseModel):
    """Settings of the collector `snmp`."""

    model_config = ConfigDict(extra="forbid")

    hosts: list[str] = Field(min_length=1, description="names, addresses, and networks (10.1.2.0/24)")
    port: int = Field(default=161, ge=1, le=65535, description="UDP port")
    version: Literal["2c", "3"] = Field(default="3", description="SNMP version")
    community: SecretPlace = Field(default="", description="version 2c: where the community is")
    user: str = Field(default="", description="version 3: the user")
    auth_password: SecretPlace = Field(default="", description="version 3: where the authentication password is")
    auth_protocol: Literal["SHA", "SHA224", "SHA256", "SHA384", "SHA512", "MD5"] = Field(
        default="SHA256", description="version 3: how is authenticated"
    )
    privacy_password: SecretPlace = Field(default="", description="version 3: where the privacy password is")
    privacy_protocol: Literal["AES", "AES192", "AES256", "DES"] = Field(
        default="AES", description="version 3: how is encrypted"
    )
    timeout: float = Field(default=3.0, gt=0, description="how long to wait for each answer, seconds")
    repeats: int = Field(default=1, ge=0, le=10, description="how often a question is asked again")
    max_seconds: float = Field(default=120.0, gt=0, description="how long one device may take, seconds")
    parallel: int = Field(default=32, ge=1, le=256, description="devices that are asked at once")
    max_hosts: int = Field(default=4096, ge=1, le=65536, description="more addresses than these are refused")
    software: bool = Field(default=False, description="whether installed programs are read (hrSWInstalled)")

    @field_validator("hosts")
    @classmethod
    def _known(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            if "/" in host:
                ipaddress.ip_network(host)
            elif not host.strip() or any(sign in host for sign in " @,;"):
                raise ValueError(f"{host!r} is no name, address or network")
        return hosts

    @model_validator(mode="after")
    def _whole(self) -> "SnmpSettings":
        if self.version == "2c" and not self.community:
            raise ValueError("version 2c needs community")
        if self.version == "3" and not self.user:
            raise ValueError('version 3 needs user; devices that know no more than communities need version = "2c"')
        if self.privacy_password and not self.auth_password:
            raise ValueError("privacy_password needs auth_password too")
        if (count := sum(_size(host) for host in self.hosts)) > self.max_hosts:
            raise ValueError(f"{count:,} addresses, more than the {self.max_hosts:,} that max_hosts allows")
        return self


def _size(host: str) -> int:
    return ipaddress.ip_network(host).num_addresses if "/" in host else 1


def collect(settings: SnmpSettings, run: Run) -> None:
    """Every device that answers becomes a record. An address of a network that keeps silent is no device."""
    made: dict[str, Draft | NoAnswer | ValueError] = {}

    def tell(host: str, answer: Answers | NoAnswer) -> None:
        made[host] = answer if isinstance(answer, NoAnswer) else _draft(answer, host, settings)

    addresses = _addresses(settings)
    asyncio.run(ask_all(settings, _secrets(settings), addresses, tell))
    told: dict[str, tuple[str, Draft]] = {}
    for host in addresses:  # in their order, not that of the answers: what is said must not change from run to run
        _emit(host, made[host], told, settings, run)


def _draft(answer: Answers, host: str, settings: SnmpSettings) -> Draft | ValueError:
    try:
        return to_draft(answer, host, software=settings.software)
    except ValueError as error:
        return error


def _emit(
    host: str, made: Draft | NoAnswer | ValueError, told: dict[str, tuple[str, Draft]], settings: SnmpSettings, run: Run
) -> None:
    """A device with several addresses is told of by the first."""
    if isinstance(made, NoAnswer) and made.silent and host not in settings.hosts:
        run.report.in_part = True  # nobody can tell whether a device is switched off there, or none ever was
        return
    run.report.seen()
    if isinstance(made, NoAnswer):
        run.report.failed(host, str(made))
    elif isinstance(made, ValueError):
        run.report.failed(host, f"not usable: {made}")
    else:
        _tell(host, made, told, run)


def _tell(host: str, made: Draft, told: dict[str, tuple[str, Draft]], run: Run) -> None:
    first = told.get(made.native_key)
    if first and _names(first[1]) == _names(made):
        run.report.skipped(host, f"the same device as {first[0]}")
        return
    if first:  # the members of a cluster may have one MAC: they are two devices
        made = made.model_copy(update={"native_key": key_of(host)})
    told[made.native_key] = host, made
    run.emit(made)


def _names(draft: Draft) -> tuple[object, ...]:
    """What a device says of itself at each of its addresses alike."""
    return tuple(draft.sections["core"].properties.get(name) for name in ("hostname", "serial"))


def _addresses(settings: SnmpSettings) -> list[str]:
    found = (
        [str(address) for address in ipaddress.ip_network(host).hosts()] if "/" in host else [host]
        for host in settings.hosts
    )
    return list(dict.fromkeys(address for part in found for address in part))


def _secrets(settings: SnmpSettings) -> Any:  # noqa: ANN401 - the library has no types
    """Raises SourceUnavailable where a secret cannot be read or is too short."""
    from pysnmp.hlapi.v3arch import asyncio as snmp  # noqa: PLC0415 - slow to import

    if settings.version == "2c":
        return snmp.CommunityData(_secret("community", settings.community), mpModel=1)  # noqa: S508 - version 3 is the default
    auth, privacy = (
        _secret("auth_password", settings.auth_password),
        _secret("privacy_password", settings.privacy_password),
    )
    for name, secret in (("auth_password", auth), ("privacy_password", privacy)):
        if secret and len(secret) < SHORTEST:
            raise SourceUnavailable(f"{name}: a password of SNMPv3 has {SHORTEST} characters or more")
    auths = {"SHA": snmp.USM_AUTH_HMAC96_SHA, "MD5": snmp.USM_AUTH_HMAC96_MD5}
    auths |= {
        f"SHA{n}": getattr(snmp, f"USM_AUTH_HMAC{m}_SHA{n}")
        for n, m in ((224, 128), (256, 192), (384, 256), (512, 384))
    }
    privacies = {"AES": snmp.USM_PRIV_CFB128_AES, "AES192": snmp.USM_PRIV_CFB192_AES}
    privacies |= {"AES256": snmp.USM_PRIV_CFB256_AES, "DES": snmp.USM_PRIV_CBC56_DES}
    return snmp.UsmUserData(
        settings.user,
        authKey=auth or None,
        privKey=privacy or None,
        authProtocol=auths[settings.auth_protocol] if auth else snmp.USM_AUTH_NONE,
        privProtocol=privacies[settings.privacy_protocol] if privacy else snmp.USM_PRIV_NONE,
    )


def _secret(name: str, place: str) -> str:
    """Raises SourceUnavailable where it cannot be read, or the library cannot send it."""
    secret = read_secret(place)
    try:
        secret.encode("latin-1")
    except UnicodeEncodeError:
        raise SourceUnavailable(f"{name}: it holds characters that SNMP does not know here; only Latin-1 is") from None
    return secret


def check(settings: SnmpSettings) -> Iterator[Check]:
    """Whether each device answers. Of a network: how many do."""
    found: list[tuple[str, Answers | NoAnswer]] = []
    asyncio.run(ask_all(settings, _secrets(settings), _addresses(settings), lambda *told: found.append(told)))
    for host, answer in sorted(found, key=lambda item: item[0]):
        if isinstance(answer, NoAnswer):
            if host in settings.hosts or not answer.silent:
                yield Check(host, str(answer))
        else:
            fault = "" if NAME in answer else "it does not show its name; its view must hold 1.3.6.1.2.1.1"
            yield Check(f"{host}: {len(answer):,} values", fault)
    if not any(not isinstance(answer, NoAnswer) for _, answer in found):
        yield Check(", ".join(settings.hosts), "no device answers")


COLLECTOR = CollectorType("snmp", "network devices and printers over SNMP", SnmpSettings, collect, 50, check)
