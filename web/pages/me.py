"""`/me`: one's own entry: name, language, zone, addresses, password."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from lms.days import day_of
from lms.directory import people, people_queries, sign_in
from lms.directory.eid import linking
from lms.directory.eid import queries as eid_queries
from lms.directory.models import Person
from lms.directory.people import MOST_CHANNELS
from lms.directory.register_models import ChannelKind
from lms.errors import Conflict, Invalid, NotAllowed, Refusal
from web import directory_forms as forms
from web.eid import words as eid_words
from web.errors import status_of
from web.forms import VisitForm, sentence
from web.guards import signed_in_only
from web.pages.person import channel_form, draft_of
from web.pages.sign_in import eid_refusal
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/me")
_NAMES = ("family_name", "given_name", "patronymic", "latin_name", "language", "time_zone")


@router.get("")
def show(visit: Reading, refused: str = "") -> Response:
    """The page. `refused`: why an electronic identity was not linked."""
    signed_in_only(visit)
    return _page(visit, failure=eid_refusal(visit, refused))


@router.post("")
def save(visit: Acting) -> Response:
    """Names, language, zone."""
    form = forms.PersonForm(visit, visit.form)
    return _take(visit, form, "saved", lambda: people.edit_own(visit.session, visit.visitor, draft_of(form), visit.now))


@router.post("/channels")
def add_channel(visit: Acting) -> Response:
    """One more address."""
    form = channel_form(visit, visit.form)
    return _take(
        visit,
        form,
        "saved",
        lambda: people.add_channel(
            visit.session,
            visit.visitor,
            visit.visitor.person_id or 0,
            ChannelKind(form.value("kind")),
            form.value("address"),
            visit.now,
        ),
    )


@router.post("/channels/{channel_id}/remove")
def remove_channel(channel_id: int, visit: Acting) -> Response:
    """One address less."""
    signed_in_only(visit)
    own = people_queries.channels_of(visit.session, visit.visitor.person_id or 0)
    if channel_id in {channel.id for channel in own}:
        people.remove_channel(visit.session, visit.visitor, channel_id, visit.now)
    return see_other("/me?done=saved")


@router.post("/password")
def change_password(visit: Acting) -> Response:
    """A new password. Every other browser in which one is signed in is signed out."""
    signed_in_only(visit)
    visit.site.limits.check("sign_in", visit.request)
    form = forms.ChangePassword(visit, visit.form)
    return _take(
        visit,
        form,
        "password_changed",
        lambda: sign_in.change_password(
            visit.session,
            visit.visitor,
            old=form.value("old"),
            new=form.value("new"),
            now=visit.now,
            keep_session=visit.sign_in.session_id if visit.sign_in else None,
        ),
    )


@router.post("/identities/{identity_id}/unlink")
def unlink(identity_id: int, visit: Acting) -> Response:
    """An electronic identity that signs one in no more. This browser stays signed in."""
    signed_in_only(visit)
    try:
        linking.unlink(
            visit.session,
            visit.visitor,
            identity_id,
            visit.config.eid,
            visit.now,
            keep_session=visit.sign_in.session_id if visit.sign_in else None,
        )
    except Conflict as refused:
        return _page(visit, status=status_of(refused), failure=sentence(visit, refused))
    return see_other("/me?done=eid_unlinked")


def _take(visit: Visit, form: VisitForm, done: str, act: Callable[[], object]) -> Response:
    signed_in_only(visit)
    if not form.validate():
        return _page(visit, wrong=form, status=422)
    try:
        act()
    except (Invalid, Conflict, NotAllowed) as refused:
        return _refused(visit, form, refused)
    return see_other(f"/me?done={done}")


def _refused(visit: Visit, form: VisitForm, refused: Refusal) -> Response:
    failure = "" if form.refuse(refused) else sentence(visit, refused)
    return _page(
        visit, wrong=form, status=422 if isinstance(refused, NotAllowed) else status_of(refused), failure=failure
    )


def _page(visit: Visit, *, wrong: VisitForm | None = None, status: int = 200, failure: str = "") -> Response:
    person = visit.session.get_one(Person, visit.visitor.person_id)
    given = {name: getattr(person, name) for name in _NAMES}
    channels = people_queries.channels_of(visit.session, person.id)
    return visit.page(
        "me.html",
        person=person,
        form=wrong if isinstance(wrong, forms.PersonForm) else forms.PersonForm(visit, None, **given),
        channel_form=wrong if isinstance(wrong, forms.ChannelForm) else channel_form(visit),
        password_form=wrong if isinstance(wrong, forms.ChangePassword) else forms.ChangePassword(visit, None),
        wrong=wrong,
        channels=channels,
        room_for_more=len(channels) < MOST_CHANNELS,
        works=people_queries.own_places(visit.session, visit.visitor, day_of(visit.now)),
        email=people_queries.own_email(visit.session, visit.visitor),
        identities=eid_queries.own(visit.session, visit.visitor),
        services=visit.config.eid,
        methods=eid_words.METHODS,
        failure=failure,
        status=status,
    )
