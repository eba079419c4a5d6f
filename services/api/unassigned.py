"""What runs and belongs to no application, under /api/v1."""

from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from inventory.unassigned import unassigned
from services.api.routes import Graph, Here, Limit
from services.mappings import rules_of

router = APIRouter(prefix="/api/v1")


class UnassignedRow(BaseModel):
    """A process that listens, a port, an image or a program, with how many hosts have it."""

    what: str = Field(description="process, port, image or program")
    name: str
    hosts: int
    ports: list[int]
    examples: list[str] = Field(description="some of the hosts, by name")


class UnassignedAnswer(BaseModel):
    """What no mapping takes, biggest first, and among what it was looked for."""

    items: list[UnassignedRow]
    total: int = Field(description="how many there are, of which `items` are the biggest")
    hosts: int = Field(description="servers, virtual machines and workloads that were looked at")
    with_ports: int = Field(description="of how many of them the ports are reported")
    left_out: int = Field(description="installations of distributions' packages, which are not listed")
    rules: int = Field(description="entries of the configured mappings")
    as_of: dict[str, datetime] = Field(description="when each source was last heard of")
    limits: list[str]
    faults: list[str] = Field(description="what of the mappings could not be used")


@router.get("/unassigned")
def get_unassigned(here: Here, graph: Graph, limit: Limit = 100) -> UnassignedAnswer:
    """What runs on servers and belongs to no application, by the mappings that are configured; biggest first."""
    rules, faults = rules_of(here.settings)
    told = asdict(unassigned(graph, rules, limit))
    return UnassignedAnswer(items=told.pop("rows"), faults=faults, **told)
