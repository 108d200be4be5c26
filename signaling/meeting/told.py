"""Which facts the web process is told as events. What is secret or private stays here."""

from __future__ import annotations

from signaling import events
from signaling.meeting import facts


def event_data(fact: facts.Fact) -> events.EventData | None:
    """The event that a fact becomes, or None if the web process is not told."""
    match fact:
        case facts.Opened():
            return events.Opened(title=fact.plan.title)
        case facts.Joined():
            shared = fact.model_dump(include={"participant", "identity", "name", "organisation", "role", "presence"})
            return events.Joined(**shared)
        case facts.WentAway():
            return events.Away(participant=fact.participant)
        case facts.CameBack() | facts.TookOver():
            return events.Back(participant=fact.participant)
        case facts.Left():
            return events.Left(participant=fact.participant, reason=fact.reason)
        case facts.Renamed():
            return events.Renamed(participant=fact.participant, name=fact.name)
        case facts.RoleChanged():
            return events.RoleChanged(participant=fact.participant, role=fact.role)
        case facts.RosterTaken():
            return events.Roster(participants=fact.participants)
        case facts.Spoke():
            return events.Spoke(participant=fact.participant, since=fact.since)
        case facts.Said() if fact.message.to is None:
            return events.Said(message=fact.message)
        case facts.ChatErased():
            return events.ChatErased(message=fact.message)
        case facts.QuestionPut():
            return events.Asked(question=fact.question)
        case facts.QuestionMoved():
            return events.QuestionMoved(question=fact.question, status=fact.status)
        case facts.Consented():
            return events.Consented(**fact.model_dump(exclude={"at", "fact"}))
        case facts.Began():
            return events.Began()
        case facts.Ended():
            return events.Ended()
        case facts.RecordingSet():
            return events.Recording(recording=fact.recording, status=fact.status, by=fact.by)
        case facts.StreamSet():
            return events.Streaming(stream=fact.stream, status=fact.status, by=fact.by)
        case facts.Closed():
            return events.Closed(reason=fact.reason)
        case _:
            return None
