"""Forms of registering: with the organiser's own questions, and the organiser's form that asks them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange, Optional

from lms.schedule.audience_models import Attends, RegistrationMode, RegistrationPolicy, Seat
from lms.schedule.policies import PolicyDraft
from lms.schedule.questions import NO, YES, AnswerKind, Question, value_of
from lms.schedule.registering import Wish
from lms.schedule.registration_lists import Named
from lms.schedule.rules import to_utc
from web import vocabulary
from web.forms import VisitForm, at_most, stripped, whole
from web.i18n import mark as _
from web.i18n import translate

SPARE_QUESTIONS = 1
MOST_ROWS = 10
NO_NUMBER = _("Enter a whole number, or leave it empty.")
NO_MOMENT = _("Enter a date and a time.")


def _number(value: Any) -> int | None:
    return whole(value) if value else None


class CountField(IntegerField):
    """A number of seats or people; says in our words when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises `ValueError` with the sentence to show."""
        if valuelist and not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NO_NUMBER) from None


class MomentField(DateTimeLocalField):
    """A wall time; says in our words when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises `ValueError` with the sentence to show."""
        if valuelist and not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NO_MOMENT) from None


class RegisterForm(VisitForm):
    """On whose behalf, as what, from where, and the answers (`question-<id>`, added by `register_form`)."""

    organisation = SelectField(_("On whose behalf"), coerce=_number, validate_choice=False, validators=[Optional()])
    seat = RadioField(_("How you take part"), default=Seat.INTERACTIVE.value, validate_choice=False)
    attends = RadioField(_("Where you take part"), default=Attends.ONLINE.value, validate_choice=False)
    head_count = CountField(_("How many people will sit in the room"), [Optional()])

    asked: tuple[Question, ...] = ()

    def question_fields(self) -> list[tuple[Question, Any]]:
        """Each question with its field."""
        return [(each, self[f"question-{each.id}"]) for each in self.asked]

    def wish(self, *, room: bool = False) -> Wish:
        """What the domain takes."""
        seat = self.value("seat")
        attends = self.value("attends")
        return Wish(
            organisation_id=self.organisation.data,
            seat=Seat.ROOM if room else Seat(seat) if seat in (Seat.INTERACTIVE, Seat.VIEWER) else Seat.INTERACTIVE,
            attends=Attends(attends) if attends in list(Attends) else Attends.ONLINE,
            head_count=int(self.head_count.data or 0),
            answers={each.id: str(field.data or "") for each, field in self.question_fields()},
        )


def register_form(
    visit: Any,
    data: FormData | None,
    asked: Sequence[Question],
    homes: Sequence[Named],
    seats: Sequence[Seat],
    answers: dict[str, Any],
    **given: Any,
) -> RegisterForm:
    """The form with the organiser's questions in it."""
    fields: dict[str, Any] = {"asked": tuple(asked)}
    for each in asked:
        words = each.text_en if visit.language == "en" and each.text_en else each.text
        value = value_of(answers, each.id)
        if each.kind is AnswerKind.TEXT:
            fields[f"question-{each.id}"] = TextAreaField(words, default=value, filters=[stripped])
            continue
        options = [(option, option) for option in each.options]
        if each.kind is AnswerKind.YES_NO:
            options = [(YES, translate(visit.language, _("Yes"))), (NO, translate(visit.language, _("No")))]
        fields[f"question-{each.id}"] = RadioField(words, choices=options, default=value, validate_choice=False)
    made: RegisterForm = type("QuestionsForm", (RegisterForm,), fields)(visit, data, **given)
    english = visit.language == "en"
    names = [(str(home.id), home.name_en if english and home.name_en else home.name_uk) for home in homes]
    made.organisation.choices = [("", "—"), *names] if len(names) > 1 else names
    made.seat.choices = vocabulary.choices(
        {seat: vocabulary.SEATS[seat] for seat in (Seat.INTERACTIVE, Seat.VIEWER) if seat in seats}, visit.language
    )
    made.attends.choices = vocabulary.choices(vocabulary.ATTENDS, visit.language)
    return made


