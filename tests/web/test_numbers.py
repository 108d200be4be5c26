"""Numbers in addresses and forms are what somebody's browser sends: never a failure of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.visitor import Visitor, links
from web.forms import whole


@pytest.mark.parametrize("value", ["²", "-1", "", " ", "1.5", "9" * 5000, "x", None, "٣.", object()])
def test_what_is_no_number(value: Any) -> None:
    assert whole(value) is None


def test_what_is_a_number() -> None:
    assert (whole("12"), whole(" 7 "), whole(3)) == (12, 7, 3)


async def test_no_number_breaks_a_page(browser: Callable[..., Visitor]) -> None:
    visitor = browser()
    await visitor.sign_in()
    page = await visitor.get("/schedule")
    slug = next(each for each in links(page, "/schedule/20"))
    for odd in ("²", "9" * 5000):
        answers = [
            await visitor.get(f"{slug}/registrations", organisation=odd),
            await visitor.post(f"{slug}/registrations/decide", number=odd, act="approve"),
            await visitor.post(f"{slug}/registrations/add", person=odd),
            await visitor.post(f"{slug}/invitations", target=f"person:{odd}"),
            await visitor.post(f"{slug}/edit", version=odd, title=odd, duration=odd),
            await visitor.post("/me/notifications", offset=odd, when="own"),
            await visitor.post("/series/dates", slot=f"{odd}-{odd}", interval=odd, count=odd),
            await visitor.post("/topics", name_uk="x", parent=odd),
        ]
        assert [each.status_code for each in answers if each.status_code >= 500] == []
