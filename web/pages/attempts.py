"""`/attempts/{code}`: a test while it is taken, and its result. Answers are saved one by one; the server has time."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lms.assessment.attempts import correcting, queries, taking
from lms.assessment.attempts.models import Attempt
from lms.assessment.attempts.profile import AreaStanding, gaps
from lms.assessment.attempts.queries import Running
from lms.assessment.attempts.states import OPEN
from lms.assessment.attempts.timing import remaining_s
from lms.courses import queries as courses
from lms.courses import suggesting, testing
from lms.courses.classes import seats
from lms.errors import Conflict, Invalid, TooMany
from lms.frameworks import queries as frameworks
from lms.markdown import to_html, to_inline_html
from web import forms, saves, wording
from web.attempt_answers import answer_of, cloze_html, mark_of, places, readable, was_given_here
from web.charts import profile as profile_picture
from web.errors import status_of
from web.i18n import mark as _
from web.i18n import translate
from web.items.showing import showing
from web.visits import Acting, Reading, Visit, language_of, posted_form, see_other

router = APIRouter()

PLAIN = "form"
"""The writer that a browser without a script is."""
GAP = Fraction(3, 5)
"""An area below this is one to learn more of, where the test itself asks for nothing in it."""


@router.post("/courses/{slug}/lessons/{key}/test")
def begin(slug: str, key: str, visit: Acting) -> Response:
    """Begin the lesson's test, or go on with the attempt that runs."""
    try:
        attempt = testing.begin(visit.session, visit.visitor, slug, key, visit.now, language=visit.language)
    except (Conflict, Invalid) as refused:
        found = courses.lesson_page(visit.session, visit.visitor, slug, key)
        return visit.page(
            "attempt_refused.html",
            status=status_of(refused),
            failure=forms.sentence(visit, refused),
            course=found.course,
            lesson=found.lesson,
        )
    if visit.seat is not None:
        seats.supervised(visit.session, attempt, visit.seat, visit.now)
    return see_other(f"/attempts/{attempt.code}")


@router.get("/attempts/{code}")
def show(code: str, visit: Reading) -> Response:
    """The test, to be answered; its result once it is over."""
    running = queries.running(visit.session, visit.visitor, code, visit.now)
    if running.state not in OPEN:
        return see_other(f"/attempts/{code}/result")
    return _running(visit, running)


@router.get("/attempts/{code}/state")
async def state(code: str, request: Request) -> Response:
    """What the page asks now and then: time left, and which window writes."""
    told = await saves.standing(request, code)
    return JSONResponse({"state": told.state.value, "remaining_s": told.remaining_s, "writer": told.writer})


@router.post("/attempts/{code}/state")
def beat(code: str, visit: Acting) -> Response:
    """The same, once a minute: the page is open, and its trainer sees that it is."""
    attempt = taking.heard(visit.session, visit.visitor, code, visit.now)
    left = remaining_s(visit.now, attempt.deadline)
    return JSONResponse({"state": attempt.state.value, "remaining_s": left, "writer": attempt.writer})


@router.post("/attempts/{code}/answers/{position}")
async def save(code: str, position: int, request: Request, form: Annotated[FormData, Depends(posted_form)]) -> Response:
    """One answer, as the script of the page sends it. What cannot be kept says so, and is not sent again."""
    try:
        told = await saves.save(request, code, position, form)
    except (Conflict, Invalid, TooMany) as refused:
        sentence = wording.say(language_of(request), refused.code, refused.detail)
        return JSONResponse({"refused": refused.code, "sentence": sentence}, status_of(refused))
    return JSONResponse(
        {"stored": told.stored, "remaining_s": told.remaining_s, "lateness": told.lateness, "writer": told.writer}
    )


@router.post("/attempts/{code}/take-over")
def take_over(code: str, visit: Acting) -> Response:
    """This window writes from now on."""
    attempt = taking.take_over(visit.session, visit.visitor, code, forms.text(visit.form, "writer"), visit.now)
    floor = taking.floor(visit.session, attempt)
    return JSONResponse({"writer": attempt.writer, "state": attempt.state.value, "floor": floor})


@router.post("/attempts/{code}")
def hand_in(code: str, visit: Acting) -> Response:
    """Keep everything that the form holds; with `do=submit`, hand it in."""
    running = queries.running(visit.session, visit.visitor, code, visit.now)
    _keep_all(visit, running)
    if forms.text(visit.form, "do") != "submit":
        return see_other(f"/attempts/{code}?done=saved")
    attempt = taking.submit(visit.session, visit.visitor, code, visit.now)
    testing.pass_on(visit.session, [attempt], visit.now)
    return see_other(f"/attempts/{code}/result")


