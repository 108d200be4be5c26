"""`/schedule/{slug}/groups`: making the groups of an occurrence and putting people into them. Works without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotFound
from lms.meetings.queries import connected_now
from lms.schedule import group_actions, group_queries, queries
from lms.schedule.cards import OccurrencePage
from lms.schedule.group_actions import GroupDraft, GroupsDraft
from lms.schedule.group_queries import GroupsView
from lms.schedule.group_rules import MOST_GROUPS, Way
from web import forms, panels
from web.errors import status_of
from web.grouping import order_opening
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/schedule/{slug}/groups")

WAYS = {
    Way.MIXED: _("Mix colleagues"),
    Way.TOGETHER: _("Keep colleagues together"),
    Way.RANDOM: _("At random"),
}
MENDABLE = (Conflict, Invalid, NotFound)


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form held, or what is saved."""

    names: list[str]
    tasks: list[str]
    places: dict[str, int]
    choose: bool

    def draft(self) -> GroupsDraft:
        """For the domain."""
        groups = [GroupDraft(name, task) for name, task in zip(self.names, self.tasks, strict=True)]
        return GroupsDraft(groups, self.places, self.choose)

    def sized(self, count: int) -> Typed:
        """With so many groups: what is typed stays, as far as there is room."""
        add = [""] * max(0, count - len(self.names))
        return Typed(
            [*self.names, *add][:count],
            [*self.tasks, *add][:count],
            {key: number for key, number in self.places.items() if number <= count},
            self.choose,
        )


@router.get("")
def page(slug: str, visit: Reading) -> Response:
    """The groups, and who is in none; for its editors."""
    return _page(visit, slug)


@router.post("")
def change(slug: str, visit: Acting) -> Response:
    """Save what is typed, and do what the button said besides."""
    typed = _typed(visit.form)
    do = forms.text(visit.form, "do") or "save"
    try:
        if do == "make":
            count = forms.whole(visit.form.get("count", "")) or 0
            if not 1 <= count <= MOST_GROUPS:
                raise Invalid("groups_many", f"From 1 to {MOST_GROUPS} groups.", "count")
            typed = typed.sized(count)
        _do(visit, slug, typed, do)
    except MENDABLE as refused:
        status, failure = status_of(refused), forms.sentence(visit, refused)
        return _page(visit, slug, status=status, failure=failure, typed=typed)
    return see_other(f"/schedule/{slug}/groups?done=groups_saved")


def _do(visit: Visit, slug: str, typed: Typed, do: str) -> None:
    number = _shown(visit, slug).card.id
    present = connected_now(visit.session, number, visit.now)
    given = (visit.session, visit.visitor, slug)
    if do == "copy":
        occurrence = group_actions.copy(*given, forms.text(visit.form, "source"), visit.now)
    elif do in set(Way):
        occurrence = group_actions.draw(
            *given,
            typed.draft(),
            Way(do),
            visit.now,
            present,
            anew=bool(forms.text(visit.form, "anew")),
            seed=forms.text(visit.form, "seed"),
        )
    else:
        occurrence = group_actions.save(*given, typed.draft(), visit.now, present)
    found = group_queries.view(visit.session, occurrence.id, visit.now)
    if found.opened:
        order_opening(visit, occurrence, choose=found.choose, surely=False)


def _typed(form: FormData) -> Typed:
    count = min(forms.whole(form.get("size", "")) or 0, MOST_GROUPS)
    numbers = range(1, count + 1)
    places: dict[str, int] = {}
    for field in form:
        if field.startswith("in-"):
            number = forms.whole(form.get(field, "")) or 0
            if 1 <= number <= count:
                places[field.removeprefix("in-")] = number
    return Typed(
        [forms.text(form, f"name-{number}") for number in numbers],
        [forms.text(form, f"task-{number}") for number in numbers],
        places,
        bool(forms.text(form, "choose")),
    )


def _saved(found: GroupsView) -> Typed:
    count = max((one.number for one in found.groups), default=0)
    by_number = {one.number: one for one in found.groups}
    return Typed(
        [by_number[each].name if each in by_number else "" for each in range(1, count + 1)],
        [by_number[each].task if each in by_number else "" for each in range(1, count + 1)],
        {one.key: one.group for one in found.people if one.group is not None},
        found.choose,
    )


def _shown(visit: Visit, slug: str) -> OccurrencePage:
    shown = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    if not shown.may_edit:
        raise Problem(403, "not_yours", _("This occurrence is planned by others. Ask its organiser."))
    return shown


def _page(visit: Visit, slug: str, *, status: int = 200, failure: str = "", typed: Typed | None = None) -> Response:
    shown = _shown(visit, slug)
    found = group_queries.view(
        visit.session, shown.card.id, visit.now, connected_now(visit.session, shown.card.id, visit.now)
    )
    typed = typed or _saved(found)
    return visit.page(
        "groups.html",
        status=status,
        page=shown,
        card=shown.card,
        failure=failure,
        found=found,
        typed=typed,
        sizes=[sum(number == each for number in typed.places.values()) for each in range(1, len(typed.names) + 1)],
        waiting=[one for one in found.people if one.key not in typed.places],
        earlier=group_queries.earlier(visit.session, shown.card.id),
        ways=WAYS,
        most=MOST_GROUPS,
    )


def _way_to_groups(_visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    if not page.may_edit or page.card.ended:
        return None
    return {"mine": None, "people": (), "edits": True, "any": False, "slug": page.card.slug}


@panels.OCCURRENCE.register("groups", place=25, column="side", given=group_queries.any_of, otherwise=_way_to_groups)
def groups_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """One's own group, with its task and people; for editors the way to all of them."""
    card = page.card
    mine = group_queries.own_group(visit.session, visit.visitor, card.id)
    if mine is None and not page.may_edit:
        return None
    with_me = group_queries.with_me(visit.session, card.id, mine.number, visit.now) if mine else ()
    return {"mine": mine, "people": with_me, "edits": page.may_edit, "any": True, "slug": card.slug}
