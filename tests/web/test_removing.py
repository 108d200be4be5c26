"""Whose right to be in a running meeting ends is shown out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from lms import demo_directory as demo
from lms.meetings.models import Connection, Meeting
from lms.schedule import actions
from lms.schedule.models import Occurrence
from lms.schedule.policies import PolicyDraft
from tests.web.conftest import Clock, Orders
from tests.web.test_endpoints import paired
from tests.web.test_registrations import planned, register, who
from tests.web.test_tokens import claims
from tests.web.visitor import ADMINISTRATOR, ORGANISER, Visitor
from web.config import WebConfig

Browser = Callable[..., Visitor]


async def test_a_cancelled_seat_and_a_disabled_account_end_the_visit(
    browser: Browser, config: WebConfig, orders: Orders, clock: Clock
) -> None:
    address = planned(config, PolicyDraft(required=True))
    seats = [register(config, address, email) for email in (demo.STAFF, demo.LEAD)]
    staff, lead = who(config, demo.STAFF), who(config, demo.LEAD)
    with config.database.writing() as session:
        slug = address.rpartition("/")[2]
        occurrence = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
        clock.now = occurrence.starts_at + timedelta(minutes=5)
        meeting = occurrence.meeting
        actions.start(session, who(config, ORGANISER), slug, clock.now)
        held = Meeting(
            occurrence_id=occurrence.id, name=meeting, opening="o1", node=0, last_sequence=1,
            opened_at=clock.now, last_heartbeat_at=clock.now,
        )  # fmt: skip
        session.add(held)
        session.flush()
        for number, each in enumerate((staff, lead)):
            session.add(
                Connection(
                    meeting_id=held.id, participant=f"p{number}", identity=each.identity, name="x",
                    role="participant", presence="person", joined_at=clock.now, last_seen_at=clock.now,
                )
            )  # fmt: skip
    organiser, chief = browser(), browser()
    await organiser.sign_in(ORGANISER)
    await organiser.post(f"{address}/registrations/decide", act="cancel", number=str(seats[0]))
    assert _told(orders) == [f"{meeting} {staff.identity} seat_cancelled"]
    await chief.sign_in(ADMINISTRATOR)
    await chief.post(f"/people/{lead.person_id}/disable")
    assert _told(orders)[1:] == [f"{meeting} {lead.identity} account_disabled"]
    orders.down = True
    kept = await organiser.post(f"{address}/registrations/decide", act="cancel", number=str(seats[1]))
    assert kept.status_code == 303, "a node that is silent stops nobody"


async def test_a_device_that_is_disconnected_leaves_the_meeting(
    browser: Browser, config: WebConfig, orders: Orders, clock: Clock
) -> None:
    """Also a group's room; not what it was in before, and no other device goes."""
    device, administrator = await paired(browser)
    identity = str(claims(await device.api("/api/meetings/demo/token?as=endpoint", {}))["identity"])
    now = clock.now
    with config.database.writing() as session:
        for name in ("main", "group", "over"):
            held = Meeting(
                name=name, opening=f"o{name}", node=0, last_sequence=1, opened_at=now, last_heartbeat_at=now,
                closed_at=now if name == "over" else None,
            )  # fmt: skip
            session.add(held)
            session.flush()
            for number, who_is_in in enumerate((identity, identity + "1")):
                session.add(
                    Connection(
                        meeting_id=held.id, participant=f"p{number}", identity=who_is_in, name="x",
                        role="participant", presence="endpoint", joined_at=now, last_seen_at=now,
                    )
                )  # fmt: skip
    page = await administrator.get("/endpoints")
    revoke = page.text.split("Навчальна зала")[1].partition('action="')[2].partition('"')[0]
    assert (await administrator.post(revoke)).status_code == 303
    assert _told(orders) == [f"{room} {identity} endpoint_disconnected" for room in ("group", "main")]


async def test_where_nothing_runs_nobody_is_told(browser: Browser, config: WebConfig, orders: Orders) -> None:
    address = planned(config, PolicyDraft(required=True))
    register(config, address, demo.STAFF)
    staff = browser()
    await staff.sign_in(demo.STAFF)
    cancel = re.search(r'action="(/registrations/\d+/cancel)"', (await staff.get(address)).text)
    assert cancel
    assert (await staff.post(cancel.group(1))).status_code == 303
    assert _told(orders) == []


def _told(orders: Orders) -> list[str]:
    return [what for order, what in orders.given if order == "show_out"]
