"""`/api/meetings/{meeting}/pictures`: a still picture of what somebody shows, for the occurrence's file.

Everybody in the room is told before it is kept: where they cannot be told, it is not kept.
"""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from lms import images
from lms.schedule import pictures
from lms.schedule.pictures import Taken
from signaling.model import Id
from web import forms
from web.config import ControlUnavailable, OrderRefused, PictureNames, PictureOrder
from web.entrance import As, approach, refusal
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Sending, Visit, before_upload

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/meetings", tags=["meetings"])

REFUSALS: dict[str, tuple[int, str, str]] = {
    "not_allowed": (
        403,
        "picture_not_yours",
        _("Hosts, moderators and presenters who are in the room take pictures. Ask a host for such a role."),
    ),
    "unknown_participant": (
        409,
        "picture_left",
        _("They have left the meeting and cannot be told of the picture, so it was not kept."),
    ),
    "pictures_forbidden": (
        409,
        "picture_forbidden",
        _("No picture of this is kept: for the safety of those who take part only what may be recorded is."),
    ),
    "unknown_meeting": (409, "picture_no_meeting", _("The meeting does not run now, so no picture of it can be kept.")),
}
"""Status, code and sentence by what the media node says."""
UNTOLD = _("The people in the room could not be told of the picture, so it was not kept. Try again.")


class PictureFacts(BaseModel):
    """What comes with a picture. `by` and `participant` are participants of the meeting."""

    by: Id
    participant: Id
    """Who, or whose thing, is seen in it."""
    source: Literal["camera", "screen", "document_camera"]
    caption: str


class PictureKept(BaseModel):
    """A picture that is in the occurrence's file."""

    id: int
    url: str


def _expect_inside(visit: Visit) -> None:
    """The door, as it is for who takes the picture, before one is read."""
    asked = visit.request.query_params.get("as", "")
    capacity: As = asked if asked in ("endpoint", "guest") else ""  # type: ignore[assignment]
    problem = refusal(approach(visit, visit.request.path_params["meeting"], capacity))
    if problem is not None:
        raise problem


@router.post("/{meeting}/pictures", status_code=201, dependencies=[before_upload(_expect_inside)])
def keep(meeting: str, visit: Sending, capacity: Annotated[As, Query(alias="as")] = "") -> PictureKept:
    """Keep a picture (multipart: `picture`, a JPEG or WebP of at most 8 MB, and the fields of `PictureFacts`)."""
    visit.site.limits.check("picture", visit.request)
    entrance = approach(visit, meeting, capacity)
    problem = refusal(entrance)
    if problem is not None:
        raise problem
    card = entrance.door.card
    facts = _facts(visit)
    caption = pictures.caption_of(facts.caption)
    picture = images.clean(_sent(visit))
    pictures.check_room(visit.session, card.id)
    node = visit.config.node_of(entrance.main)
    order = PictureOrder(entrance.meeting, node, facts.by, entrance.identity, facts.participant, facts.source)
    names = _told(visit, order)
    taken = Taken(by=names.by, shows=names.shown, source=facts.source, caption=caption)
    # The picture was decoded and the room was told without holding the database's write lock.
    with visit.config.database.writing() as session:
        made = pictures.keep(session, entrance.visitor, card.id, taken, picture, visit.config.files, visit.now)
    return PictureKept(id=made, url=f"/schedule/{card.slug}/pictures/{made}")


def _facts(visit: Visit) -> PictureFacts:
    try:
        return PictureFacts.model_validate({name: forms.text(visit.form, name) for name in PictureFacts.model_fields})
    except ValidationError as error:
        where = ", ".join(sorted({str(one["loc"][0]) for one in error.errors()}))
        raise Problem(422, "invalid_request", f"These parts of the request are missing or wrong: {where}.") from None


def _sent(visit: Visit) -> bytes:
    sent = visit.form.get("picture")
    return sent.file.read(images.LARGEST_BYTES + 1) if isinstance(sent, UploadFile) else b""


def _told(visit: Visit, order: PictureOrder) -> PictureNames:
    """Who took it and of whom, once everybody in the room knows. Raises `Problem`."""
    try:
        return visit.config.control.keep_picture(order)
    except OrderRefused as error:
        status, code, sentence = REFUSALS.get(error.code, REFUSALS["unknown_meeting"])
        raise Problem(status, code, sentence) from error
    except ControlUnavailable as error:
        log.warning("The room of meeting %s could not be told of a picture: %s", order.meeting, error)
        raise Problem(503, "picture_untold", UNTOLD) from error