class QuestionRow(Form):
    """One question of the organiser."""

    key = HiddenField()
    text = StringField(_("Question"), [at_most(300)], filters=[stripped])
    text_en = StringField(_("In English"), [at_most(300)], filters=[stripped])
    kind = SelectField(_("Answer"), default=AnswerKind.TEXT.value)
    options = TextAreaField(_("Answers to choose from, each on its own line"), [at_most(4000)], filters=[stripped])
    required = BooleanField(_("An answer is needed"))


class PolicyForm(VisitForm):
    """How people register: who decides, how many seats, until when, what is asked."""

    mode = RadioField(_("Who gets a seat"), default=RegistrationMode.OPEN.value)
    required = BooleanField(_("Only those with a confirmed seat may join"), default=True)
    capacity = CountField(_("Seats in all"), [Optional()])
    per_organisation = CountField(_("Of these at most for one organisation"), [Optional()])
    viewer_capacity = CountField(_("Seats for those who only watch"), [Optional()])
    opens_at = MomentField(_("Registration opens"), [Optional()])
    closes_at = MomentField(_("Registration closes"), [Optional()])
    offer_hours = CountField(
        _("Hours for which a freed seat is kept for the next in line"),
        [Optional(), NumberRange(1, 14 * 24, _("From 1 hour to 14 days (336)."))],
        default=24,
    )
    questions = FieldList(FormField(QuestionRow), max_entries=MOST_ROWS)
    whole_series = BooleanField(_("Set it like this for all coming dates of the series"))

    def __init__(self, visit: Any, data: FormData | None, **given: Any) -> None:
        super().__init__(visit, data, **given)
        if data is None:
            self.more()
        self._fill_choices()

    def more(self) -> None:
        """Add an empty question."""
        if len(self.questions.entries) < MOST_ROWS:
            self.questions.append_entry()
        self._fill_choices()

    def _fill_choices(self) -> None:
        self.mode.choices = vocabulary.choices(vocabulary.REGISTRATION_MODES, self.visit.language)
        for row in self.questions:
            row.form.kind.choices = vocabulary.choices(vocabulary.ANSWER_KINDS, self.visit.language)

    def row_errors(self, one: Any) -> list[str]:
        """The errors of a field within a row, in the reader's language."""
        return [translate(self.visit.language, str(error)) for error in one.errors]

    def draft(self, zone: str) -> PolicyDraft:
        """What the domain takes; wall times are of the occurrence's zone."""
        return PolicyDraft(
            mode=RegistrationMode(self.mode.data),
            required=bool(self.required.data),
            capacity=self.capacity.data,
            per_organisation=self.per_organisation.data,
            viewer_capacity=self.viewer_capacity.data,
            opens_at=to_utc(self.opens_at.data, zone) if self.opens_at.data else None,
            closes_at=to_utc(self.closes_at.data, zone) if self.closes_at.data else None,
            offer_minutes=60 * (self.offer_hours.data or 24),
            questions=tuple(_question(row.form) for row in self.questions if row.form.text.data),
        )


def policy_values(policy: RegistrationPolicy, asked: Sequence[Question], zone: str) -> dict[str, Any]:
    """What stands in the form at first."""
    return {
        "mode": policy.mode.value,
        "required": policy.required,
        "capacity": policy.capacity,
        "per_organisation": policy.per_organisation,
        "viewer_capacity": policy.viewer_capacity,
        "opens_at": _wall(policy.opens_at, zone),
        "closes_at": _wall(policy.closes_at, zone),
        "offer_hours": max(1, policy.offer_minutes // 60),
        "questions": [
            {
                "key": each.id,
                "text": each.text,
                "text_en": each.text_en,
                "kind": each.kind.value,
                "options": "\n".join(each.options),
                "required": each.required,
            }
            for each in asked
        ],
    }


def _question(row: Any) -> Question:
    kind = AnswerKind(row.kind.data)
    lines = [line.strip() for line in str(row.options.data or "").splitlines()]
    return Question(
        id=str(row.key.data or "") or secrets.token_hex(4),
        text=row.text.data,
        text_en=row.text_en.data or "",
        kind=kind,
        options=tuple(dict.fromkeys(line for line in lines if line)) if kind is AnswerKind.CHOICE else (),
        required=bool(row.required.data),
    )


def _wall(moment: datetime | None, zone: str) -> datetime | None:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment else None
