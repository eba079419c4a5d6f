"""The settings of how protection needs are worked out."""

from pydantic import BaseModel, ConfigDict, Field

from inventory.protection import CUMULATION


class Protecting(BaseModel):
    """`[protection]`: how protection needs are worked out."""

    model_config = ConfigDict(extra="forbid")

    cumulation: int = Field(
        default=CUMULATION,
        ge=0,
        le=1000,
        description="so many assets of a kind with a need of one level raise what they rest on to the next; 0: never",
    )
