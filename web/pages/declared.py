"""`/declared`: certificates from elsewhere. Their own person's, and what was shown to leads and organisers."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.credentials import external_actions, external_files, external_queries, records, seals
from lms.credentials.profiles import Profiles
from lms.errors import Conflict, Invalid, NotAllowed
from web import credential_words, forms
from web.errors import status_of
from web.external_form import ExternalForm
from web.i18n import mark as _
from web.problems import Problem
from web.templating import local
from web.visits import Acting, Reading, Sending, Visit, before_upload, see_other

router = APIRouter()

MENDABLE = (Conflict, Invalid)


@router.get("/declared")
def shown(visit: Reading, page: Annotated[int, Query(ge=0, le=1000)] = 0) -> Response:
    """What people have shown to those who lead or organise their organisation."""
    found = external_queries.shown_to(visit.session, visit.visitor, visit.now, page=page)
    return visit.page("declared.html", found=found, number=page, more=len(found) == external_queries.MOST)


@router.get("/me/declared/new")
def new(visit: Reading) -> Response:
    """A file or a link, and what it says."""
    _person(visit)
    return _form(visit, ExternalForm(visit, None))


@router.post("/me/declared/new", dependencies=[before_upload(lambda visit: _may_send(visit))])
def declare(visit: Sending) -> Response:
    """Kept; its page follows. The file is looked at first, while nobody waits to write."""
    _person(visit)
    form = ExternalForm(visit, visit.form).offer(external_queries.areas(visit.session))
    sent = visit.form.get("file")
    if not form.validate():
        return _form(visit, form, status=422)
    try:
        file = _looked(visit, sent) if isinstance(sent, UploadFile) and sent.filename else None
        with visit.config.database.writing() as session:
            made = external_actions.declare(session, visit.visitor, form.draft(), file, visit.config.files, visit.now)
            code = made.code
    except MENDABLE as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form(visit, form, status=status_of(refused), failure=said)
    return see_other(f"/declared/{code}?done=external_declared")


def _looked(visit: Visit, sent: UploadFile) -> external_files.Looked:
    config = visit.config
    trust = Profiles(config.known_issuers, config.known_lists, records.Records(visit.session))
    seal = seals.looker(seals.Records(visit.session), config.seal_authorities, visit.now)
    contents = sent.file.read(external_files.LARGEST + 1)
    return external_files.look(visit.session, visit.visitor, sent.filename or "", contents, trust, visit.now, seal)


@router.get("/declared/{external_code}")
def one(external_code: str, visit: Reading) -> Response:
    """For its person, and for those whom it was shown to."""
    return _page(visit, external_code)


@router.get("/declared/{external_code}/file")
def file(external_code: str, visit: Reading) -> Response:
    """The file, always as an attachment."""
    name, media_type, contents = external_queries.file_of(
        visit.session, visit.visitor, external_code, visit.config.files, visit.now
    )
    # RFC 6266 section 4.3: the name as it was given, whatever letters it has.
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return Response(contents, media_type=media_type, headers=headers)


@router.post("/declared/{external_code}/share")
def share(external_code: str, visit: Acting) -> Response:
    """Show it, or no longer."""
    wanted = forms.text(visit.form, "open") == "yes"
    external_actions.share(visit.session, visit.visitor, external_code, visit.now, open_=wanted)
    return see_other(f"/declared/{external_code}?done=external_{'shown' if wanted else 'hidden'}")


@router.post("/declared/{external_code}/remove")
def remove(external_code: str, visit: Acting) -> Response:
    """It is gone for everybody."""
    external_actions.remove(visit.session, visit.visitor, external_code, visit.now)
    return see_other("/me/certificates?done=removed")


@router.post("/declared/{external_code}/seen")
def seen(external_code: str, visit: Acting) -> Response:
    """A lead or organiser notes that they have looked at it."""
    note = forms.text(visit.form, "note")
    try:
        external_actions.note_seen(visit.session, visit.visitor, external_code, note, visit.now)
    except (*MENDABLE, NotAllowed) as refused:
        said = forms.sentence(visit, refused)
        return _page(visit, external_code, status=status_of(refused), failure=said, note=note)
    return see_other(f"/declared/{external_code}?done=external_seen")


def _person(visit: Visit) -> None:
    if visit.visitor.person_id is None:
        raise Problem(401, "sign_in_needed", _("Your certificates are yours alone. Sign in first."))


def _may_send(visit: Visit) -> None:
    _person(visit)
    visit.site.limits.check("verify_file", visit.request)


def _form(visit: Visit, form: ExternalForm, *, status: int = 200, failure: str = "") -> Response:
    areas = external_queries.areas(visit.session)
    return visit.page("declared_form.html", status=status, form=form.offer(areas), areas=areas, failure=failure)


def _page(visit: Visit, code: str, *, status: int = 200, failure: str = "", note: str = "") -> Response:
    page = external_queries.page_of(visit.session, visit.visitor, code, visit.now)
    return visit.page(
        "declared_one.html",
        status=status,
        page=page,
        row=page.row,
        failure=failure,
        note=note,
        words=credential_words,
        today=local(visit.now).date(),
    )
