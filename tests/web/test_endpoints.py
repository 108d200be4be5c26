"""A shared device: a code on its screen, typed in once; then it knows by itself what to join."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.conftest import Clock
from tests.web.test_tokens import claims
from tests.web.visitor import ADMINISTRATOR, Visitor

Browser = Callable[..., Visitor]


async def paired(browser: Browser, label: str = "Навчальна зала") -> tuple[Visitor, Visitor]:
    """A paired device and the administrator who paired it."""
    device, administrator = browser(), browser(address="192.0.2.2")
    started = (await device.api("/api/endpoint/pairing", {})).json()
    waiting = await device.api("/api/endpoint/pairing/poll", {"secret": started["secret"]})
    assert waiting.json() == {"state": "waiting"}
    await administrator.sign_in(ADMINISTRATOR)
    page = await administrator.get("/endpoints")
    kyiv = page.text.split("ASC</option>")[0].rpartition('value="')[2].partition('"')[0]
    typed = started["code"].lower().replace("-", " ")
    answer = await administrator.post("/endpoints", code=typed, organisation=kyiv, label=label)
    assert answer.headers.get("location") == "/endpoints?done=paired", answer.text
    done = await device.api("/api/endpoint/pairing/poll", {"secret": started["secret"]})
    assert done.json() == {"state": "paired"}
    cookie = next(value for value in done.headers.get_list("set-cookie") if "device" in value)
    assert cookie.startswith("__Host-vikno-device=")
    assert "HttpOnly" in cookie
    assert "Max-Age=34560000" in cookie, "it survives a loss of power"
    return device, administrator


async def test_a_paired_device_shows_the_day_and_knows_what_to_join(browser: Browser, clock: Clock) -> None:
    assert (await browser().get("/api/endpoint/state")).json()["paired"] is False
    device, administrator = await paired(browser)
    state = (await device.get("/api/endpoint/state")).json()
    assert state["paired"] is True
    assert state["organisation"].endswith("ASC")
    assert state["clock"] == "09:00"
    live = [entry for entry in state["entries"] if entry["live"]]
    assert live[0]["meeting"] == "demo"
    assert state["join"]["meeting"] == "demo"
    assert "Навчальна зала" in (await administrator.get("/endpoints")).text
    room = await device.get("/meet/demo", **{"as": "endpoint"})
    assert '"autoJoin": true' in room.text
    assert '"backUrl": "/endpoint"' in room.text
    said = claims(await device.api("/api/meetings/demo/token?as=endpoint", {}))
    assert str(said["identity"]).startswith("endpoint:")
    assert said["presence"] == "endpoint"
    assert said["role"] == "participant"


async def test_a_revoked_device_is_a_stranger_at_once(browser: Browser) -> None:
    device, administrator = await paired(browser)
    page = await administrator.get("/endpoints")
    revoke = page.text.split("Навчальна зала")[1].partition('action="')[2].partition('"')[0]
    assert (await administrator.post(revoke)).status_code == 303
    answer = await device.get("/api/endpoint/state")
    assert answer.json()["paired"] is False
    assert any("vikno-device=" in value and "Max-Age=0" in value for value in answer.headers.get_list("set-cookie"))


async def test_a_wrong_code_is_told_and_what_was_typed_is_kept(browser: Browser) -> None:
    administrator = browser()
    await administrator.sign_in(ADMINISTRATOR)
    page = await administrator.get("/endpoints")
    kyiv = page.text.split("ASC</option>")[0].rpartition('value="')[2].partition('"')[0]
    answer = await administrator.post("/endpoints", code="WRONGCODE", organisation=kyiv, label="Зала")
    assert answer.status_code == 422
    assert "No device shows this code" in answer.text
    assert 'value="WRONGCODE"' in answer.text
    assert 'value="Зала"' in answer.text
    answers = [await administrator.post("/endpoints", code="X", organisation=kyiv, label="Y") for _ in range(11)]
    assert answers[-1].status_code == 429, "codes cannot be guessed"


async def test_the_secret_of_a_pairing_is_no_code(browser: Browser) -> None:
    device = browser()
    answer = await device.api("/api/endpoint/pairing/poll", {"secret": "x" * 43})
    assert answer.json() == {"state": "expired"}
    assert (await device.api("/api/endpoint/pairing/poll", {"secret": "x"})).status_code == 422
