"""What happens with each request of a participant: one function per message, giving the one answer."""

from __future__ import annotations

import secrets

from signaling import messages
from signaling.live import LiveMeeting
from signaling.meeting import channels, facts, rules, words
from signaling.meeting.faces import alias
from signaling.meeting.state import Member
from signaling.model import Permission
from signaling.problems import RefusedError


async def handle(meeting: LiveMeeting, participant: str, message: messages.Request) -> messages.ServerMessage:
    """The answer to a request. Raises `RefusedError`; then the request had no effect."""
    member = meeting.state.members.get(participant)
    if member is None or meeting.closed:
        raise RefusedError("bad_action", "You are no longer in the meeting.")
    match message:
        case messages.Ping():
            return messages.Pong(id=message.id, now=meeting.now())
        case messages.Publish():
            return await publish(meeting, member, message)
        case messages.Answer():
            await meeting.media.answer(participant, message.revision, message.sdp)
        case messages.Restart():
            meeting.media.restart(participant, rebuild=message.rebuild)
        case messages.Receive():
            meeting.media.receive(participant, message)
        case messages.Mute():
            _mute(meeting, member, message)
        case _:
            _say(meeting, member, message)
    return messages.Ok(id=message.id)


def _say(meeting: LiveMeeting, member: Member, message: messages.Request) -> None:
    """Requests that change the meeting's state."""
    state, now = meeting.state, meeting.now()
    match message:
        case messages.SendChat():
            message_id = f"c{secrets.token_hex(8)}"
            said = rules.say(state, member, text=message.text, to=message.to, message_id=message_id, now=now)
            meeting.commit([said])
        case messages.SendCaption():
            meeting.captioning.caption(member, message)
        case messages.PutQuestion():
            shown = alias(state, member.id)
            enabled = state.questions_enabled
            meeting.commit(words.ask(state.words, member, message.text, enabled=enabled, now=now, alias=shown))
        case messages.Vote():
            meeting.commit(words.vote(state.words, member, message.question, wanted=message.wanted, now=now))
        case messages.Consent():
            meeting.commit(words.consent(state.words, member, state.kept, message.answer, message.notice, now=now))
        case messages.Interpret() | messages.Air():
            _interpret(meeting, member, message)
        case messages.Hand():
            meeting.commit(rules.move_hand(state, member, raised=message.raised, now=now))
        case messages.Rename():
            meeting.commit(rules.rename(member, name=message.name, now=now))
        case messages.Order():
            meeting.order(member, message.action)
        case messages.Leave():
            meeting.leave(member.id)
        case _:
            raise RefusedError("bad_message", "This request is not known here.")


def _interpret(meeting: LiveMeeting, member: Member, message: messages.Interpret | messages.Air) -> None:
    if not member.may(Permission.INTERPRET):
        raise RefusedError("not_allowed", "Only interpreters may; a host makes one of you.")
    state, now = meeting.state, meeting.now()
    if isinstance(message, messages.Air):
        meeting.commit(channels.air(state, member, take=message.take, now=now))
    else:
        meeting.commit(channels.assign(state, member, message.source, message.into, now=now))


async def publish(meeting: LiveMeeting, member: Member, message: messages.Publish) -> messages.Published:
    """Take a publish offer as far as the member's permissions go. Raises `RefusedError`."""
    published = {publication.source for publication in member.publications.values()}
    silenced: list[facts.Fact] = [
        facts.HostMuted(at=meeting.now(), participant=member.id, source=source, muted=True)
        for source in set(message.sources.values()) - published - member.muted_by_host
        if rules.starts_muted(meeting.state, member, source)
    ]
    for source in sorted(set(message.sources.values()) - published):
        silenced += rules.present_again(meeting.state, member, source, now=meeting.now())
    meeting.commit_surely(silenced)
    return await meeting.media.publish(
        member.id,
        message,
        permitted=lambda source: rules.may_publish(member, source),
        muted=lambda source: source in member.muted_by_host,
    )


def _mute(meeting: LiveMeeting, member: Member, message: messages.Mute) -> None:
    publication = member.publications.get(message.publication)
    if publication is None:
        raise RefusedError("unknown_publication")
    if not message.muted:
        meeting.commit(rules.unmute(meeting.state, member, publication.source, now=meeting.now()))
    meeting.published(member.id, meeting.media.mute(member.id, message.publication, muted=message.muted))
