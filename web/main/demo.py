"""The demo's endpoints: who they are when they join the meeting."""

from __future__ import annotations

from signaling.model import Presence, Role
from signaling.tokens import issue
from web.main.secrets import derive, master_key
from web.main.settings import Settings
from web.main.tokens import node_of

MEETING = "demo"
_ENDPOINTS = {
    "kyiv": ("Київ", "ЦНАП м. Києва"),
    "lviv": ("Львів", "ЦНАП м. Львова"),
    "sumy": ("Суми", "ЦНАП м. Суми"),
}


def endpoint_token(settings: Settings, endpoint: str) -> str:
    """A fresh token for `kyiv`, `lviv` or `sumy`."""
    name, organisation = _ENDPOINTS[endpoint]
    token = issue(
        meeting=MEETING,
        identity=f"endpoint:demo-{endpoint}",
        name=name,
        organisation=organisation,
        role=Role.PARTICIPANT,
        presence=Presence.ENDPOINT,
        node=node_of(MEETING, settings.media_nodes),
    )
    return token.sign(derive(master_key(settings.data), "token"))
