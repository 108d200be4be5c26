"""`/endpoint`: the screen of a shared device in a meeting room. Its browser script asks `/api/endpoint/state`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from web.i18n import mark as _
from web.i18n import translate
from web.visits import Reading

WORDS = {
    "pair_title": _("Connect this device"),
    "pair_text": _("An administrator opens Vikno, chooses “Endpoints” and types in this code. It is needed only once."),
    "code_label": _("Code"),
    "code_renewed": _("The code is renewed by itself every few minutes."),
    "today": _("Today"),
    "nothing_today": _("Nothing is planned for today."),
    "next_joins": _("Joins by itself at {time}"),
    "on_now": _("On now"),
    "join_now": _("Join now"),
    "stay": _("Stay here"),
    "returns": _("This device goes back into the meeting in a moment."),
    "cancelled": _("Cancelled"),
    "offline": _(
        "No connection to Vikno since {time}. The device tries again by itself; check the network cable or Wi-Fi."
    ),
    "awake_off": _("This browser cannot keep the screen awake. Switch the screen saver off in the system's settings."),
    "busy": _("Too many devices ask for a code. The device tries again by itself in a minute."),
    "endpoint": _("Endpoint"),
}
"""Everything that the screen's script says, for the catalogues."""

router = APIRouter()


@router.get("/endpoint")
def screen(visit: Reading) -> Response:
    """The screen, whether the device is paired or not."""
    config: dict[str, Any] = {
        "language": visit.language,
        "csrf": visit.csrf,
        "words": {key: translate(visit.language, sentence) for key, sentence in WORDS.items()},
        "site": visit.config.public_url,
    }
    return visit.page("endpoint_screen.html", screen=config)
