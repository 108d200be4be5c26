"""`/mail`: what waits to be sent, what was sent and what was not, what came in, and how the mail server does."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import compat32

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict
from lms.media.queries import is_of_two
from lms.notify import management, queries
from lms.notify.models import InboundKind, OutboxMessage
from lms.notify.queries import Box
from lms.notify.reading import payload_text, text_of
from lms.schedule.audience import concerns_two
from web import forms
from web.guards import mail_keepers_only
from web.links import MASK, masked
from web.visits import Acting, Reading, Visit, see_other

PAGE = 50
router = APIRouter(prefix="/mail")


@router.get("")
def show(visit: Reading, box: str = Box.WAITING, search: str = "", before: int | None = None) -> Response:
    """The outbox, one box at a time."""
    mail_keepers_only(visit)
    chosen = Box(box) if box in list(Box) else Box.WAITING
    search = search[:80]
    rows = queries.messages(visit.session, chosen, search=search, before=before, limit=PAGE + 1)
    return visit.page(
        "mail.html",
        rows=rows[:PAGE],
        more=rows[PAGE - 1].id if len(rows) > PAGE else None,
        box=chosen,
        search=search,
        first=before is None,
        figures=queries.figures(visit.session, visit.now),
        folder=visit.config.outbox is not None,
    )


@router.get("/inbox")
def inbox(visit: Reading) -> Response:
    """What came in, what fitted nothing first."""
    mail_keepers_only(visit)
    return visit.page(
        "mail_inbox.html",
        rows=queries.inbound(visit.session, limit=100),
        figures=queries.figures(visit.session, visit.now),
        reads_inbox=visit.config.reads_inbox,
    )


@router.get("/inbox/{number}")
def inbound(number: int, visit: Reading) -> Response:
    """One mail that came in, as text."""
    mail_keepers_only(visit)
    row = queries.inbound_one(visit.session, number)
    shown = row.raw if row.kind is not InboundKind.CALENDAR_REPLY else None
    return visit.page("mail_inbound.html", row=row, text=masked(text_of(shown)) if shown else "", mask=MASK)


@router.post("/inbox/{number}/done")
def put_aside(number: int, visit: Acting) -> Response:
    """It was dealt with."""
    mail_keepers_only(visit)
    management.put_aside(visit.session, visit.visitor.actor, number, visit.now)
    return see_other("/mail/inbox?done=mail_aside")


@router.get("/addresses")
def addresses(visit: Reading) -> Response:
    """The addresses that take no mail."""
    mail_keepers_only(visit)
    return visit.page(
        "mail_addresses.html",
        rows=queries.dead_addresses(visit.session),
        figures=queries.figures(visit.session, visit.now),
    )


@router.post("/addresses/{number}/lift")
def lift(number: int, visit: Acting) -> Response:
    """Mail goes there again."""
    mail_keepers_only(visit)
    management.lift_bounce(visit.session, visit.visitor.actor, number, visit.now)
    return see_other("/mail/addresses?done=bounce_lifted")


@router.post("/knock")
def knock(visit: Acting) -> Response:
    """Try the server now."""
    mail_keepers_only(visit)
    management.knock(visit.session, visit.visitor.actor, visit.now)
    return see_other("/mail?done=mail_knock")


@router.get("/{number}")
def one(number: int, visit: Reading) -> Response:
    """One message with its attempts; in folder mode as it was sent, but for what opens its personal links.

    What is between two people is not shown.
    """
    mail_keepers_only(visit)
    return _message(visit, number)


@router.post("/{number}/retry")
def retry(number: int, visit: Acting) -> Response:
    """Try it again."""
    mail_keepers_only(visit)
    try:
        management.retry(visit.session, visit.visitor.actor, number, visit.now)
    except Conflict as refused:
        return _message(visit, number, failure=forms.sentence(visit, refused), status=409)
    return see_other(f"/mail/{number}?done=mail_retry")


def _message(visit: Visit, number: int, *, failure: str = "", status: int = 200) -> Response:
    row = queries.message(visit.session, number)
    private = concerns_two(visit.session, row.contents) or is_of_two(visit.session, row.contents.get("recording"))
    return visit.page(
        "mail_message.html",
        row=row,
        attempts=queries.attempts(visit.session, number),
        block=queries.bounced(visit.session, [row.address]).get(row.address.lower()),
        text="" if private else masked(_sent_text(visit, row)),
        folder=visit.config.outbox is not None,
        mask=MASK,
        private=private,
        failure=failure,
        status=status,
    )


def _sent_text(visit: Visit, row: OutboxMessage) -> str:
    if visit.config.outbox is None or row.message_id is None:
        return ""
    raw = visit.config.outbox.read(row.message_id)
    if raw is None:
        return ""
    parts = message_from_bytes(raw, policy=compat32).walk()
    return next((payload_text(part) for part in parts if part.get_content_type() == "text/plain"), "")
