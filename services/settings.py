"""Settings: `landkarte.toml` and `LANDKARTE_*` variables, the variables first. Errors are one line each."""

import difflib
import os
import tomllib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from events.models import CURATION, Rank, SourceName
from events.runs import MAX_SHRINK
from graph.metamodel import ASSETS, GROUPS
from inventory.decisions import MATCHING
from inventory.quality import Expected
from services.collectors import COLLECTORS, BrokenCollector
from services.collectors.base import nobody
from services.collectors.persons import SHORTEST_KEY, hashed
from services.collectors.secret import SecretPlace, read_secret
from services.protecting_settings import Protecting
from services.support import Support
from services.times import parse_age, parse_schedule

DEFAULT_FILE = Path("landkarte.toml")
_SCHEMES = {"log": ("sqlite", "kafka"), "graph": ("sqlite", "neo4j")}


class ConfigurationError(Exception):
    """The configuration is wrong; the text, one line, says which key, what is wrong and what is allowed."""


class SourceSettings(BaseModel):
    """One `[[sources]]` entry; what is not named here belongs to the type of the source."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="the collector's type")
    name: SourceName = Field(description="the source's name, in every record it says")
    schedule: str = Field(default="", description='when to collect: cron ("15 2 * * *", UTC) or "every 6 hours"')
    rank: int | None = Field(default=None, ge=0, le=100, description="trust; the higher wins; the type's where empty")
    ranks: dict[str, Rank] = Field(default={}, description="trust in groups of properties, where it is another")
    complete: bool = Field(default=True, description="whether a run sees everything, so that what it misses is retired")
    max_shrink: float = Field(
        default=MAX_SHRINK, ge=0, le=1, description="a run that loses a larger share waits for `landkarte agree`"
    )
    retire_after: str = Field(
        default="", description='take back what the source has not seen for so long, "30 days"; empty: never'
    )
    authoritative: frozenset[str] = Field(
        default=frozenset(), description="kinds of which it should list every asset; coverage is measured against it"
    )
    timeout_seconds: float = Field(
        default=7200, gt=0, description="a scheduled run that collects for longer is ended, and has failed"
    )
    retries: int = Field(default=2, ge=0, le=10, description="how often a scheduled run that failed is tried again")
    retry_seconds: float = Field(default=60, gt=0, description="how long to wait before that; each time twice as long")
    memory_mib: int = Field(default=1024, ge=256, description="memory that a scheduled run may use, MiB")
    persons: Literal["drop", "hash"] = Field(
        default="drop",
        description="what becomes of users that are reported: dropped, or kept as hashes with person_key",
    )
    silent_after_days: int = Field(default=14, gt=0, description="after so many days without a word it is a finding")

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        if value not in COLLECTORS:
            raise ValueError(f"{value!r} is no type of source; known are {', '.join(sorted(COLLECTORS))}")
        return value

    @field_validator("name")
    @classmethod
    def _own_name(cls, value: str) -> str:
        if value in {CURATION, MATCHING}:
            raise ValueError(f"{value!r} is the source of what persons correct; give it another name")
        return value

    @field_validator("ranks")
    @classmethod
    def _known_groups(cls, value: dict[str, int]) -> dict[str, int]:
        if wrong := value.keys() - GROUPS:
            raise ValueError(f"{min(wrong)!r} is no group of properties; known are {', '.join(sorted(GROUPS))}")
        return value

    @field_validator("authoritative")
    @classmethod
    def _known_kinds(cls, value: frozenset[str]) -> frozenset[str]:
        if wrong := value - ASSETS:
            raise ValueError(f"{min(wrong)!r} is no kind; known are {', '.join(sorted(ASSETS))}")
        return value

    @field_validator("schedule")
    @classmethod
    def _readable_schedule(cls, value: str) -> str:
        if value:
            parse_schedule(value)
        return value

    @field_validator("retire_after")
    @classmethod
    def _readable_age(cls, value: str) -> str:
        if value:
            parse_age(value)
        return value

    @model_validator(mode="after")
    def _own_settings(self) -> Self:
        with suppress(BrokenCollector):  # it stops who uses the source, and not what has nothing to do with it
            self.own()
        return self

    def own(self) -> BaseModel:
        """The settings of the collector's own, checked by it. Raises BrokenCollector."""
        return COLLECTORS[self.type].settings.model_validate(self.model_extra or {})

    def retired_before(self, now: datetime) -> datetime | None:
        """What was last seen before that moment is taken back; None: nothing ever is."""
        return now - parse_age(self.retire_after) if self.retire_after else None

    def trust(self) -> int:
        return COLLECTORS[self.type].rank if self.rank is None else self.rank


