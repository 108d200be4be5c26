"""Goals of a programme on its page: set, counted, entered, taken back; as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from tests.web.visitor import Visitor, links

Browser = Callable[..., Visitor]


async def test_an_organiser_sets_a_goal_and_everybody_sees_how_far_it_is(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in()
    (programme,) = set(links(await visitor.get("/programmes"), "/programmes/2"))
    wrong = await visitor.post(
        f"{programme}/goals/new", title="Послуги онлайн", counting="entered", goal="", wanted="багато",
        from_date="2026-09-01", to_date="2027-08-31",
    )  # fmt: skip
    assert wrong.status_code == 422
    assert 'value="багато"' in wrong.text or "багато" in wrong.text, "what was typed stays"
    asked = {"title": "Послуги онлайн", "wanted": "100", "from_date": "2026-09-01", "to_date": "2027-08-31"}
    no_unit = await visitor.post(f"{programme}/goals/new", counting="entered", **asked)
    assert no_unit.status_code == 422
    assert (await visitor.post(f"{programme}/goals/new", counting="entered", unit="%", **asked)).status_code == 303
    page = await visitor.get(programme)
    found = re.search(rf'href="({programme}/goals/\d+)">Послуги онлайн', page.text)
    assert found is not None
    goal = found[1]
    entered = await visitor.post(f"{goal}/figures", figure="71", as_of="2026-11-20", source="Реєстр послуг")
    assert entered.status_code == 303
    table = csv.reader(io.StringIO((await visitor.get(f"{programme}/goals.csv")).content.decode("utf-8-sig")))
    row = next(row for row in table if row[0] == "Послуги онлайн")
    assert (row[2], row[6], row[7], row[10]) == ("100", "71", "71", "Реєстр послуг")
    await visitor.post("/sign-out")
    seen = (await visitor.get(programme)).text
    assert "Реєстр послуг" in seen
    assert f'{goal}"' not in seen, "nobody but its organisers changes it"
