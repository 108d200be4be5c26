"""`/classes`: somebody teaches a class in a library or a training centre: who is in it, how far they are, sittings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.courses.choices import courses_to_choose
from lms.courses.classes import names, queries, rosters, sittings
from lms.courses.classes.access import expect_holder, held
from lms.courses.classes.names import Listed
from lms.courses.classes.rosters import ClassDraft
from lms.directory.imports import reading
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from web import forms
from web.course_words import STATES
from web.errors import status_of
from web.result_words import STATES as ATTEMPTS
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other

router = APIRouter(prefix="/classes")
MENDABLE = (Conflict, Invalid, NotFound, NotAllowed)
MINUTES = (45, 90, 180, 240, 480)


@router.get("")
def index(visit: Reading, page: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
    """One's own classes."""
    found, total = queries.classes(visit.session, visit.visitor, visit.now, page)
    return visit.page("classes.html", found=found, number=page, pages=-(-total // queries.PAGE))


@router.get("/new")
def new(visit: Reading) -> Response:
    """An empty form."""
    return _new(visit)


@router.post("/new")
def create(visit: Acting) -> Response:
    """A class; its people are brought in on its page."""
    form = visit.form
    draft = ClassDraft(
        forms.text(form, "title"),
        forms.text(form, "course"),
        forms.whole(form.get("organisation", "")),
        forms.text(form, "room"),
    )
    expect_holder(visit.visitor)
    try:
        made = rosters.create(visit.session, visit.visitor, draft, visit.now)
    except MENDABLE as refused:
        return _new(visit, refused)
    return see_other(f"/classes/{made.id}?done=class_made")


@router.get("/{class_id}")
def show(class_id: int, visit: Reading) -> Response:
    """Who is in it, how far they are, when they met."""
    return _show(visit, class_id)


@router.post("/{class_id}/people", dependencies=[before_upload(lambda visit: _expect_holder(visit))])
def add(class_id: int, visit: Uploading) -> Response:
    """A list, typed or pasted, or a table as a file."""
    try:
        added = rosters.add(visit.session, visit.visitor, class_id, _listed(visit), visit.now)
    except (Conflict, Invalid) as refused:
        return _show(visit, class_id, refused)
    return see_other(f"/classes/{class_id}?done={'class_people' if added.new else 'class_people_there'}")


@router.post("/{class_id}/people/{member_id}/remove")
def remove(class_id: int, member_id: int, visit: Acting) -> Response:
    """Not in the class any more."""
    rosters.remove(visit.session, visit.visitor, class_id, member_id, visit.now)
    return see_other(f"/classes/{class_id}?done=removed")


@router.post("/{class_id}/close")
def close(class_id: int, visit: Acting) -> Response:
    """The class is over."""
    try:
        rosters.close(visit.session, visit.visitor, class_id, visit.now)
    except Conflict as refused:
        return _show(visit, class_id, refused)
    return see_other(f"/classes/{class_id}?done=saved")


@router.post("/{class_id}/leave")
def leave(class_id: int, visit: Acting) -> Response:
    """Of one's own will: the facilitator sees nothing more."""
    rosters.leave(visit.session, visit.visitor, class_id, visit.now)
    return see_other("/courses?done=class_left")


@router.post("/{class_id}/sittings")
def open_sitting(class_id: int, visit: Acting) -> Response:
    """A code, from now on."""
    minutes, lesson = forms.whole(visit.form.get("minutes", "")) or 0, forms.text(visit.form, "lesson")
    try:
        made = sittings.open_sitting(visit.session, visit.visitor, class_id, minutes, visit.now, lesson_key=lesson)
    except (Conflict, Invalid) as refused:
        return _show(visit, class_id, refused)
    return see_other(f"/classes/{class_id}/sittings/{made.id}")


@router.get("/{class_id}/sittings/{sitting_id}")
def sitting(class_id: int, sitting_id: int, visit: Reading) -> Response:
    """The code; who sits, who is in the test, what came of it, who was there."""
    return _sitting(visit, class_id, sitting_id)


@router.post("/{class_id}/sittings/{sitting_id}/present")
def present(class_id: int, sitting_id: int, visit: Acting) -> Response:
    """Who was there: the ticks as they stand."""
    here = {int(name[5:]) for name in visit.form if name.startswith("here-") and name[5:].isdecimal()}
    sittings.mark_present(visit.session, visit.visitor, class_id, sitting_id, here, visit.now)
    return see_other(f"/classes/{class_id}/sittings/{sitting_id}?done=saved")


@router.post("/{class_id}/sittings/{sitting_id}/again/{member_id}")
def again(class_id: int, sitting_id: int, member_id: int, visit: Acting) -> Response:
    """The name may be used once more."""
    return _done(
        visit,
        class_id,
        sitting_id,
        lambda: sittings.let_in_again(visit.session, visit.visitor, class_id, sitting_id, member_id, visit.now),
    )


@router.post("/{class_id}/sittings/{sitting_id}/prolong")
def prolong(class_id: int, sitting_id: int, visit: Acting) -> Response:
    """Longer."""
    minutes = forms.whole(visit.form.get("minutes", "")) or 0
    return _done(
        visit,
        class_id,
        sitting_id,
        lambda: sittings.prolong(visit.session, visit.visitor, class_id, sitting_id, minutes, visit.now),
    )


@router.post("/{class_id}/sittings/{sitting_id}/end")
def end(class_id: int, sitting_id: int, visit: Acting) -> Response:
    """Over. While somebody is in the test it is asked for twice."""
    shown = queries.sitting_page(visit.session, visit.visitor, class_id, sitting_id, visit.now)
    if any(line.running for line in shown.lines) and forms.text(visit.form, "sure") != "yes":
        refused = Conflict("class_test_running", "Somebody is still in the test.")
        return _sitting(visit, class_id, sitting_id, refused)
    sittings.end(visit.session, visit.visitor, class_id, sitting_id, visit.now)
    return see_other(f"/classes/{class_id}/sittings/{sitting_id}?done=saved")


def _listed(visit: Visit) -> list[Listed]:
    """What was typed, then what stands in the file."""
    found = names.from_text(forms.text(visit.form, "names")[:20_000])
    sent = visit.form.get("file")
    if isinstance(sent, UploadFile) and sent.filename:
        sheet = reading.read(sent.file.read())
        found += names.from_table(sheet.header, [row.cells for row in sheet.rows])
    return found


def _done(visit: Visit, class_id: int, sitting_id: int, act: Callable[[], None]) -> Response:
    try:
        act()
    except (Conflict, Invalid) as refused:
        return _sitting(visit, class_id, sitting_id, refused)
    return see_other(f"/classes/{class_id}/sittings/{sitting_id}?done=saved")


def _new(visit: Visit, refused: Refusal | None = None) -> Response:
    expect_holder(visit.visitor)
    return visit.page(
        "class_new.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        venues=queries.venues(visit.session, visit.visitor),
        courses=courses_to_choose(visit.session),
        typed=visit.form,
    )


def _expect_holder(visit: Visit) -> None:
    number = visit.request.path_params["class_id"]
    if str(number).isdecimal():  # what is no number finds nothing, with or without a file
        held(visit.session, visit.visitor, int(number))


def _show(visit: Visit, class_id: int, refused: Refusal | None = None) -> Response:
    shown = queries.class_page(visit.session, visit.visitor, class_id, visit.now)
    return visit.page(
        "class.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        page=shown,
        card=shown.card,
        states=STATES,
        minutes=MINUTES,
        typed=visit.form,
    )


def _sitting(visit: Visit, class_id: int, sitting_id: int, refused: Refusal | None = None) -> Response:
    shown = queries.sitting_page(visit.session, visit.visitor, class_id, sitting_id, visit.now)
    return visit.page(
        "class_sitting.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        page=shown,
        card=shown.card,
        sitting=shown.sitting,
        states=ATTEMPTS,
        address=f"{visit.config.public_url}/class",
        sure=refused is not None and refused.code == "class_test_running",
        percent=lambda share: round(float(share) * 100),
    )
