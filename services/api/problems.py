"""Errors as RFC 9457 problem documents: each names the thing, the reason and what to do; none holds a traceback."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from events.log import LogUnavailable
from graph.store import AccessDenied, StoreUnavailable
from inventory.assuming import Contradiction
from inventory.kept import BeforeThePast, NotKept
from services.api.cursors import WrongCursor
from services.lookup import Ambiguous, NotFound

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 10


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem document."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


async def refuse_unknown(request: Request) -> None:
    """Refuse parameters that the question does not have: an answer without them would be one to another question.

    Raises RequestValidationError.
    """
    declared = request.app.openapi()["paths"][request.scope["route"].path_format][request.method.lower()]
    known = sorted(item["name"] for item in declared.get("parameters", ()) if item["in"] == "query")
    told = f"is no parameter of {request.url.path}; known are {', '.join(known) or 'none'}"
    if wrong := sorted(set(request.query_params) - set(known)):
        raise RequestValidationError([{"loc": ("query", name), "msg": told} for name in wrong])


def add_to(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    @app.exception_handler(RequestValidationError)
    def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = (f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors())
        return problem(422, "; ".join(faults))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(
            error.status_code, f"{request.method} {request.url.path}: {error.detail}", dict(error.headers or {})
        )

    @app.exception_handler(WrongCursor)
    @app.exception_handler(Contradiction)
    def _cannot_be(_request: Request, error: Exception) -> JSONResponse:
        return problem(422, str(error))

    @app.exception_handler(NotFound)
    def _missing(_request: Request, error: NotFound) -> JSONResponse:
        return problem(404, str(error))

    @app.exception_handler(BeforeThePast)
    @app.exception_handler(NotKept)
    def _not_kept(_request: Request, error: Exception) -> JSONResponse:
        return problem(410, str(error))

    @app.exception_handler(Ambiguous)
    def _several(_request: Request, error: Ambiguous) -> JSONResponse:
        return problem(409, str(error))

    @app.exception_handler(AccessDenied)
    @app.exception_handler(StoreUnavailable)
    @app.exception_handler(LogUnavailable)
    def _away(_request: Request, error: Exception) -> JSONResponse:
        return problem(503, str(error), {"Retry-After": str(RETRY_AFTER_SECONDS)})

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> JSONResponse:
        structlog.get_logger().error("unexpected error", path=request.url.path, exc_info=error)
        return problem(500, "an unexpected error; the server's log has the details")
