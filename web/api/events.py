"""`POST /internal/events`: what a media node tells. Answered 2xx once stored; sent again until then."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from lms.media import actions as recordings
from lms.media import consents
from lms.meetings import actions
from lms.streaming import following
from signaling.events import DeliveryError, EventBatch, verify_delivery
from web.problems import Problem
from web.visits import site_of

router = APIRouter(tags=["internal"], include_in_schema=False)


class Applied(BaseModel):
    """How many events were new, how many had been told before, and how many this version does not know."""

    new: int
    repeated: int
    unknown: int


@router.post("/internal/events")
async def receive_events(request: Request) -> Applied:
    """Store a batch. Idempotent: an event that was told before changes nothing."""
    config = site_of(request).config
    try:
        batch = verify_delivery(request.headers.get("authorization", ""), await request.body(), config.events_key)
    except DeliveryError as error:
        raise Problem(401, "not_a_node", str(error)) from error
    except ValidationError as error:
        raise Problem(422, "invalid_events", f"{error.error_count()} parts of the batch are wrong.") from error
    return await run_in_threadpool(_apply, request, batch)


def _apply(request: Request, batch: EventBatch) -> Applied:
    config = site_of(request).config
    with config.database.writing() as session:
        batched = [event.model_dump(mode="json") for event in batch.events]
        told = actions.apply_events(session, batched, config.clock())
        recordings.take_told(session, batched, config.clock())
        consents.take_told(session, batched)
        following.take_told(session, batched, config.clock())
        return Applied(new=told.new, repeated=told.repeated, unknown=told.unknown)
