"""`/awards` and `/series/{slug}/awards`: rules of award, who has earned what, approving and issuing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from lms.courses import queries as course_queries
from lms.credentials import award_queries, award_tests, awarding, bulk, issuing, seals
from lms.credentials.models import AwardRule, RuleKind
from lms.directory import projects
from lms.errors import Conflict, Invalid, NotAllowed
from web import certificate_archive, forms, wording
from web.award_form import AwardForm, hours_shown, values
from web.errors import status_of
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()

MENDABLE = (Conflict, Invalid)
_SERIES_KINDS = [RuleKind.ATTENDANCE, RuleKind.TEST, RuleKind.MANUAL]
_COURSE_KINDS = [RuleKind.COURSE, RuleKind.TEST, RuleKind.MANUAL]
_OWN_KINDS = [RuleKind.TEST, RuleKind.MANUAL]
_MOST_PEOPLE = 2000


@router.get("/awards")
def index(visit: Reading) -> Response:
    """The rules by which the visitor may approve."""
    found = award_queries.rules_to_approve(visit.session, visit.visitor)
    homes = award_queries.homes(visit.session, visit.visitor)
    if not found and not homes:
        raise NotAllowed("certify_not_yours", "Certificates are seen to by a certifier, or by those who organise it.")
    return visit.page("awards.html", found=found, makes=bool(homes), local=visit.config.issuer.local)


@router.get("/awards/new")
def new(visit: Reading) -> Response:
    """A rule that belongs to no series: somebody decides."""
    _homes(visit)
    form = AwardForm(visit, None, kind=RuleKind.MANUAL.value).choose_from(
        _OWN_KINDS, award_tests.choices(visit.session)
    )
    return _form(visit, form, "/awards/new")


@router.post("/awards/new")
def make(visit: Acting) -> Response:
    """Made; its page follows."""
    homes = _homes(visit)
    form = AwardForm(visit, visit.form).choose_from(_OWN_KINDS, award_tests.choices(visit.session))
    home = forms.whole(visit.form.get("organisation", "")) or homes[0][0]
    if form.validate():
        try:
            made = awarding.create_for(visit.session, visit.visitor, home, form.draft(), visit.now)
            return see_other(f"/awards/{made.id}?done=award_saved")
        except MENDABLE as refused:
            said = "" if form.refuse(refused) else forms.sentence(visit, refused)
            return _form(visit, form, "/awards/new", status=status_of(refused), failure=said)
    return _form(visit, form, "/awards/new", status=422)


@router.get("/series/{slug}/awards")
def of_series(slug: str, visit: Reading) -> Response:
    """The rules of a series."""
    series, found, editor = award_queries.rules_of_series(visit.session, visit.visitor, slug)
    return visit.page("series_awards.html", series=series, found=found, makes=editor, local=visit.config.issuer.local)


@router.get("/series/{slug}/awards/new")
def new_of_series(slug: str, visit: Reading) -> Response:
    """A rule of a series, begun with the series' own words."""
    series, _found, editor = award_queries.rules_of_series(visit.session, visit.visitor, slug)
    if not editor:
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    funder = award_queries.funders_of_series(visit.session, series.id)
    form = AwardForm(
        visit, None, kind=RuleKind.ATTENDANCE.value, min_share=80, name=series.title, name_en=series.title_en, **funder
    ).choose_from(_SERIES_KINDS, award_tests.choices(visit.session))
    return _form(visit, form, f"/series/{slug}/awards/new")


@router.post("/series/{slug}/awards/new")
def make_of_series(slug: str, visit: Acting) -> Response:
    """Made; its page follows."""
    _series, _found, editor = award_queries.rules_of_series(visit.session, visit.visitor, slug)
    if not editor:
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    form = AwardForm(visit, visit.form).choose_from(_SERIES_KINDS, award_tests.choices(visit.session))
    where = f"/series/{slug}/awards/new"
    if form.validate():
        try:
            made = awarding.create(visit.session, visit.visitor, slug, form.draft(), visit.now)
            return see_other(f"/awards/{made.id}?done=award_saved")
        except MENDABLE as refused:
            said = "" if form.refuse(refused) else forms.sentence(visit, refused)
            return _form(visit, form, where, status=status_of(refused), failure=said)
    return _form(visit, form, where, status=422)


@router.get("/courses/{slug}/awards")
def of_course(slug: str, visit: Reading) -> Response:
    """The rules of a course."""
    _course, found, editor = award_queries.rules_of_course(visit.session, visit.visitor, slug)
    return visit.page("course_awards.html", slug=slug, found=found, makes=editor, local=visit.config.issuer.local)


