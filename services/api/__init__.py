"""The API: questions over HTTP. There is no authentication yet, so it listens on loopback unless told otherwise."""

from collections.abc import Mapping
from importlib.metadata import version

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST

from services.api import (
    agents,
    bom,
    groups,
    impact,
    knowledge,
    models,
    obsolescence,
    page,
    problems,
    protection,
    records,
    structure,
    trend,
    unassigned,
)
from services.api.metrics import render
from services.api.routes import router
from services.api.state import State
from services.intake import Intake

_ERRORS = {code: {"model": models.Problem} for code in (404, 409, 410, 422, 500, 503)}


def create_app(state: State, intakes: Mapping[str, Intake] | None = None) -> FastAPI:
    """The application over these parts; `intakes`: the sources that may be pushed to, by name."""
    app = FastAPIOffline(  # the files of its page /docs are here too: it asks no other server
        static_url="/docs/static",
        redoc_url=None,  # a second page for the same, and it would fetch its maker's logo
        title="Landkarte",
        version=version("landkarte"),
        description="What is obsolete, what fails with what, and who says so.",
        responses={code: dict(told) for code, told in _ERRORS.items()},
    )
    app.state.landkarte = state
    problems.add_to(app)
    for questions in (
        page.router, router, obsolescence.router, groups.router, trend.router, impact.router, knowledge.router,
        structure.router, protection.router, unassigned.router, bom.router,
    ):  # fmt: skip
        app.include_router(questions, dependencies=[Depends(problems.refuse_unknown)])
    _add_doors(app, intakes or {})
    _add_health(app, state, intakes or {})
    return app


def _add_doors(app: FastAPI, intakes: Mapping[str, Intake]) -> None:
    """Where agents report and others push. Agents know nothing of this API's forms."""
    fleet = [one for one in intakes.values() if one.source.type == "agents"]
    app.include_router(agents.router_of(fleet[0]) if fleet else agents.router_of_none())
    pushed = {name: one for name, one in intakes.items() if one.source.type == "http"}
    app.include_router(records.router_of(pushed), dependencies=[Depends(problems.refuse_unknown)])


def _add_health(app: FastAPI, state: State, intakes: Mapping[str, Intake]) -> None:
    @app.get("/livez", response_model=models.Health)
    def livez() -> Response:
        """Whether this process works; an outage of what it needs does not change it."""
        if not state.alive():
            return problems.problem(503, "the inventory's loop has stalled; restart this process")
        if ended := [f"source {name}: {one.fault}" for name, one in intakes.items() if one.fault]:
            return problems.problem(503, f"{'; '.join(ended)}; restart this process")
        return JSONResponse({"status": "ok"})

    @app.get("/readyz")
    def readyz() -> models.Health:
        """Whether it can answer: log and graph can be reached."""
        state.store.status()
        state.log.partitions("landkarte.records")
        return models.Health(status="ok")

    @app.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """For Prometheus."""
        return Response(render(state), media_type=CONTENT_TYPE_LATEST)
