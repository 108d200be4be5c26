"""`/recordings/{recording}`: to watch it, with what was said beside it; its terms; its files by short-lived links."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from babel import Locale
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from lms.errors import Conflict, Invalid, NotFound
from lms.media import actions, consents, queries
from lms.media.models import ConsentAnswer, DeletionReason, DeletionScope, RecordingState, Watching
from lms.media.queries import RecordingFile, RecordingPage
from lms.schedule.cards import OccurrencePage
from lms.schedule.models import Ending
from web import forms, panels, spreadsheets, vocabulary
from web.errors import status_of
from web.i18n import mark as _
from web.i18n import translate
from web.visits import Acting, Reading, Visit, see_other, site_of

router = APIRouter(prefix="/recordings")

LINK_S = 6 * 3600
"""How long a link to a file works: longer than anybody watches at a stretch."""
WATCHING = {
    Watching.EDITORS: _("Only whoever manages the occurrence"),
    Watching.PARTICIPANTS: _("Those who took part, were invited or registered"),
    Watching.NETWORK: _("The network's people and endpoints"),
    Watching.PUBLIC: _("Everybody"),
}
STATES = {
    RecordingState.CAPTURING: _("Being recorded"),
    RecordingState.QUEUED: _("Waits to be made"),
    RecordingState.PROCESSING: _("Being made"),
    RecordingState.READY: _("Ready"),
    RecordingState.EMPTY: _("Nothing was said or shown"),
    RecordingState.FAILED: _("Could not be made"),
    RecordingState.WITHDRAWN: _("Deleted"),
}
QUALITIES = {
    "composition": ("usual", _("Usual")),
    "small": ("small", _("Small picture")),
    "sound": ("sound", _("Sound only")),
}
"""The same recording for lines of different strength: its files by what they are, how an address names them, and words.
"""
CHAPTER_KINDS = {
    "agenda": _("agenda"),
    "question": _("question"),
    "screen": _("screen"),
    "document_camera": _("second camera"),
    "speaker": _("speaker"),
}
"""What a chapter is, in a word beside its title."""
SCOPES = {
    DeletionScope.EVERYTHING: _("Everything"),
    DeletionScope.RAW: _("What was captured"),
}
REASONS = {
    DeletionReason.ORDERED: _("ordered"),
    DeletionReason.EXPIRED: _("its time was over"),
}
ANSWERS = {
    ConsentAnswer.TOLD: _("was told"),
    ConsentAnswer.JOINED: _("came in after the notice"),
    ConsentAnswer.UNDERSTOOD: _("said that they understood"),
    ConsentAnswer.QUIET: _("went on without camera and microphone"),
}
LANGUAGES = {"uk": _("Ukrainian"), "en": _("English")}
_CAPTIONS = re.compile(r"(?:captions|[0-9a-f]{16}(?:-\d+)?)\.([A-Za-z0-9-]+)\.vtt")
_WORKING = (RecordingState.CAPTURING, RecordingState.QUEUED, RecordingState.PROCESSING)


@router.get("/{recording}")
def page(recording: str, visit: Reading, part: int = 1, quality: str = "") -> Response:
    """The recording; `part` of one that has several films, `quality` of one that is there for weak lines too."""
    return _page(visit, recording, part=part, quality=quality)


@router.get("/{recording}/state")
def state(recording: str, visit: Reading) -> Response:
    """How far it is, for the page that waits for it."""
    found = queries.page(visit.session, visit.visitor, recording, visit.now)
    card = found.card
    return JSONResponse({"state": card.state.value, "progress": round(card.progress, 3)})


@router.get("/{recording}/files/{name:path}")
def file(request: Request, recording: str, name: str, signed: str = "", save: str = "") -> Response:
    """A file, whole or a range of it (RFC 9110 section 14). The link is enough: players bring no cookies everywhere."""
    config = site_of(request).config
    if not config.links.fresh(_purpose(recording, name), signed, LINK_S):
        raise NotFound("link_unknown", "This link has expired. Open the recording's page again.")
    try:
        path = config.recordings.path(recording, name)
    except FileNotFoundError as error:
        raise NotFound("recording_unknown", "There is no such file any more.") from error
    headers = {"Cache-Control": f"private, max-age={LINK_S}", "Referrer-Policy": "no-referrer"}
    kind = "audio/mp4" if path.suffix == ".m4a" else None
    """Not every system knows it; of others the name says enough."""
    saved = f"{recording}-{path.name}" if save else None
    return FileResponse(path, media_type=kind, filename=saved, headers=headers)


@router.post("/{recording}/terms")
def terms(recording: str, visit: Acting) -> Response:
    """Who may watch, and how long it is kept."""
    form = visit.form
    try:
        until = forms.text(form, "keep_until")
        chosen = actions.Terms(
            watching=Watching(forms.text(form, "watching")),
            downloadable=forms.text(form, "downloadable") == "yes",
            keep_until=date.fromisoformat(until) if until else None,
            held=forms.text(form, "held") == "yes",
            ending=Ending(forms.text(form, "ending") or Ending.EVERYTHING),
        )
    except ValueError:
        return _page(
            visit, recording, status=422, failure=forms.sentence(visit, Invalid("input_invalid", "A choice or a date."))
        )
    actions.set_terms(visit.session, visit.visitor, recording, chosen, visit.now)
    return see_other(f"/recordings/{recording}?done=saved")


@router.post("/{recording}/delete")
def delete(recording: str, visit: Acting) -> Response:
    """Its media, for good."""
    slug = queries.page(visit.session, visit.visitor, recording, visit.now).occurrence_slug
    try:
        actions.withdraw(visit.session, visit.visitor, recording, visit.now)
    except Conflict as refused:
        return _page(visit, recording, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/schedule/{slug}?done=removed" if slug else "/schedule?done=removed")


@router.get("/{recording}/consents.csv")
def consents_file(recording: str, visit: Reading) -> Response:
    """Who was told that they are recorded, and what they answered."""
    found = consents.of_recording(visit.session, visit.visitor, recording, visit.now)
    names = (_("Name"), _("Who"), _("Told at"), _("Answer"), _("Answered at"), _("Version of the notice"))
    rows = [
        (
            one.name,
            one.identity,
            one.told_at,
            translate(visit.language, ANSWERS[one.answer]),
            one.answered_at,
            one.notice,
        )
        for one in found
    ]
    content = spreadsheets.csv_bytes([translate(visit.language, name) for name in names], rows)
    return spreadsheets.download(content, "text/csv", f"{recording}-consents.csv")


@router.get("/{recording}/deletions/{number}.txt")
def deletion_file(recording: str, number: int, visit: Reading) -> Response:
    """The list of files of which the record of a deletion holds the digest."""
    listing = queries.listing_of_deletion(visit.session, visit.visitor, recording, number, visit.now)
    return spreadsheets.download(listing.encode(), "text/plain", f"{recording}-deletion-{number}.txt")


@router.post("/{recording}/rebuild")
def rebuild(recording: str, visit: Acting) -> Response:
    """Once more from what was captured."""
    if not queries.page(visit.session, visit.visitor, recording, visit.now).may_manage:
        raise NotFound("recording_unknown", "There is no such recording, or it is not for you.")
    try:
        actions.rebuild(visit.session, recording, visit.visitor.actor, visit.now)
    except Conflict as refused:
        return _page(visit, recording, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/recordings/{recording}")


@panels.OCCURRENCE.register("recordings", place=5, column="main", given=queries.any_of)
def recordings_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """What was recorded of the occurrence."""
    found = queries.of_occurrence(visit.session, visit.visitor, page.card.id, visit.now)
    return {"recordings": found, "states": STATES} if found else None


def _page(
    visit: Visit, code: str, *, status: int = 200, failure: str = "", part: int = 1, quality: str = ""
) -> Response:
    shown = queries.page(visit.session, visit.visitor, code, visit.now)
    return visit.page(
        "recording.html",
        status=status,
        failure=failure,
        page=shown,
        card=shown.card,
        states=STATES,
        watching={each: WATCHING[each] for each in shown.offered},
        working=shown.card.state in _WORKING,
        player=_player(visit, shown, part, quality) if shown.files else None,
        downloads=_downloads(visit, shown),
        chapter_kinds=CHAPTER_KINDS,
        languages=LANGUAGES,
        language_name=language_name,
        endings=vocabulary.ENDINGS,
        scopes=SCOPES,
        reasons=REASONS,
        consents=_consents(visit, shown),
        answers=ANSWERS,
        stamp=stamp,
    )


def _consents(visit: Visit, shown: RecordingPage) -> dict[str, Any] | None:
    """Who knew that it was recorded, for those who manage it."""
    if not shown.may_manage:
        return None
    found = consents.of_recording(visit.session, visit.visitor, shown.card.code, visit.now)
    counts = {answer: sum(one.answer is answer for one in found) for answer in ConsentAnswer}
    return {"counts": counts, "people": found[: consents.MOST_SHOWN], "total": len(found)} if found else None


def stamp(seconds: float) -> str:
    """`1:02:03`, or `2:03` within the first hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _player(visit: Visit, shown: RecordingPage, part: int, quality: str) -> dict[str, Any] | None:
    """What there is to play, and what was said beside it, with links that work for a while."""
    try:
        playback = visit.config.recordings.playback(shown.card.code)
    except FileNotFoundError:
        return None
    named = {each.name: _link(visit, shown.card.code, each.name) for each in shown.files}
    parts: list[dict[str, Any]] = playback.get("parts", [])  # type: ignore[assignment]
    if 1 < part <= len(parts):
        playback = playback | parts[part - 1]
    more = {"links": named, "part": part if part <= len(parts) else 1, "parts": len(parts)}
    found: dict[str, Any] = {"questions": [], "transcript": []} | playback | more
    # While it is made anew, what is published is ahead of what is known of it for a moment.
    found["captions"] = [each for each in found["captions"] if each["file"] in named]
    found |= {each: found[each] if found[each] in named else "" for each in ("poster", "chapters_file")}
    if found["video"] not in named:
        return None
    choices = [] if parts else _qualities(visit, shown, named)
    chosen = next((each for each in choices if each["kind"] == quality), choices[0] if choices else None)
    usual = {"link": named[found["video"]], "type": "video/mp4", "kind": "usual"}
    return found | {"qualities": choices, "chosen": chosen or usual, "asked": bool(quality)}