@router.get("/courses/{slug}/awards/new")
def new_of_course(slug: str, visit: Reading) -> Response:
    """A rule of a course."""
    course = _course_edited(visit, slug)
    shown = course_queries.course_page(visit.session, visit.visitor, slug).card
    form = AwardForm(
        visit,
        None,
        kind=RuleKind.COURSE.value,
        name=shown.title_uk,
        name_en=shown.title_en,
        achievement_kind="Course",
        hours=hours_shown(shown.hours, visit.language),
    ).choose_from(_COURSE_KINDS, award_tests.choices(visit.session, course))
    return _form(visit, form, f"/courses/{slug}/awards/new")


@router.post("/courses/{slug}/awards/new")
def make_of_course(slug: str, visit: Acting) -> Response:
    """Made; its page follows."""
    course = _course_edited(visit, slug)
    form = AwardForm(visit, visit.form).choose_from(_COURSE_KINDS, award_tests.choices(visit.session, course))
    where = f"/courses/{slug}/awards/new"
    if form.validate():
        try:
            made = awarding.create_for_course(visit.session, visit.visitor, slug, form.draft(), visit.now)
            return see_other(f"/awards/{made.id}?done=award_saved")
        except MENDABLE as refused:
            said = "" if form.refuse(refused) else forms.sentence(visit, refused)
            return _form(visit, form, where, status=status_of(refused), failure=said)
    return _form(visit, form, where, status=422)


