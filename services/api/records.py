"""Where anybody's own collector pushes records: checked against the published schema, on the disk before the answer."""

from asyncio import Semaphore
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from events.models import Draft, Problem
from events.outbox_errors import OutboxUnavailable
from services.api.guard import AT_ONCE, Guard, Refusal
from services.api.problems import problem
from services.collectors.formats import parse_json
from services.collectors.pushed import PushedSettings
from services.intake import Intake
from services.pushes import End, Push, Refused, WrongRun

FAULTS_TOLD, FAULTS_LOOKED_AT = 5, 1000
MOST_PARTS = 200_000
"""Values in one record; a computer with 3,000 packages has some 25,000. Of each the checks may note several faults."""
NOT_COUNTED = {401, 409}
"""Refusals that no run of the source has lost anything by: of a stranger, and of another run than the open one."""


class Receipt(BaseModel):
    """What became of a push: how many records are on the disk, and which are not, and why."""

    accepted: int
    refused: list[Problem]
    more_refused: int = Field(default=0, description="so many more were refused, which are not named")
    run: str = Field(default="", description="the run's id, which the later pushes of the run have to name")
    status: str = Field(default="", description="of the run that this push ended: complete, partial, failed, held")


@dataclass
class Asked:
    """Whose records these are, and what they begin or end."""

    source: Annotated[str, Query(description="a configured source of the type http")]
    begin: Annotated[bool, Query(description="a run begins with this push; the answer has its id")] = False
    run: Annotated[str, Query(description="the id of the run that this push belongs to", max_length=200)] = ""
    end: Annotated[End, Query(description="the run ends with this push; complete: what it has not seen is retired")] = (
        ""
    )


def router_of(intakes: dict[str, Intake]) -> APIRouter:
    """The door for these sources."""
    desk = Desk(intakes)
    router = APIRouter(prefix="/api/v1", tags=["records"], route_class=desk.route_class())
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
        self._room = Semaphore(AT_ONCE)

    async def take(self, request: Request, asked: Annotated[Asked, Depends()]) -> JSONResponse:
        """Records of one source. What is not accepted is named with its reason; the rest is on the disk."""
        try:
            intake, guard = self._of(asked.source)
            guard.admit(request)
            async with guard.body(request) as body, self._room:
                return await run_in_threadpool(_receive, intake, asked, body)
        except Refusal as refused:
            await run_in_threadpool(self._note, request, refused)
            return problem(refused.status, refused.reason, refused.headers)

    def route_class(self) -> type[APIRoute]:
        """Routes that note what FastAPI refuses, as `take` does what it refuses itself."""
        desk = self

        class Noting(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                handle = super().get_route_handler()

                async def noting(request: Request) -> Response:
                    try:
                        return await handle(request)
                    except RequestValidationError as error:
                        reason = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
                        await run_in_threadpool(desk._note, request, Refusal(422, reason, by_anybody=True))
                        raise

                return noting

        return Noting

    def _of(self, source: str) -> tuple[Intake, Guard]:
        if source not in self._intakes:
            known = ", ".join(self._intakes) or "none"
            raise Refusal(404, f"source {source!r} is not configured with the type http; configured are: {known}")
        return self._intakes[source], self._guards[source]

    def _note(self, request: Request, refused: Refusal) -> None:
        """In the run's report, as a run that has lost a push is not complete; of a stranger, in the log alone.

        Whoever names the open run belongs to it: nobody else knows its id.
        """
        name = request.query_params.get("source", "")
        if name not in self._intakes:
            return
        run, address = _run(request.query_params.get("run", "")), request.client.host if request.client else "?"
        stranger = refused.by_anybody and self._guards[name].asks and not run
        counted = not stranger and refused.status not in NOT_COUNTED
        self._intakes[name].refuse(address, refused.reason, run=run, counted=counted)


def _run(told: str) -> str:
    """A run's id has a +, which stands for a blank in an address; an id has none."""
    return told.replace(" ", "+")


def _settings(intake: Intake) -> PushedSettings:
    own = intake.source.own()
    assert isinstance(own, PushedSettings)
    return own


def _receive(intake: Intake, asked: Asked, body: bytes) -> JSONResponse:
    if asked.begin and asked.run:
        raise Refusal(422, "begin=true starts a run, and run=ID goes on with one: say one of the two")
    drafts, refused = _read(body)
    try:
        taken = intake.push(Push(drafts, refused, asked.begin, _run(asked.run), asked.end))
    except WrongRun as error:
        raise Refusal(409, str(error)) from error
    except OutboxUnavailable as error:
        raise Refusal(503, str(error), 60) from error
    receipt = Receipt(
        accepted=taken.accepted,
        refused=refused.told,
        more_refused=refused.more,
        run=taken.run,
        status=taken.status,
    )
    return JSONResponse(receipt.model_dump())


def _read(body: bytes) -> tuple[list[tuple[str, Draft]], Refused]:
    """The records one by one, so that a bad one costs no other. Raises Refusal."""
    try:
        found = parse_json(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"not readable as JSON: {error}") from error
    if not isinstance(found, list):
        raise Refusal(422, "the body is no list of records; /api/v1/records/schema has its form")
    drafts, refused = [], Refused()
    for number, record in enumerate(found):
        if _is_too_large(record):
            refused.add(_item(number, record), lambda: f"more than {MOST_PARTS:,} values in one record")
            continue
        try:
            drafts.append((_item(number, record), Draft.model_validate(record)))
        except ValidationError as error:
            refused.add(_item(number, record), partial(_told, error))
    return drafts, refused


def _item(number: int, record: object) -> str:
    key = record.get("native_key") if isinstance(record, dict) else None
    return f"{number} {key}" if isinstance(key, str) and key else str(number)


def _is_too_large(record: object) -> bool:
    left, waiting = MOST_PARTS, [record]
    while waiting and left >= 0:
        one = waiting.pop()
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        left -= len(inner)
        waiting.extend(value for value in inner if isinstance(value, dict | list))
    return left < 0


def _told(error: ValidationError) -> str:
    if error.error_count() > FAULTS_LOOKED_AT:
        return f"{error.error_count():,} faults; /api/v1/records/schema has the form of a record"
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in found[:FAULTS_TOLD])
