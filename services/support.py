"""The settings of what counts as past its support."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from inventory.hardware import PHYSICAL
from inventory.judging import AGES, Policy
from inventory.milestones import MILESTONES, MilestoneName


class Support(BaseModel):
    """`[support]`: what counts as past its support."""

    model_config = ConfigDict(extra="forbid")

    milestone: MilestoneName = Field(default="security", description="the end that counts: " + ", ".join(MILESTONES))
    milestones: dict[str, MilestoneName] = Field(
        default={}, description='the same of single products: debian = "extended"'
    )
    ages: dict[str, Annotated[int, Field(ge=1, le=50)]] = Field(
        default=dict(AGES), description="years after which hardware of a kind is past its support, if nobody says more"
    )

    @field_validator("ages")
    @classmethod
    def _known_kinds(cls, value: dict[str, int]) -> dict[str, int]:
        if wrong := value.keys() - PHYSICAL:
            raise ValueError(f"{min(wrong)!r} is no kind of hardware; known are {', '.join(sorted(PHYSICAL))}")
        return {**AGES, **value}

    def policy(self) -> Policy:
        return Policy(self.milestone, self.milestones, self.ages)
