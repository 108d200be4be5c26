"""What protects the people of an occurrence, a series or a programme; and under which name somebody comes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response
from wtforms import BooleanField, RadioField

from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import protecting, protection
from lms.schedule.cards import OccurrencePage
from lms.schedule.levels import Level, Planned
from lms.schedule.protection import Protection
from lms.schedule.protection_models import Keeping
from web import forms, panels
from web.errors import status_of
from web.forms import VisitForm
from web.i18n import mark as _
from web.pages import occurrence as occurrence_page
from web.protection_words import KEEPING, sentences
from web.visits import Acting, Reading, Visit, see_other
from web.vocabulary import choices

router = APIRouter()
_REFUSED = (Conflict, Invalid)


class ProtectionForm(VisitForm):
    """What is asked for."""

    hide_names = BooleanField(_("Participants do not see each other’s names"))
    pseudonyms = BooleanField(_("People and centres may come under another name"))
    keeping = RadioField(_("Recording and live stream"), default=Keeping.ALLOWED.value)
    held = BooleanField(_("A recording is published only when an organiser has released it"))

    def wanted(self) -> Protection:
        """What the domain takes."""
        return Protection(
            hide_names=bool(self.hide_names.data),
            pseudonyms=bool(self.pseudonyms.data),
            keeping=Keeping(self.keeping.data),
            held=bool(self.held.data),
        )


@router.get("/schedule/{slug}/protection")
def of_occurrence(slug: str, visit: Reading) -> Response:
    """The settings of one occurrence."""
    return _page(visit, "occurrence", slug)


@router.post("/schedule/{slug}/protection")
def protect_occurrence(slug: str, visit: Acting) -> Response:
    """Save them."""
    return _save(visit, "occurrence", slug)


@router.get("/series/{slug}/protection")
def of_series(slug: str, visit: Reading) -> Response:
    """What a series asks for each of its dates."""
    return _page(visit, "series", slug)


@router.post("/series/{slug}/protection")
def protect_series(slug: str, visit: Acting) -> Response:
    """Save it."""
    return _save(visit, "series", slug)


@router.get("/programmes/{slug}/protection")
def of_programme(slug: str, visit: Reading) -> Response:
    """What a programme asks for all that is in it."""
    return _page(visit, "programme", slug)


@router.post("/programmes/{slug}/protection")
def protect_programme(slug: str, visit: Acting) -> Response:
    """Save it."""
    return _save(visit, "programme", slug)


@router.post("/schedule/{slug}/pseudonym")
def choose(slug: str, visit: Acting) -> Response:
    """Under which name one comes, or everybody of a centre that one leads."""
    under = forms.text(visit.form, "under")
    home = forms.whole(visit.form.get("organisation", ""))
    name = forms.text(visit.form, "name") if under == "another" else None
    try:
        with visit.session.begin_nested():
            protecting.choose_pseudonym(visit.session, visit.visitor, slug, name, visit.now, organisation_id=home)
    except _REFUSED as refused:
        return occurrence_page.show(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/schedule/{slug}?done=saved#protection")


@panels.OCCURRENCE.register("protection", place=6, column="main", given=protection.any_of)
def protection_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """For everybody: the rules; for whoever comes, the choice of a name; for editors the way to the settings."""
    card = page.card
    holds = protection.of(visit.session, card.id)
    if not holds.asks:
        return None
    comes = holds.pseudonyms and not card.ended and visit.visitor.person_id is not None
    return {
        "sentences": sentences(holds),
        "edits": page.may_edit,
        "slug": card.slug,
        "choices": protecting.choices(visit.session, visit.visitor, card.id) if comes else [],
    }


def _save(visit: Visit, level: Level, slug: str) -> Response:
    form = _form(visit, True)
    target, _before = protecting.shown(visit.session, visit.visitor, level, slug)
    if not form.validate():
        return _show(visit, level, target, form, status=422)
    try:
        with visit.session.begin_nested():
            protecting.protect(visit.session, visit.visitor, level, slug, form.wanted(), visit.now)
    except (Conflict, Invalid, NotFound) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _show(visit, level, target, form, status=status_of(refused), failure=said)
    return see_other(f"{_home(level, slug)}?done=saved")


def _page(visit: Visit, level: Level, slug: str) -> Response:
    target, own = protecting.shown(visit.session, visit.visitor, level, slug)
    form = _form(
        visit,
        False,
        hide_names=own.hide_names,
        pseudonyms=own.pseudonyms,
        keeping=own.keeping.value,
        held=own.held,
    )
    return _show(visit, level, target, form)


def _form(visit: Visit, sent: bool, **values: Any) -> ProtectionForm:
    form = ProtectionForm(visit, visit.form if sent else None, **values)
    form.keeping.choices = choices(KEEPING, visit.language)
    return form


def _show(
    visit: Visit, level: Level, target: Planned, form: ProtectionForm, *, status: int = 200, failure: str = ""
) -> Response:
    return visit.page(
        "protection.html",
        status=status,
        level=level,
        target=target,
        back=_home(level, target.slug),
        form=form,
        inherited=sentences(protecting.above(visit.session, target)),
        failure=failure,
    )


def _home(level: Level, slug: str) -> str:
    return {"occurrence": "/schedule/", "series": "/series/", "programme": "/programmes/"}[level] + slug
