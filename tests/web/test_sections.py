"""Routes are sorted by what their addresses look like: few are tried for a page, and the right one answers."""

from __future__ import annotations

from unittest.mock import patch

from fastapi import APIRouter
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient

from web.app import create_app
from web.config import WebConfig
from web.pages import SECTIONS
from web.sections import look_of, sections
from web.visits import reading


def test_each_section_holds_what_looks_alike_in_the_order_given() -> None:
    one, other = APIRouter(), APIRouter(prefix="/b/{slug}")
    for router, path in ((one, "/b/files/{name:path}"), (one, "/b/new"), (one, "/a"), (other, ""), (other, "/edit")):
        router.get(path)(lambda: None)
    found = [
        [route.path for route in section.routes if isinstance(route, APIRoute)] for section in sections([one, other])
    ]
    assert found == [["/b/new", "/b/{slug}"], ["/a"], ["/b/{slug}/edit"], ["/b/files/{name:path}"]]


def test_an_address_has_one_look() -> None:
    assert look_of("/") == ("", 1)
    assert look_of("/schedule") == ("schedule", 1)
    assert look_of("/schedule/1/attendance.csv") == ("schedule", 3)
    assert max(len(section.routes) for section in SECTIONS) < 40


async def test_few_routes_are_tried_and_pages_are_no_api(config: WebConfig) -> None:
    app = create_app(config)
    assert all(path.startswith(("/api/", "/internal/")) for path in app.openapi()["paths"])
    tried: list[str] = []
    matches = APIRoute.matches

    def noted(route: APIRoute, scope: dict[str, object]) -> object:
        tried.append(route.path)
        return matches(route, scope)

    with patch.object(APIRoute, "matches", noted):
        async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
            assert (await client.get("/help")).status_code == 200
            assert (await client.get("/nothing/here")).status_code == 404
            assert (await client.put("/help")).status_code == 405
            assert (await client.get("/help/", follow_redirects=False)).headers["location"].endswith("/help")
    pages = [path for path in tried if not path.startswith(("/api/", "/internal/"))]
    assert len(pages) < 20, "of two hundred"


def test_no_page_takes_more_than_one_way_to_a_thread_to_be_read() -> None:
    routes = [route for section in SECTIONS for route in section.routes if isinstance(route, APIRoute)]
    assert len(routes) > 200
    assert [route.path for route in routes if any(each.call is reading for each in route.dependant.dependencies)] == []
