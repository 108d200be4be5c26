"""`/live/{meeting}`: the public page of a live stream, and under it the stream's files and what its page asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lms.errors import NotFound
from lms.schedule.models import Streaming
from lms.streaming import queries
from lms.streaming.library import LiveStatus
from lms.streaming.queries import PublicStream
from lms.streaming.rules import SILENT
from signaling.tokens import ProgramToken
from web import problems
from web.i18n import mark as _
from web.i18n import translate
from web.problems import Problem
from web.security import ANYWHERE
from web.visits import Reading, Visit, site_of

router = APIRouter(prefix="/live")

Fares = Literal["none", "starting", "live", "away", "ended"]
WATCH_TOKEN_S = 120
"""Long enough to begin to watch; who watches stays without it."""
WAITS_AFTER = timedelta(hours=2)
"""So long after the planned end a stream that never began is not waited for any more."""
LANGUAGES = {"uk": "Українська", "en": "English"}

WORDS = {
    "live": _("Live"),
    "delayed": _("A few seconds behind"),
    "said_live": _("You see it live. Press for a steadier picture with a delay of a few seconds."),
    "said_delayed": _("You see it with a delay of a few seconds. Press to try without the delay."),
    "starting": _("It begins in a moment."),
    "connecting": _("Connecting…"),
    "away": _("There was an interruption. The picture comes back by itself."),
    "ended": _("The live stream has ended."),
    "play": _("Play"),
    "pause": _("Pause"),
    "mute": _("Mute"),
    "unmute": _("Switch the sound on"),
    "fullscreen": _("Full screen"),
    "window": _("Leave full screen"),
    "viewers": _("Viewers: {count}"),
    "no_captions": _("No captions"),
    "floor": _("The room"),
    "interpretation": _("Interpretation"),
    "begins_in": _("Begins in {time}"),
    "begins_soon": _("It is time: the stream begins any moment now."),
    "cannot": _("Your browser cannot play this stream. Try another one, or open the playlist in a player."),
    "trouble": _("The stream does not come through. We keep trying."),
}
"""What the page's script says."""


@router.get("/{meeting}")
def page(meeting: str, visit: Reading) -> Response:
    """The page: before, while and after it is streamed."""
    return shown(visit, meeting)


def shown(visit: Visit, meeting: str, *, status: int = 200, asked: dict[str, str] | None = None) -> Response:
    """The page. `asked`: a question that was not taken, and why."""
    found = queries.public_stream(visit.session, meeting)
    stream = visit.config.live.status(meeting)
    fares = fares_of(stream, visit.now)
    if found.occurrence_id is None and stream is None:
        raise NotFound("stream_unknown", "There is no live stream here.")
    over = found.ends_at is not None and visit.now > found.ends_at + WAITS_AFTER
    stage = "cancelled" if found.cancelled else "over" if fares == "none" and over else fares
    return visit.page(
        "live.html",
        status=status,
        live=found,
        stage=stage,
        waits=stage in ("none", "starting", "live", "away") or (stage == "ended" and not over),
        viewers=visit.site.live.watching(stream.stream) if stream is not None and fares != "ended" else 0,
        asked={"name": "", "text": "", "failure": ""} | (asked or {}),
        config=_config(visit, found, fares),
        link=f"{visit.config.public_url}/live/{meeting}",
        playlist=f"/live/{meeting}/index.m3u8",
        planned=found.streaming is Streaming.PLANNED,
    )


@router.get("/{meeting}/state")
async def state(request: Request, meeting: str, viewer: str = "", first: str = "", way: str = "") -> Response:
    """How it fares, for pages that are open, each few seconds; `viewer` is their random number while they play."""
    site = site_of(request)
    if not await site.live.open_to_public(meeting):
        return _told({"state": "none", "viewers": 0})
    if viewer:
        site.live.viewer(meeting, viewer, began=bool(first), by_files=way != "whep")
    status = site.live.status(meeting)
    assert status is not None
    fares = fares_of(status, site.config.clock())
    return _told(
        {
            "state": fares,
            "stream": status.stream,
            "viewers": site.live.watching(status.stream) if fares != "ended" else 0,
            "captions": list(status.captions),
            "sounds": list(status.sounds),
        }
    )


@router.get("/{meeting}/watch")
async def watch(request: Request, meeting: str) -> Response:
    """What a player needs to take the stream by WHEP: the address and a token that opens nothing else."""
    site = site_of(request)
    if not await site.live.open_to_public(meeting):
        return _nothing()
    token = ProgramToken(meeting=meeting, node=site.config.node_of(meeting))
    signed = token.sign(site.config.token_key, lifetime_s=WATCH_TOKEN_S)
    return _told({"whep": f"/whep/{meeting}?source=program", "token": signed})


@router.get("/{meeting}/{name:path}")
async def file(request: Request, meeting: str, name: str) -> Response:
    """A playlist, a segment, a line of captions."""
    desk = site_of(request).live
    if not await desk.open_to_public(meeting):
        return _nothing()
    found = desk.file(request, meeting, name)
    if found is None:
        return _nothing()
    if name.endswith(".m3u8"):
        desk.player(request, meeting)
    return found


def fares_of(status: LiveStatus | None, now: datetime) -> Fares:
    """How a stream fares."""
    if status is None:
        return "none"
    if status.state == "ended":
        return "ended"
    return "away" if now - status.at > SILENT else status.state


def _told(what: dict[str, Any]) -> Response:
    return JSONResponse(what, headers={"Cache-Control": "no-store"})


def _nothing() -> Response:
    answer = problems.document(Problem(404, "stream_unknown", "There is no such file of a live stream here."))
    answer.headers.update(ANYWHERE)
    return answer


def _config(visit: Visit, found: PublicStream, fares: Fares) -> dict[str, Any]:
    """What the page's script reads from `#live-config` (`web/client/src/site/live/config.ts`)."""
    language = visit.language
    return {
        "base": f"/live/{found.meeting}",
        "language": language,
        "state": fares,
        "startsAt": found.starts_at.isoformat() if found.starts_at else "",
        "languages": LANGUAGES,
        "words": {name: translate(language, words) for name, words in WORDS.items()},
    }
