"""Captions, questions and consent: what a meeting knows of them, and what participants may do. No input or output."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from signaling.meeting import facts
from signaling.model import Caption, Permission, Question, QuestionStatus
from signaling.problems import RefusedError

if TYPE_CHECKING:
    from signaling.meeting.state import Member

CAPTIONS_KEPT = 50
MOST_QUESTIONS = 300
"""In one opening of a meeting; those who lead make room by dismissing."""
MOST_WAITING = 100
"""From the public page, before somebody has looked at them."""
NEVER_SHOWN = "none"
"""The notice of somebody whose client has shown none yet."""

_SHOWN = frozenset({QuestionStatus.OPEN, QuestionStatus.ANSWERING, QuestionStatus.ANSWERED})


@dataclass(slots=True)
class Words:
    """What was written and asked in one opening of a meeting, and who has answered to being recorded."""

    captions: list[Caption] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    votes: dict[str, set[str]] = field(default_factory=dict)
    """Question → identities."""
    consents: dict[str, facts.ConsentAnswer] = field(default_factory=dict)
    """Identity → answer, for the recording or stream under way."""
    consents_of: str = ""
    """Which recording that is."""

    def seen_by(self, moderates: bool) -> list[Question]:
        """The questions that somebody sees, in the order in which they were asked."""
        return [each for each in self.questions.values() if moderates or each.status in _SHOWN]

    def voted_by(self, identity: str) -> list[str]:
        """The questions that somebody wants answered too."""
        return [question for question, voters in self.votes.items() if identity in voters]

    def has_answered(self, identity: str, recording: str | None) -> bool:
        """Whether somebody has answered to this recording."""
        return recording == self.consents_of and self.consents.get(identity, "told") != "told"

    # What happens.

    def apply(self, fact: facts.WordFact) -> None:
        """Change as the fact says. A fact about an unknown question changes nothing."""
        match fact:
            case facts.Captioned():
                self.captions.append(fact.caption)
                del self.captions[:-CAPTIONS_KEPT]
            case facts.QuestionPut():
                self.questions.setdefault(fact.question.id, fact.question)
                self.votes.setdefault(fact.question.id, set())
            case facts.QuestionVoted():
                self._vote(fact)
            case facts.QuestionMoved():
                self._move(fact)
            case facts.Consented():
                if fact.recording != self.consents_of:
                    self.consents, self.consents_of = {}, fact.recording
                self.consents[fact.identity] = fact.answer

    def _vote(self, fact: facts.QuestionVoted) -> None:
        voters, question = self.votes.get(fact.question), self.questions.get(fact.question)
        if voters is None or question is None:
            return
        (voters.add if fact.wanted else voters.discard)(fact.identity)
        self.questions[fact.question] = question.model_copy(update={"votes": len(voters)})

    def _move(self, fact: facts.QuestionMoved) -> None:
        question = self.questions.get(fact.question)
        if question is None:
            return
        if fact.status is QuestionStatus.DISMISSED:
            del self.questions[fact.question], self.votes[fact.question]
        else:
            moved = {"status": fact.status, "moved_at": fact.at}
            self.questions[fact.question] = question.model_copy(update=moved)

    def restate(self, *, now: float, recording: str | None) -> Iterable[facts.Fact]:
        """The fewest facts that lead to this."""
        for caption in self.captions:
            yield facts.Captioned(at=caption.at, caption=caption)
        for question in self.questions.values():
            yield facts.QuestionPut(at=question.at, question=question)
            for identity in sorted(self.votes[question.id]):
                yield facts.QuestionVoted(at=now, question=question.id, identity=identity, wanted=True)
        if recording is not None and recording == self.consents_of:
            for identity, answer in self.consents.items():
                yield facts.Consented(
                    at=now,
                    participant="restated",
                    identity=identity,
                    name="",
                    recording=recording,
                    answer=answer,
                    notice="",
                )


# Captions.


def caption(
    member: Member,
    text: str,
    *,
    language: Literal["uk", "en"],
    final: bool,
    since: float,
    now: float,
    alias: str = "",
) -> Caption:
    """A line of captions. Raises `RefusedError`."""
    if Permission.CAPTION not in member.permissions:
        raise RefusedError("not_allowed", "Captions are written by captioners, interpreters, hosts and moderators.")
    said = " ".join(text.split())
    if final and not said:
        raise RefusedError("bad_message", "The line is empty.")
    return Caption(
        at=now,
        since=min(since, now),
        participant=member.id,
        name=member.name,
        alias=alias,
        language=language,
        text=said,
        final=final,
    )


# Questions.


def ask(words: Words, member: Member, text: str, *, enabled: bool, now: float, alias: str = "") -> list[facts.Fact]:
    """A question from the room. Raises `RefusedError`."""
    if Permission.ASK not in member.permissions:
        raise RefusedError("not_allowed", "You may read questions but not ask.")
    if not enabled and Permission.MODERATE not in member.permissions:
        raise RefusedError("questions_off")
    question = Question(
        id=f"q{secrets.token_hex(8)}",
        at=now,
        name=member.name,
        alias=alias,
        participant=member.id,
        text=_asked(text),
    )
    return _put(words, question, now)


def take(words: Words, *, question: str, name: str, text: str, enabled: bool, now: float) -> list[facts.Fact]:
    """A question from the public page. Raises `RefusedError`."""
    if not enabled:
        raise RefusedError("questions_off")
    if question in words.questions:
        return []
    waiting = sum(each.status is QuestionStatus.WAITING for each in words.questions.values())
    if waiting >= MOST_WAITING:
        raise RefusedError("too_many_questions")
    asker = " ".join(name.split()) or "—"
    put = Question(id=question, at=now, name=asker, text=_asked(text), status=QuestionStatus.WAITING)
    return _put(words, put, now)


def _asked(text: str) -> str:
    asked = text.strip()
    if not asked:
        raise RefusedError("bad_message", "The question is empty.")
    return asked


def _put(words: Words, question: Question, now: float) -> list[facts.Fact]:
    if len(words.questions) >= MOST_QUESTIONS:
        raise RefusedError("too_many_questions")
    return [facts.QuestionPut(at=now, question=question)]


def vote(words: Words, member: Member, question: str, *, wanted: bool, now: float) -> list[facts.Fact]:
    """Want a question answered too: once each. Raises `RefusedError`."""
    if Permission.ASK not in member.permissions:
        raise RefusedError("not_allowed", "You may read questions but not vote.")
    found = words.questions.get(question)
    if found is None or (found.status is QuestionStatus.WAITING and Permission.MODERATE not in member.permissions):
        raise RefusedError("unknown_question")
    if found.participant == member.id:
        raise RefusedError("bad_action", "This is your own question.")
    if wanted == (member.identity in words.votes[question]):
        return []
    return [facts.QuestionVoted(at=now, question=question, identity=member.identity, wanted=wanted)]


def move(words: Words, question: str, status: QuestionStatus, *, by: str, now: float) -> list[facts.Fact]:
    """What those who lead do with a question. One at a time is being answered. Raises `RefusedError`."""
    found = words.questions.get(question)
    if found is None:
        raise RefusedError("unknown_question")
    if found.status is status:
        return []
    moved: list[facts.Fact] = []
    if status is QuestionStatus.ANSWERING:
        moved += [
            facts.QuestionMoved(at=now, question=each.id, status=QuestionStatus.ANSWERED, by=by)
            for each in words.questions.values()
            if each.status is QuestionStatus.ANSWERING
        ]
    return [*moved, facts.QuestionMoved(at=now, question=question, status=status, by=by)]


# Consent.


def told(words: Words, members: Iterable[Member], recording: str, *, now: float) -> list[facts.Fact]:
    """Those in the room learn that they are recorded."""
    known = words.consents if words.consents_of == recording else {}
    return [_consent(member, recording, "told", NEVER_SHOWN, now) for member in members if member.identity not in known]


def consent(
    words: Words, member: Member, recording: str | None, answer: facts.ConsentAnswer, notice: str, *, now: float
) -> list[facts.Fact]:
    """Somebody has answered. Nothing follows where nothing is recorded, or for the same answer again."""
    if recording is None:
        return []
    if words.consents_of == recording and words.consents.get(member.identity) == answer:
        return []
    return [_consent(member, recording, answer, notice, now)]


def _consent(member: Member, recording: str, answer: facts.ConsentAnswer, notice: str, now: float) -> facts.Consented:
    return facts.Consented(
        at=now,
        participant=member.id,
        identity=member.identity,
        name=member.name,
        recording=recording,
        answer=answer,
        notice=notice,
    )
