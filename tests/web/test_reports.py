"""Reports as pages and files, and what of them is open to anybody."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from lms import demo_directory, demo_reports
from lms.database import Database
from tests.lms.facts import NOW
from tests.web.visitor import Visitor
from web.app import create_app
from web.config import WebConfig

Browser = Callable[..., Visitor]


@pytest.fixture
def told(database: Database) -> None:
    """A year and a half of trainings with made-up people."""
    with database.writing() as session:
        demo_reports.seed(session, NOW)


@pytest.fixture
async def open_to_all(config: WebConfig) -> AsyncIterator[Visitor]:
    """Somebody on a site that publishes open data."""
    visitor = Visitor(create_app(replace(config, open_data=True)), "uk", "192.0.2.9")
    yield visitor
    await visitor.client.aclose()


@pytest.mark.usefixtures("told")
async def test_an_organiser_reads_compares_and_takes_the_figures_along(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in()
    asked = {"period": "2026", "by": "oblast", "against": "year"}
    page = (await visitor.get("/reports", **asked, show="attendances")).text
    for said in ("Key figures", "map-picture", "trend-picture", "Lviv oblast", "How each is counted"):
        assert said in page
    assert "/reports/figures.csv?period=2026&amp;by=oblast&amp;against=year" in page, "the address can be passed on"
    rows = json.loads((await visitor.get("/reports/figures.json", **asked)).text)["rows"]
    lviv = next(row for row in rows if row["name_uk"] == "Львівська область")
    assert (lviv["code"], lviv["from"], lviv["compared_to"]) == ("UA46000000000026241", "2026-01-01", "2025-11-25")
    assert lviv["attendances"] >= lviv["persons"] > lviv["persons_before"] - 8
    content = (await visitor.get("/reports/figures.csv", **asked)).content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(content)))
    assert [row["persons"] for row in table] == [str(row["persons"]) for row in rows], "the same in every format"
    book = load_workbook(io.BytesIO((await visitor.get("/reports/figures.xlsx", **asked)).content))
    assert [each.value for each in next(book.worksheets[0].iter_rows())] == list(rows[0])
    months = json.loads((await visitor.get("/reports/figures.json", period="2026", by="month")).text)["rows"]
    assert [row["code"] for row in months[1:]] == [f"2026-{month:02}" for month in range(1, 12)]
    assert (months[3]["from"], months[3]["to"], months[11]["to"]) == ("2026-03-01", "2026-03-31", "2026-11-25")
    assert sum(row["attendances"] for row in months[1:]) == months[0]["attendances"]
    assert (await visitor.get("/reports/figures.pdf")).status_code == 404
    by_project = {"period": "2026", "by": "project", "against": "year"}
    assert "Divided: by project" in (await visitor.get("/reports", **by_project)).text
    divided = json.loads((await visitor.get("/reports/figures.json", **by_project)).text)["rows"]
    assert divided[0]["attendances_before"] is not None
    assert sum(row["attendances"] for row in divided[1:]) == divided[0]["attendances"], "each is of one project or none"


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "asked",
    [
        {"period": "1066", "by": "weather", "against": "oblast:Марс", "oblast": "Марс", "show": "joy"},
        {"period": "2026-13", "organisation": "' OR 1=1", "kind": "castle", "programme": "0", "series": "0"},
        {"period": "all", "by": "year", "community": "UA00"},
    ],
)
async def test_what_an_address_says_wrongly_is_as_if_it_were_not_there(browser: Browser, asked: dict[str, str]) -> None:
    visitor = browser()
    await visitor.sign_in()
    page = await visitor.get("/reports", **asked)
    assert page.status_code == 200
    assert "Key figures" in page.text


@pytest.mark.usefixtures("told")
async def test_a_lead_compares_her_centre_and_staff_is_told_whom_it_is_for(browser: Browser) -> None:
    lead, staff = browser(), browser()
    await lead.sign_in(demo_directory.LEAD)
    page = (await lead.get("/reports", oblast="Сумська область", organisation="sumy", by="oblast")).text
    assert "Beside the network" in page
    assert "Lviv ASC" in page
    assert "Sumy" not in page, "nobody else's figures"
    await staff.sign_in(demo_directory.STAFF)
    refused = await staff.get("/reports")
    assert refused.status_code == 403
    assert "leads of centres" in refused.text


async def test_a_period_in_which_nothing_happened_says_what_to_do(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in()
    page = (await visitor.get("/reports", period="2011")).text
    assert "Nothing to count yet" in page
    assert "trend-picture" not in page


@pytest.mark.usefixtures("told")
async def test_open_data_are_for_anybody_where_they_are_switched_on(browser: Browser, open_to_all: Visitor) -> None:
    assert (await browser().get("/open-data")).status_code == 404
    assert (await browser().get("/open-data/oblasts.csv")).status_code == 404
    page = await open_to_all.get("/open-data")
    assert "creativecommons.org/licenses/by/4.0" in page.text
    answer = await open_to_all.get("/open-data/oblasts.csv")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert 'rel="describedby"' in answer.headers["link"]
    again = await open_to_all.client.get(
        "/open-data/oblasts.csv", headers={"If-None-Match": f'"x", W/{answer.headers["etag"]}'}
    )
    assert again.status_code == 304
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    lviv = next(row for row in rows if (row["step"], row["oblast_uk"]) == ("2026", "Львівська область"))
    assert (lviv["oblast_code"], lviv["from"], lviv["to"]) == ("UA46000000000026241", "2026-01-01", "2026-10-31")
    assert lviv["persons"] == "7"
    described = (await open_to_all.get("/open-data/oblasts.csv-metadata.json")).json()
    assert [each["name"] for each in described["tableSchema"]["columns"]] == list(rows[0])
    months = (await open_to_all.get("/open-data/months.json")).json()
    assert months["license"].endswith("/by/4.0/")
    assert months["rows"][-1]["step"] == "2026-10", "months that are over"
    assert (await open_to_all.get("/open-data/months.xlsx")).content.startswith(b"PK")
    told = (await open_to_all.get("/open-data/catalog.json")).json()
    addresses = [one["dcat:downloadURL"]["@id"] for each in told["dcat:dataset"] for one in each["dcat:distribution"]]
    assert len(addresses) == 6
    for each in addresses:
        assert (await open_to_all.get(each)).status_code == 200
    for wrong in ("people.csv", "oblasts.pdf", "people.csv-metadata.json"):
        assert (await open_to_all.get(f"/open-data/{wrong}")).status_code == 404
    answers = [(await open_to_all.get("/open-data/oblasts.csv-metadata.json")).status_code for _ in range(60)]
    assert answers[-1] == 429
