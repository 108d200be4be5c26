"""Pages and files of reports."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.web.visitor import Visitor

Browser = Callable[..., Visitor]


async def test_an_organiser_reads_compares_and_takes_the_figures_along(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in()
    page = await visitor.get("/reports", period="2020", by="month", show="occurrences")
    assert page.status_code == 200, page.text
    told = await visitor.get("/reports/figures.json", period="2020", by="month", against="nothing")
    rows = json.loads(told.text)["rows"]
    assert (rows[0]["division"], rows[0]["from"], rows[0]["to"]) == ("total", "2020-01-01", "2020-12-31")
    assert rows[0]["occurrences"] == sum(row["occurrences"] for row in rows[1:]) > 0
    assert [row["code"] for row in rows[1:]] == [f"2020-{month:02}" for month in range(1, 13)]
