"""Where anybody's own collector pushes records: checked against the published schema, on the disk before the answer."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from events.models import Draft, Problem
from events.outbox_errors import OutboxUnavailable
from services.api.guard import Guard, Refusal
from services.api.problems import problem
from services.collectors.formats import parse_json
from services.collectors.pushed import PushedSettings
from services.intake import Intake, NotBegun

FAULTS_TOLD = 5


class Receipt(BaseModel):
    """What became of a push: how many records are on the disk, and which are not, and why."""

    accepted: int
    refused: list[Problem]
    status: str = Field(default="", description="of the run that this push ended: complete, partial, failed, held")


@dataclass
class Asked:
    """Whose records these are, and what they begin or end."""

    source: Annotated[str, Query(description="a configured source of the type http")]
    begin: Annotated[bool, Query(description="a run begins with this push")] = False
    end: Annotated[
        Literal["", "partial", "complete"],
        Query(description="the run ends with this push; complete: what it has not seen is retired"),
    ] = ""


def router_of(intakes: dict[str, Intake]) -> APIRouter:
    """The door for these sources."""
    router, desk = APIRouter(prefix="/api/v1", tags=["records"]), Desk(intakes)
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "array"}}}}}
    router.add_api_route("/records", desk.take, methods=["POST"], response_model=Receipt, openapi_extra=body)
    router.add_api_route("/records/schema", schema, methods=["GET"])
    return router


def schema() -> dict[str, Any]:
    """The JSON Schema of what may be pushed: a list of records."""
    return TypeAdapter(list[Draft]).json_schema()


class Desk:
    """Takes what others' collectors push."""

    def __init__(self, intakes: dict[str, Intake]) -> None:
        self._intakes = intakes
        self._guards = {name: Guard(_settings(one)) for name, one in intakes.items()}

    async def take(self, request: Request, asked: Annotated[Asked, Depends()]) -> JSONResponse:
        """Records of one source. What is not accepted is named with its reason; the rest is on the disk."""
        try:
            intake, guard = self._of(asked.source)
            guard.admit(request)
            async with guard.body(request) as body:
                return await run_in_threadpool(_receive, intake, asked, body)
        except Refusal as refused:
            return problem(refused.status, refused.reason, refused.headers)

    def _of(self, source: str) -> tuple[Intake, Guard]:
        if source not in self._intakes:
            known = ", ".join(self._intakes) or "none"
            raise Refusal(404, f"source {source!r} is not configured with the type http; configured are: {known}")
        return self._intakes[source], self._guards[source]


def _settings(intake: Intake) -> PushedSettings:
    own = intake.source.own()
    assert isinstance(own, PushedSettings)
    return own


def _receive(intake: Intake, asked: Asked, body: bytes) -> JSONResponse:
    drafts, refused = _read(body)
    try:
        if asked.begin:
            intake.begin_run()
        for one in refused:
            intake.refuse(one.item, one.reason)
        unsaid = intake.accept(drafts)
        status = intake.end_run(complete=asked.end == "complete").status if asked.end else ""
    except NotBegun as error:
        raise Refusal(409, str(error)) from error
    except OutboxUnavailable as error:
        raise Refusal(503, str(error), 60) from error
    receipt = Receipt(accepted=len(drafts) - len(unsaid), refused=[*refused, *unsaid], status=status)
    return JSONResponse(receipt.model_dump())


def _read(body: bytes) -> tuple[list[tuple[str, Draft]], list[Problem]]:
    """The records one by one, so that a bad one costs no other. Raises Refusal."""
    try:
        found = parse_json(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"not readable as JSON: {error}") from error
    if not isinstance(found, list):
        raise Refusal(422, "the body is no list of records; /api/v1/records/schema has its form")
    drafts, refused = [], []
    for number, record in enumerate(found):
        key = str(record.get("native_key", "")) if isinstance(record, dict) else ""
        item = f"{number} {key}".strip()
        try:
            drafts.append((item, Draft.model_validate(record)))
        except ValidationError as error:
            refused.append(Problem(item=item, reason=_told(error)))
    return drafts, refused


def _told(error: ValidationError) -> str:
    faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:FAULTS_TOLD])
    return "; ".join(faults)