def _qualities(visit: Visit, shown: RecordingPage, links: dict[str, str]) -> list[dict[str, Any]]:
    """What one may choose from, the usual one first; nothing where there is nothing to choose."""
    found: list[dict[str, Any]] = [
        {"kind": kind, "words": words, "size": each.size, "type": each.media_type, "link": links[each.name]}
        for source, (kind, words) in QUALITIES.items()
        for each in shown.files
        if each.source == source
    ]
    found += [
        {
            "kind": f"in-{each.label}",
            "words": "",
            "language": language_name(each.label, visit.language),
            "size": each.size,
            "type": each.media_type,
            "link": links[each.name],
        }
        for each in shown.files
        if each.source == "channel"
    ]
    return found if len(found) > 1 else []


def language_name(tag: str, language: str) -> str:
    """What a language is called in another."""
    return str(Locale.parse(language).languages.get(tag.partition("-")[0].lower(), tag))


def _downloads(visit: Visit, shown: RecordingPage) -> list[dict[str, Any]]:
    """The whole as one file, its captions, and what each participant sent."""
    if not shown.downloadable or shown.card.state is not RecordingState.READY:
        return []
    kinds = ("composition", "channel", "small", "sound", "captions", "person")
    wanted = [(kind, label, each) for each in shown.files for kind, label in [_offered(each)] if kind in kinds]
    return [
        {
            "label": label,
            "kind": kind,
            "type": each.name.rpartition(".")[2].upper(),
            "size": each.size,
            "link": _link(visit, shown.card.code, each.name) + "&save=1",
        }
        for kind, label, each in sorted(wanted, key=lambda one: (kinds.index(one[0]), one[1]))
    ]


def _offered(file: RecordingFile) -> tuple[str, str]:
    """What a file is to whoever downloads it, and what names it."""
    captions = _CAPTIONS.fullmatch(file.name)
    if captions:
        return "captions", captions[1]
    return file.source, file.label or file.name


def _link(visit: Visit, code: str, name: str) -> str:
    signed = visit.config.links.sign_for_a_while(_purpose(code, name))
    return f"/recordings/{code}/files/{quote(name)}?{urlencode({'signed': signed})}"


def _purpose(code: str, name: str) -> str:
    return f"recording {code} {name}"
