"""Sources that are pushed to, `agents` and `http`: nothing is fetched, the API takes what comes (`services.intake`)."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from services.collectors.base import Check, CollectorType, Run, SourceUnavailable
from services.collectors.files import MIB
from services.collectors.secret import SecretPlace, read_secret

PUSHED = frozenset({"agents", "http"})
"""The types of these sources."""


class PushedSettings(BaseModel):
    """Settings of a source that is pushed to."""

    model_config = ConfigDict(extra="forbid")

    max_bytes: int = Field(default=16 * MIB, gt=0, description="larger bodies are refused, bytes")
    per_minute: int = Field(default=600, gt=0, description="requests a minute that one address may make")
    user: str = Field(default="", description="who pushes must name this user (HTTP Basic); empty: nobody is asked")
    password: SecretPlace = Field(default="", description="where the password of `user` is, env:NAME or file:PATH")


class AgentSettings(PushedSettings):
    """Settings of a source of the type `agents`."""

    max_unpacked_bytes: int = Field(
        default=64 * MIB, gt=0, description="inventories that are larger unpacked are refused"
    )
    every_hours: int = Field(default=24, gt=0, description="how often agents are told to report, hours")


def collect(_settings: PushedSettings, _run: Run) -> None:
    """Raises SourceUnavailable: there is nothing to fetch."""
    raise SourceUnavailable("this source is pushed to: run `landkarte serve`, and give it no schedule")


def check(settings: PushedSettings) -> Iterator[Check]:
    """Whether the password can be read."""
    if settings.user:
        read_secret(settings.password)
        yield Check("password", "" if settings.password else "there is a user, but no password")
    yield Check("pushed to `landkarte serve`; see `landkarte status` for when it was last heard of")


AGENTS = CollectorType(
    "agents", "GLPI, FusionInventory and OCS agents that report to the API", AgentSettings, collect, 60, check
)
HTTP = CollectorType("http", "records that anybody pushes to the API", PushedSettings, collect, 50, check)