@router.get("/awards/{award_id}")
def show(
    award_id: int,
    visit: Reading,
    page: Annotated[int, Query(ge=0, le=10_000)] = 0,
    person: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Who has earned it, and what was issued by it."""
    return _page(visit, award_id, page=page, person=person)


@router.post("/awards/{award_id}/issue")
def issue(award_id: int, visit: Acting) -> Response:
    """Approve, and issue to everybody chosen."""
    award_queries.rule_page(visit.session, visit.visitor, award_id, visit.now)
    chosen = [number for value in visit.form.getlist("person")[:_MOST_PEOPLE] if (number := forms.whole(value))]
    reason = forms.text(visit.form, "reason")
    try:
        with visit.session.begin_nested():
            if len(chosen) > issuing.MOST_AT_ONCE:
                batch = bulk.ask_to_issue(
                    visit.session, visit.config.issuer, visit.visitor, award_id, chosen, visit.now, reason
                )
                return see_other(f"/awards/batches/{batch.code}")
            done = issuing.issue(
                visit.session, visit.config.issuer, visit.visitor, award_id, chosen, visit.now, reason=reason
            )
    except (*MENDABLE, NotAllowed) as refused:
        said = forms.sentence(visit, refused)
        return _page(visit, award_id, status=status_of(refused), failure=said, chosen=chosen, reason=reason)
    notice = "certificates_issued_partly" if done.left else "certificates_issued"
    if done.renewed and not done.left:
        notice = "certificates_renewed"
    return see_other(f"/awards/{award_id}?done={notice}#issued")


@router.post("/awards/{award_id}/revoke")
def revoke(award_id: int, visit: Acting) -> Response:
    """Take back everything chosen, or everything in force."""
    shown = award_queries.rule_page(visit.session, visit.visitor, award_id, visit.now)
    numbers = [str(each)[:20] for each in visit.form.getlist("number")[:_MOST_PEOPLE]]
    if forms.text(visit.form, "all") == "yes":
        numbers = award_queries.numbers_by(visit.session, shown.rule.code, bulk.MOST)
    because = forms.text(visit.form, "because")
    try:
        batch = bulk.ask_to_revoke(visit.session, visit.visitor, award_id, numbers, because, visit.now)
    except MENDABLE as refused:
        said = forms.sentence(visit, refused)
        return _page(visit, award_id, status=status_of(refused), failure=said, because=because)
    return see_other(f"/awards/batches/{batch.code}")


@router.get("/awards/batches/{batch_code}")
def batch(batch_code: str, visit: Reading) -> Response:
    """How far it is. The page asks again by itself, without a script."""
    page = bulk.page_of(visit.session, visit.visitor, batch_code)
    refusals = [(whom, wording.say(visit.language, code, "")) for whom, code in page.refusals]
    answer = visit.page("award_batch.html", page=page, refusals=refusals)
    if not page.finished:
        answer.headers["Refresh"] = "3"
    return answer


@router.post("/awards/{award_id}/export")
def export(award_id: int, visit: Acting) -> Response:
    """An archive of documents and credentials, made while it is sent."""
    page = forms.whole(visit.form.get("page", "")) or 0
    found = bulk.export(visit.session, visit.visitor, award_id, visit.now, page=min(page, 10_000))
    sealed = seals.digests(visit.session, [each.number for each in found])
    name = f"certificates-{award_id}-{page + 1}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(
        certificate_archive.stream(found, visit.config.files, sealed), media_type="application/zip", headers=headers
    )


@router.get("/awards/{award_id}/edit")
def edit(award_id: int, visit: Reading) -> Response:
    """The form of the next version."""
    rule = awarding.editable(visit.session, visit.visitor, award_id)
    test = award_tests.code_of(visit.session, rule.test_id)
    form = AwardForm(visit, None, **values(rule, visit.language, test, _project(visit, rule))).choose_from(
        [rule.kind], _tests(visit, rule)
    )
    return _form(visit, form, f"/awards/{award_id}/edit", award_id=award_id)


def _project(visit: Visit, rule: AwardRule) -> str:
    own = projects.tag_of(visit.session, rule.project_id)
    return own.slug if own is not None else ""


@router.post("/awards/{award_id}/edit")
def revise(award_id: int, visit: Acting) -> Response:
    """A new version; what was issued stays."""
    rule = awarding.editable(visit.session, visit.visitor, award_id)
    form = AwardForm(visit, visit.form).choose_from([rule.kind], _tests(visit, rule))
    where = f"/awards/{award_id}/edit"
    if form.validate():
        try:
            made = awarding.revise(visit.session, visit.visitor, award_id, form.draft(), visit.now)
            return see_other(f"/awards/{made.id}?done=award_saved")
        except MENDABLE as refused:
            said = "" if form.refuse(refused) else forms.sentence(visit, refused)
            return _form(visit, form, where, status=status_of(refused), failure=said, award_id=award_id)
    return _form(visit, form, where, status=422, award_id=award_id)


@router.post("/awards/{award_id}/retire")
def retire(award_id: int, visit: Acting) -> Response:
    """No more awards by it."""
    awarding.retire(visit.session, visit.visitor, award_id, visit.now)
    return see_other(f"/awards/{award_id}?done=award_retired")


def _course_edited(visit: Visit, slug: str) -> int:
    course, _rules, editor = award_queries.rules_of_course(visit.session, visit.visitor, slug)
    if not editor:
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return course.id


def _tests(visit: Visit, rule: AwardRule) -> list[award_tests.TestChoice]:
    """What there is to choose from, and what the rule has now: its course may have a later version."""
    found = award_tests.choices(visit.session, rule.course_id)
    now = award_tests.code_of(visit.session, rule.test_id)
    if now and all(each.code != now for each in found):
        title, title_en = award_tests.title_of(visit.session, rule.test_id)
        found.insert(0, award_tests.TestChoice(now, title, title_en or title))
    return found


def _homes(visit: Visit) -> list[tuple[int, str, str]]:
    homes = award_queries.homes(visit.session, visit.visitor)
    if not homes:
        raise NotAllowed("organisers_only", "Only an organiser of the organisation awards on its behalf.")
    return homes


def _form(
    visit: Visit, form: AwardForm, action: str, *, status: int = 200, failure: str = "", award_id: int | None = None
) -> Response:
    homes = award_queries.homes(visit.session, visit.visitor) if action == "/awards/new" else []
    back = f"/awards/{award_id}" if award_id is not None else action.removesuffix("/new")
    return visit.page(
        "award_form.html",
        status=status,
        form=form,
        action=action,
        back=back,
        revising=award_id is not None,
        homes=homes,
        failure=failure,
    )


def _page(
    visit: Visit,
    award_id: int,
    *,
    page: int = 0,
    person: str = "",
    status: int = 200,
    failure: str = "",
    chosen: list[int] | None = None,
    reason: str = "",
    because: str = "",
) -> Response:
    shown = award_queries.rule_page(visit.session, visit.visitor, award_id, visit.now, page=page)
    people = (
        award_queries.people_found(visit.session, person)
        if person.strip() and shown.rule.kind is RuleKind.MANUAL
        else []
    )
    return visit.page(
        "award_rule.html",
        status=status,
        shown=shown,
        rule=shown.rule,
        number=page,
        pages=-(-shown.total // award_queries.PAGE),
        person=person,
        people=people,
        failure=failure,
        hindrance=wording.say(visit.language, shown.hindrance, "") if shown.hindrance else "",
        chosen=chosen,
        reason=reason,
        because=because,
        archives=-(-shown.total // bulk.EXPORTED),
        local_issuer=visit.config.issuer.local,
        demo_issuer=visit.config.issuer.demo,
    )