@router.get("/attempts/{code}/result")
def result(code: str, visit: Reading) -> Response:
    """What came of it, as far as it may be seen now."""
    return _result(visit, code)


@router.post("/attempts/{code}/appeal")
def appeal(code: str, visit: Acting) -> Response:
    """Hold the result to be wrong, once, with a reason."""
    try:
        correcting.appeal(visit.session, visit.visitor, code, forms.text(visit.form, "text"), visit.now)
    except (Conflict, Invalid) as refused:
        return _result(visit, code, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/attempts/{code}/result?done=saved")


def _keep_all(visit: Visit, running: Running) -> None:
    """Every answer of the form that is news: what another window gave since the page was shown stands.

    After the end of the attempt nothing is kept.
    """
    writer = forms.text(visit.form, "writer")
    for item in running.items:
        answer = answer_of(item.shown, visit.form, item.position)
        shown = forms.text(visit.form, f"f-{item.position}")
        if answer == item.answer or (answer is None and not shown):
            continue
        if shown and not was_given_here(shown, item.sequence, answer, scripted=bool(writer)):
            continue
        try:
            taking.save(
                visit.session,
                visit.visitor,
                running.code,
                item.position,
                item.sequence + 1,
                answer,
                visit.now,
                writer=writer or PLAIN,
            )
        except (Conflict, Invalid, TooMany):
            continue  # what was kept before counts


def _running(visit: Visit, running: Running) -> Response:
    attempt = taking.own(visit.session, visit.visitor, running.code)
    word = translate(visit.language, _("Blank"))
    return visit.page(
        "attempt.html",
        keep=True,
        running=running,
        back=testing.lesson_address(visit.session, attempt),
        block=lambda text: Markup(to_html(text)),  # noqa: S704 - sanitised by lms.markdown
        line=lambda text: Markup(to_inline_html(text)),  # noqa: S704 - sanitised by lms.markdown
        cloze=lambda shown, given, position: cloze_html(shown, given, position, word),
        places_of=places,
        mark_of=mark_of,
        answered=sum(item.answer is not None for item in running.items),
    )


def _result(visit: Visit, code: str, *, status: int = 200, failure: str = "") -> Response:
    attempt = taking.own(visit.session, visit.visitor, code)
    if attempt.state in OPEN:
        return see_other(f"/attempts/{code}")
    found = queries.result(visit.session, visit.visitor, code, visit.now)
    framework = str(attempt.version.spec.get("framework", ""))
    areas = [each for each in found.areas if each.area]
    names = _areas_by_name(visit, framework, [each.area for each in areas])
    weak = gaps([part for part in found.parts if part.area], enough=GAP)
    return visit.page(
        "attempt_result.html",
        status=status,
        failure=failure,
        found=found,
        card=found.card,
        areas=areas,
        before=next((each.before for each in found.areas if not each.area), None),
        names=names,
        frame=framework,
        back=testing.lesson_address(visit.session, attempt),
        lessons=_lessons_for(visit, attempt, weak),
        suggestions=suggesting.for_gaps(visit.session, visit.visitor, framework, weak),
        drawn=profile_picture([(_called(visit, names, each.area), *_shares(each)) for each in areas]),
        appeal_until=found.appeal.made_at + correcting.APPEAL_TERM if found.appeal is not None else None,
        spoken=attempt.language,
        readable=lambda item: readable(item.shown, item.answer, visit.language),
        **showing(visit),
        percent=lambda share: round(float(share) * 100),
    )


def _called(visit: Visit, names: dict[str, tuple[str, str]], area: str) -> str:
    uk, en = names.get(area, ("", ""))
    return f"{area}. {en if visit.language == 'en' and en else uk}"


def _shares(area: AreaStanding) -> tuple[Fraction, Fraction | None, Fraction | None]:
    return area.reached, area.needed, area.before


def _areas_by_name(visit: Visit, framework: str, areas: list[str]) -> dict[str, tuple[str, str]]:
    known = frameworks.names(visit.session, [(framework, area) for area in areas])
    return {number: (name.name_uk, name.name_en) for (_scheme, number), name in known.items()}


def _lessons_for(visit: Visit, attempt: Attempt, areas: list[str]) -> list[Any]:
    """Lessons of the course that speak of the areas in which something is missing."""
    address = testing.lesson_address(visit.session, attempt)
    if address is None or not areas:
        return []
    page = courses.course_page(visit.session, visit.visitor, address[0])
    return [
        lesson
        for lesson in page.lessons
        if lesson.kind.value != "test" and any(number.split(".")[0] in areas for number in lesson.competences)
    ]
