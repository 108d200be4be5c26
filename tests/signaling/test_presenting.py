"""A second camera, a pin on one video, and still pictures: who may, and who is told. Pure, no I/O."""

from __future__ import annotations

import pytest

from signaling import messages
from signaling.meeting import orders, rules
from signaling.meeting.announcements import announce
from signaling.meeting.state import Member, State
from signaling.model import Permission, Publication, Role, Source
from signaling.problems import RefusedError
from signaling.tokens import ROLE_PERMISSIONS
from tests.signaling.support import ticket
from tests.signaling.test_rules import NOW, a_state, do, enter, refused

PICTURE_TAKERS = {Role.HOST, Role.MODERATOR, Role.PRESENTER}


def show(state: State, member: Member, source: Source) -> Publication:
    return state.publish(member, Publication(id=f"{member.id}:{source.value}", source=source, codec="VP8"))


def keep(by: Member, participant: str, source: Source = Source.CAMERA) -> messages.KeepPicture:
    return messages.KeepPicture(
        do="keep_picture", by=by.id, identity=by.identity, participant=participant, source=source
    )


def pin(member: Member | None, source: Source | None = None) -> messages.Spotlight:
    return messages.Spotlight(do="spotlight", participant=member.id if member else None, source=source)


def test_whoever_may_share_a_screen_may_show_a_second_camera() -> None:
    state = a_state()
    member = enter(state, ticket("Олена"))
    assert rules.may_publish(member, Source.DOCUMENT_CAMERA)
    member.permissions = ROLE_PERMISSIONS[Role.PARTICIPANT] - {Permission.PUBLISH_SCREEN}
    assert rules.may_publish(member, Source.CAMERA)
    assert not rules.may_publish(member, Source.DOCUMENT_CAMERA)


@pytest.mark.parametrize("role", list(Role))
def test_permission_matrix_of_pictures(role: Role) -> None:
    state = a_state()
    taker = enter(state, ticket("Хтось", role, identity="person:7"))
    shown = enter(state, ticket("Олена"))
    action = keep(taker, shown.id, Source.DOCUMENT_CAMERA)
    if role in PICTURE_TAKERS:
        (fact,) = do(state, None, action)
        (told,) = announce(state, fact)
        assert told.to is None, "everybody is told"
        assert told.message == messages.PictureTaken(
            at=NOW, by=taker.id, by_name="Хтось", participant=shown.id, source=Source.DOCUMENT_CAMERA
        )
    else:
        assert refused(state, None, action) == "not_allowed"


def test_the_role_that_somebody_has_in_the_room_counts() -> None:
    state = a_state()
    taker = enter(state, ticket("Олена", identity="person:7"))
    action = keep(taker, taker.id)
    assert refused(state, None, action) == "not_allowed"
    do(state, None, messages.ChangeRole(do="role", participant=taker.id, role=Role.PRESENTER))
    assert do(state, None, action)


def test_nobody_says_over_the_websocket_that_a_picture_was_taken() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST, identity="person:1"))
    assert refused(state, host, keep(host, host.id)) == "not_allowed"


def test_no_picture_of_somebody_who_has_left_nor_of_a_sound_nor_by_somebody_who_is_not_here() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST, identity="person:1"))
    assert refused(state, None, keep(host, "gone")) == "unknown_participant"
    assert refused(state, None, keep(host, host.id, Source.MICROPHONE)) == "bad_action"
    forged = keep(host, host.id).model_copy(update={"identity": "person:2"})
    assert refused(state, None, forged) == "not_allowed", "nobody takes a picture in another's name"
    assert refused(state, None, forged.model_copy(update={"by": "gone"})) == "not_allowed"


def test_one_video_of_somebody_is_pinned_for_everybody() -> None:
    state = a_state()
    host, olena = enter(state, ticket("Ведуча", Role.HOST)), enter(state, ticket("Олена"))
    assert refused(state, host, pin(olena, Source.DOCUMENT_CAMERA)) == "unknown_publication"
    show(state, olena, Source.DOCUMENT_CAMERA)
    do(state, host, pin(olena, Source.DOCUMENT_CAMERA))
    assert (state.as_meeting().spotlight, state.as_meeting().spotlight_source) == (olena.id, Source.DOCUMENT_CAMERA)
    assert do(state, host, pin(olena, Source.DOCUMENT_CAMERA)) == []
    do(state, host, pin(olena))
    assert (state.spotlight, state.spotlight_source) == (olena.id, None)
    assert refused(state, host, pin(olena, Source.MICROPHONE)) == "bad_action"
    do(state, host, pin(None))
    assert (state.spotlight, state.spotlight_source) == (None, None)
    assert do(state, host, pin(None)) == []


def test_a_pinned_video_survives_a_restart_and_ends_with_its_owner() -> None:
    state = a_state()
    olena = enter(state, ticket("Олена"))
    show(state, olena, Source.DOCUMENT_CAMERA)
    do(state, None, pin(olena, Source.DOCUMENT_CAMERA))
    again = State()
    for fact in state.restate(now=NOW):
        again.apply(fact)
    assert (again.spotlight, again.spotlight_source) == (olena.id, Source.DOCUMENT_CAMERA)
    for fact in rules.leave(state, olena.id, "left", now=NOW):
        state.apply(fact)
    assert (state.spotlight, state.spotlight_source) == (None, None)


def test_a_host_mutes_a_second_camera_and_showing_it_anew_lifts_that_where_one_may_unmute_oneself() -> None:
    state = a_state()
    host, olena = enter(state, ticket("Ведуча", Role.HOST)), enter(state, ticket("Олена"))
    show(state, olena, Source.DOCUMENT_CAMERA)
    mute = messages.MuteOther(do="mute", participant=olena.id, source=Source.DOCUMENT_CAMERA)
    do(state, host, mute)
    assert next(iter(olena.publications.values())).muted_by_host
    assert not rules.present_again(state, olena, Source.CAMERA, now=NOW), "a camera has its own mute"
    for fact in rules.present_again(state, olena, Source.DOCUMENT_CAMERA, now=NOW):
        state.apply(fact)
    assert olena.muted_by_host == set()
    do(state, host, mute)
    do(state, host, messages.SetMeeting(do="set", self_unmute=False))
    assert rules.present_again(state, olena, Source.DOCUMENT_CAMERA, now=NOW) == []
    assert olena.muted_by_host == {Source.DOCUMENT_CAMERA}


def test_a_moderator_does_not_mute_a_hosts_second_camera() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    moderator = enter(state, ticket("Модератор", Role.MODERATOR))
    mute = messages.MuteOther(do="mute", participant=host.id, source=Source.DOCUMENT_CAMERA)
    with pytest.raises(RefusedError, match="not_allowed"):
        orders.decide(state, moderator, mute, now=NOW)
