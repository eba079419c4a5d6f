"""The API's bills of materials."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from graph.store import GraphReader
from services.api.routes import AsOf, Here, reader_of
from services.exports.asking import bill_of
from services.exports.cyclonedx import MEDIA_TYPE

router = APIRouter(prefix="/api/v1")
Lasting = Annotated[GraphReader, Depends(reader_of, scope="request")]
"""Read until the whole answer is sent."""


@router.get("/bom", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}})
def get_bom(
    here: Here,
    graph: Lasting,
    names: Annotated[list[str] | None, Query(alias="id", description="ids or names of assets; none: all")] = None,
    on: Annotated[date | None, Query(description="judged on which day; today where it is not said")] = None,
    as_of: AsOf = None,
) -> StreamingResponse:
    """A bill of materials, CycloneDX 1.6; an application, process or service comes with all that it needs."""
    bill = bill_of(graph, here.matcher(graph), here.settings.support.policy(), names or (), on, as_of)
    return StreamingResponse(bill.parts(), media_type=MEDIA_TYPE)