class Settings(BaseSettings):
    """All settings. Secrets come from the environment or a file, and are never printed."""

    model_config = SettingsConfigDict(env_prefix="LANDKARTE_", extra="forbid", validate_default=True)

    log: str = Field(default="sqlite:///var/log.db", description="sqlite:///FILE or kafka://HOST:PORT[,HOST:PORT]")
    graph: str = Field(default="sqlite:///var/graph.db", description="sqlite:///FILE or neo4j://HOST:PORT")
    graph_user: str = Field(default="neo4j", description="user at Neo4j; without a password none is sent")
    graph_password: SecretStr | None = Field(default=None, description="password at Neo4j")
    graph_password_file: Path | None = Field(default=None, description="file that holds the password at Neo4j")
    person_key: SecretPlace = Field(
        default="", description="where the key of hashed persons is, env:NAME or file:PATH; at least 16 characters"
    )
    data_dir: Path = Field(default=Path("var"), description="where outboxes and the log of errors are kept")
    batch_bytes: int = Field(default=4 * 1024 * 1024, gt=0, description="how much the inventory applies at once, bytes")
    publish_changes: bool = Field(default=True, description="whether the graph's changes go to the topic of changes")
    journal_days: int = Field(default=0, ge=0, description="how long the past is kept, days; 0: for ever")
    runs_at_once: int = Field(default=4, ge=1, description="how many scheduled runs collect at the same time")
    host: str = Field(default="127.0.0.1", description="address the API listens on")
    port: int = Field(default=8421, ge=1, le=65535, description="port the API listens on")
    support: Support = Field(default=Support(), description="what counts as past its support, `[support]`")
    protection: Protecting = Field(
        default=Protecting(), description="how protection needs are worked out, `[protection]`"
    )
    sources: list[SourceSettings] = Field(default=[], description="what is collected, `[[sources]]` each")

    @field_validator("log", "graph")
    @classmethod
    def _known_address(cls, value: str, info: Any) -> str:  # noqa: ANN401 - pydantic's ValidationInfo is generic
        return check_address(info.field_name, value)

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"sources: the name {twice[0]!r} is used twice; each source needs its own")
        if len([source for source in self.sources if source.type == "agents"]) > 1:
            raise ValueError("sources: agents report at one place, so that only one source may have the type agents")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def source(self, name: str) -> SourceSettings:
        """Raises ConfigurationError for a name that is not configured."""
        found = next((source for source in self.sources if source.name == name), None)
        if found is None:
            known = ", ".join(source.name for source in self.sources) or "none"
            raise ConfigurationError(f"source {name!r} is not configured; configured are: {known}")
        return found

    def person(self, source: SourceSettings) -> Callable[[str], str]:
        """How the source may say a person. Raises ConfigurationError, SourceUnavailable: no key, or a short one."""
        if source.persons == "drop":
            return nobody
        key = read_secret(self.person_key)
        if len(key) < SHORTEST_KEY:
            raise ConfigurationError(
                f"person_key: {source.name} keeps hashes, which need a key of {SHORTEST_KEY} characters"
            )
        return hashed(key)

    def password(self) -> str | None:
        """Neo4j's password, from the environment or its file. Raises ConfigurationError."""
        if self.graph_password is not None:
            return self.graph_password.get_secret_value()
        if self.graph_password_file is None:
            return None
        try:
            return self.graph_password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(f"graph_password_file: {self.graph_password_file}: {error.strerror}") from error


def load(path: Path | None = None, **values: object) -> Settings:
    """The settings from `path`, else LANDKARTE_CONFIG, else ./landkarte.toml where there is one.

    `values` come before all others. Raises ConfigurationError.
    """
    named = path or (Path(os.environ["LANDKARTE_CONFIG"]) if os.environ.get("LANDKARTE_CONFIG") else None)
    file = named or DEFAULT_FILE
    if named is not None and not named.is_file():
        raise ConfigurationError(f"{named}: there is no such file; `landkarte init` writes one")
    _check_file(file)
    configured = type("Settings", (Settings,), {"model_config": SettingsConfigDict(toml_file=file)})
    try:
        found = configured(**values)
    except ValidationError as error:
        raise ConfigurationError(_one_line(error)) from None  # the chain would show the values
    assert isinstance(found, Settings)
    return found


def load_source(values: dict[str, object]) -> SourceSettings:
    """A source that stands in no file. Raises ConfigurationError."""
    try:
        return SourceSettings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(_one_line(error)) from None  # the chain would show the values


def expectations(settings: Settings, moment: datetime) -> dict[str, Expected]:
    """What is expected at that moment of each source that is configured now."""
    return {
        source.name: Expected(moment - timedelta(days=source.silent_after_days), source.authoritative)
        for source in settings.sources
    }


def check_address(what: str, value: str) -> str:
    """The address of a log or a graph, as it is. Raises ValueError."""
    allowed = _SCHEMES[what]
    parts = urlsplit(value)
    if parts.scheme not in allowed or not (parts.path.strip("/") if parts.scheme == "sqlite" else parts.netloc):
        forms = {"sqlite": "sqlite:///FILE", "kafka": "kafka://HOST:PORT", "neo4j": "neo4j://HOST:PORT"}
        raise ValueError(f"allowed are {' and '.join(forms[name] for name in allowed)}")
    if parts.password or parts.username:
        raise ValueError("no user or password here; use graph_user and LANDKARTE_GRAPH_PASSWORD")
    return value


def _check_file(file: Path) -> None:
    if not file.is_file():
        return
    try:
        tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not readable as TOML: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error


def _one_line(error: ValidationError) -> str:
    """Every fault, never a value: it might be a secret."""
    return "; ".join(_fault(fault) for fault in error.errors(include_url=False, include_input=False))


def _fault(fault: ErrorDetails) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        if len(fault["loc"]) > 1:
            return f"{key}: the source's type has no such key; `landkarte collectors TYPE` lists what it has"
        name = str(fault["loc"][-1])
        near = difflib.get_close_matches(name, Settings.model_fields, 1)
        return f"{key}: there is no such key" + (f"; nearest is {near[0]!r}" if near else f"; known are {_known()}")
    if fault["type"] == "missing":
        return f"{key}: is needed and not given; `landkarte collectors TYPE` lists what a type needs"
    message = fault["msg"].removeprefix("Value error, ")
    return " ".join(f"{key}: {message}".removeprefix(": ").split())


def _known() -> str:
    return ", ".join(Settings.model_fields)
