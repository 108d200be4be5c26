"""`/streaming`: to which services live streams go; and what an occurrence or a series has chosen of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response
from wtforms import PasswordField, SelectField, StringField

from lms.directory import queries as directory
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule import plan_queries
from lms.schedule.cards import OccurrencePage
from lms.schedule.models import Streaming
from lms.streaming import choosing, queries, targets
from lms.streaming.models import StreamRun, TargetKind
from lms.streaming.queries import TargetCard
from lms.streaming.rules import SILENT
from lms.streaming.targets import TargetDraft
from web import forms, panels, vocabulary
from web.errors import status_of
from web.forms import VisitForm, at_most, required, stripped
from web.guards import planners_only
from web.i18n import mark as _
from web.i18n import translate
from web.pages import occurrence
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()

SERVERS = {
    TargetKind.YOUTUBE: "rtmps://a.rtmps.youtube.com/live2",
    TargetKind.FACEBOOK: "rtmps://live-api-s.facebook.com:443/rtmp",
}
"""What the services name as the address of their servers (their help pages, 2026)."""
STATES = {
    "connecting": _("Connecting"),
    "live": _("On air"),
    "waiting": _("Trying again"),
    "failed": _("Given up"),
    "ended": _("Ended"),
}
PROBLEMS = {
    "address": _("The address is wrong."),
    "inner": _("Its name leads into a private network, which is not allowed here."),
    "unreachable": _("The server cannot be reached."),
    "refused": _("The server did not take the key."),
    "tls": _("The server's certificate is not in order."),
    "hung": _("The server took the connection and then nothing."),
    "slow": _("The line to it is too slow."),
    "ended": _("The server ended the connection."),
}
TROUBLES = {
    "disk_low": _("The server has little room left: soon the live stream will not be kept."),
    "not_kept": _("The server's disk is nearly full: the live stream goes on, but is not kept."),
    "gaps": _("The server cannot write the live stream to its disk: viewers miss parts of it."),
}
_REFUSED = (Invalid, Conflict, NotAllowed, NotFound)


class TargetForm(VisitForm):
    """A target; the key is asked for a new one only, and never filled in."""

    kind = SelectField(_("Service"), [required()], default=TargetKind.YOUTUBE.value)
    name = StringField(_("What it is called"), [required(), at_most(120)], filters=[stripped])
    server = StringField(_("Address of the server"), [required(), at_most(500)], filters=[stripped])
    key = PasswordField(_("Stream key"), [at_most(500)], filters=[stripped])
    page = StringField(_("Where the public sees it"), [at_most(500)], filters=[stripped])
    whose = SelectField(_("Whose it is"))

    def draft(self) -> TargetDraft:
        """What the domain takes."""
        sort, _colon, number = self.value("whose").partition(":")
        return TargetDraft(
            name=self.value("name"),
            kind=TargetKind(self.kind.data),
            server=self.value("server"),
            page=self.value("page"),
            owner_id=forms.whole(number) if sort == "organisation" else None,
            programme_id=forms.whole(number) if sort == "programme" else None,
        )


@router.get("/streaming")
def listing(visit: Reading) -> Response:
    """The targets that the visitor keeps, and a form for one more."""
    planners_only(visit)
    return _page(visit, _form(visit, None))


@router.post("/streaming")
def add(visit: Acting) -> Response:
    """A new target."""
    planners_only(visit)
    form = _form(visit, visit.form)
    if not form.validate():
        return _page(visit, form, status=422)
    try:
        targets.add(
            visit.session, visit.visitor, form.draft(), form.value("key"), visit.config.target_sealer, visit.now
        )
    except _REFUSED as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, form, status=status_of(refused), failure=said)
    return see_other("/streaming?done=added")


@router.post("/streaming/{target_id}")
def edit(target_id: int, visit: Acting) -> Response:
    """Another name, address or page; whose it is stays."""
    targets.managed(visit.session, visit.visitor, target_id)
    form = _form(visit, visit.form)
    form.whose.choices = [("", "")]
    form.whose.data = ""
    if not form.validate():
        return _page(visit, _form(visit, None), status=422, wrong=target_id, edited=form)
    try:
        targets.edit(visit.session, visit.visitor, target_id, form.draft(), visit.config.target_sealer, visit.now)
    except (Invalid, Conflict) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, _form(visit, None), status=status_of(refused), failure=said, wrong=target_id, edited=form)
    return see_other(f"/streaming?done=saved#target-{target_id}")


@router.post("/streaming/{target_id}/key")
def replace_key(target_id: int, visit: Acting) -> Response:
    """Another key."""
    key = forms.text(visit.form, "key")
    try:
        targets.set_key(visit.session, visit.visitor, target_id, key, visit.config.target_sealer, visit.now)
    except Invalid as refused:
        said = forms.sentence(visit, refused)
        return _page(visit, _form(visit, None), status=422, key_wrong=target_id, key_failure=said)
    return see_other(f"/streaming?done=saved#target-{target_id}")


@router.post("/streaming/{target_id}/switch")
def switch(target_id: int, visit: Acting) -> Response:
    """On or off."""
    enabled = forms.text(visit.form, "enabled") == "yes"
    targets.enable(visit.session, visit.visitor, target_id, visit.now, enabled=enabled)
    return see_other(f"/streaming?done=saved#target-{target_id}")


@router.post("/streaming/{target_id}/remove")
def remove(target_id: int, visit: Acting) -> Response:
    """Gone, with its key."""
    targets.remove(visit.session, visit.visitor, target_id, visit.now)
    return see_other("/streaming?done=removed")


@router.post("/schedule/{slug}/streaming")
def choose(slug: str, visit: Acting) -> Response:
    """Where an occurrence is streamed to."""
    form = visit.form
    chosen = None if forms.text(form, "as_series") == "yes" else _chosen(form)
    try:
        with visit.session.begin_nested():
            choosing.choose(visit.session, visit.visitor, slug, chosen, visit.now)
    except Invalid as refused:
        return occurrence.show(visit, slug, status=422, failure=forms.sentence(visit, refused))
    return see_other(f"/schedule/{slug}?done=saved#streaming")


@router.post("/series/{slug}/streaming")
def choose_for_series(slug: str, visit: Acting) -> Response:
    """Where each date of a series is streamed to."""
    choosing.choose_for_series(visit.session, visit.visitor, slug, list(_chosen(visit.form)), visit.now)
    return see_other(f"/series/{slug}?done=saved#streaming")


@panels.OCCURRENCE.register("streaming", place=4, column="main")
def live_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """For everybody: where to watch it live."""
    card = page.card
    if not queries.is_offered(page) or card.status == "cancelled":
        return None
    status = visit.config.live.status(page.meeting)
    running = status is not None and status.state != "ended" and visit.now - status.at < 10 * SILENT
    if card.ended and not running:
        return None
    if not running and page.streaming is not Streaming.PLANNED:
        return None
    viewers = visit.config.live.audience(status.stream).now if running and status else 0
    links = queries.public_links(visit.session, card.id, page.series_id)
    return {"running": running, "viewers": viewers, "meeting": page.meeting, "links": links}


def _not_yet_streamed(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    return _streams(visit, page, ()) if page.may_edit else None


@panels.OCCURRENCE.register("streams", place=27, column="side", given=queries.any_run, otherwise=_not_yet_streamed)
def streams_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """For those who edit it: where it goes to, how that fares and fared."""
    return _streams(visit, page, queries.runs_of(visit.session, page.card.id)) if page.may_edit else None


def _streams(visit: Visit, page: OccurrencePage, runs: Sequence[StreamRun]) -> dict[str, Any] | None:
    shown = queries.is_offered(page)
    if not shown and not runs:
        return None
    status = visit.config.live.status(page.meeting) if shown else None
    on_air = status is not None and status.state != "ended"
    return {
        "trouble": TROUBLES.get(status.trouble, "") if status is not None and on_air else "",
        "meeting": page.meeting if shown else "",
        "streaming": vocabulary.STREAMING[page.streaming if shown else "no"],
        "choice": queries.choice_of(visit.session, page) if shown and not page.card.ended else None,
        "typed": visit.form,
        "runs": [(run, queries.lines_of(run)) for run in runs],
        "states": STATES,
        "problems": PROBLEMS,
    }


def _chosen(form: FormData) -> dict[int, str]:
    """Numbers of the ticked targets, with the links of their posts."""
    ticked = [forms.whole(value) for value in form.getlist("targets")]
    return {number: forms.text(form, f"post-{number}") for number in ticked if number is not None}


def _form(visit: Visit, data: FormData | None) -> TargetForm:
    form = TargetForm(visit, data)
    form.kind.choices = vocabulary.choices(vocabulary.TARGET_KINDS, visit.language)
    form.whose.choices = _owners(visit)
    return form


def _owners(visit: Visit) -> list[tuple[str, str]]:
    """General, programmes, organisations: those for which the visitor may keep targets."""
    visitor, english = visit.visitor, visit.language == "en"
    found = [("", translate(visit.language, _("Every occurrence may use it")))] if visitor.is_administrator else []
    programmes = [card for card in plan_queries.programmes(visit.session, visitor) if card.may_edit]
    found += [
        (f"programme:{each.id}", each.title_en if english and each.title_en else each.title) for each in programmes
    ]
    organisations = [
        each
        for each in directory.organisations(visit.session)
        if visitor.organises_everything or each.id in visitor.organised_organisations
    ]
    return found + [
        (f"organisation:{each.id}", each.name_en if english and each.name_en else each.name_uk)
        for each in organisations
    ]


def _page(visit: Visit, form: TargetForm, *, status: int = 200, **more: Any) -> Response:
    rows: list[TargetCard] = queries.targets(visit.session, visit.visitor)
    nothing: dict[str, Any] = {"failure": "", "wrong": 0, "edited": None, "key_wrong": 0, "key_failure": ""}
    return visit.page(
        "streaming.html",
        status=status,
        rows=rows,
        form=form,
        kinds=vocabulary.TARGET_KINDS,
        servers=SERVERS,
        **(nothing | more),
    )
