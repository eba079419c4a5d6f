"""Where inventory agents report: the paths that fleets are configured with, all the same here."""

from asyncio import Semaphore

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from events.outbox_errors import OutboxUnavailable
from services.agent_wire import Malformed, Message, Said, TooLarge, answer, read, refusal, unpack
from services.api.guard import AT_ONCE, Challenge, Guard, Refusal
from services.api.problems import problem
from services.collectors.base import NotOurs
from services.collectors.formats import UNREADABLE, fault_of
from services.collectors.pushed import AgentSettings
from services.intake import Intake
from services.pushes import Push

PATHS = (
    "/agents",
    "/ocsinventory",
    "/front/inventory.php",
    "/plugins/fusioninventory",
    "/plugins/glpiinventory",
    "/marketplace/glpiinventory",
    "/marketplace/fusioninventory",
)
_log = structlog.get_logger()


def router_of(intake: Intake) -> APIRouter:
    """The paths of agents, for this source."""
    desk, router = Desk(intake), APIRouter(tags=["agents"])
    for path in PATHS:
        for form in (path, f"{path}/"):
            router.add_api_route(form, desk.take, methods=["POST"], include_in_schema=form == PATHS[0])
            router.add_api_route(form, desk.nothing, methods=["GET"], include_in_schema=False)
    return router


def router_of_none() -> APIRouter:
    """The same paths where no source takes what agents report: each says so."""
    router = APIRouter()
    for path in PATHS:
        for form in (path, f"{path}/"):
            router.add_api_route(form, _nobody, methods=["POST"], include_in_schema=False)
    return router


def _nobody() -> Response:
    return problem(404, 'no source of the type agents is configured here; add [[sources]] with type = "agents"')


class Reported(Refusal):
    """A refusal that the run's report has already."""


class Desk:
    """Takes the reports of agents for one source."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        own = intake.source.own()
        assert isinstance(own, AgentSettings)
        self._settings, self._guard, self._room = own, Guard(own), Semaphore(AT_ONCE)

    async def take(self, request: Request) -> Response:
        """A prolog, a contact or an inventory. An inventory is on the disk before it is answered."""
        address = request.client.host if request.client else "?"
        try:
            self._guard.admit(request)
            async with self._guard.body(request) as body, self._room:
                return await run_in_threadpool(self._answer, body, address)
        except Refusal as refused:
            await run_in_threadpool(self._note, address, refused)
            text, media = refusal(refused.reason)
            return Response(text, refused.status, refused.headers, media)

    async def nothing(self) -> Response:
        """FusionInventory agents ask so for tasks; there are none."""
        return Response("{}", media_type="application/json")

    def _note(self, address: str, refused: Refusal) -> None:
        if isinstance(refused, Challenge):  # an agent that has them comes again at once: nothing is lost
            _log.info("asked for its password", source=self._intake.source.name, item=address)
        elif not isinstance(refused, Reported):
            self._intake.refuse(address, refused.reason)

    def _answer(self, body: bytes, address: str) -> Response:
        message = self._unpack(body)
        said = self._read(message)
        if said.drafts:
            self._accept(said, address)
        text, media = answer(message, said, self._settings.every_hours)
        return Response(text, media_type=media)

    def _unpack(self, body: bytes) -> Message:
        try:
            return unpack(body, self._settings.max_unpacked_bytes)
        except TooLarge as error:
            raise Refusal(413, str(error)) from error
        except Malformed as error:
            raise Refusal(400, f"no message of an agent: {error}") from error

    def _read(self, message: Message) -> Said:
        try:
            return read(message, self._intake.job.person)
        except TooLarge as error:
            raise Refusal(413, str(error)) from error
        except NotOurs as error:
            raise Refusal(422, str(error)) from error
        except UNREADABLE as error:
            raise Refusal(400, fault_of(error, message.form)) from error

    def _accept(self, said: Said, address: str) -> None:
        push = Push([(said.device or address, draft) for draft in said.drafts])
        try:
            self._intake.push(push)
        except OutboxUnavailable as error:
            raise Refusal(503, str(error), 60) from error
        if push.refused.number:
            raise Reported(422, "; ".join(problem.reason for problem in push.refused.told))
