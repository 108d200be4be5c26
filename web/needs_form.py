"""The form in which a survey of needs is made, and what somebody's answers look like as a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData
from wtforms import HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import NumberRange

from lms.directory.oblasts import OBLASTS
from lms.errors import Refusal
from lms.needs.drafts import Answers, FreeTopic, Ratings, SurveyDraft
from lms.needs.models import PartOfDay, Way
from lms.needs.rules import MARKS
from web import vocabulary
from web.forms import VisitForm, at_most, required, stripped, text, whole
from web.i18n import mark as _
from web.occurrence_form import NO_DATE, DayField

_DIVIDER = "|"


class SurveyForm(VisitForm):
    """A survey. Once it is open, what was asked of whom is shown and not asked any more (`fixed`)."""

    version = HiddenField()
    title = StringField(_("Title in Ukrainian"), [required(_("Give it a title.")), at_most(300)], filters=[stripped])
    title_en = StringField(_("Title in English"), [at_most(300)], filters=[stripped])
    introduction = TextAreaField(_("Introduction"), [at_most(4000)], filters=[stripped])
    introduction_en = TextAreaField(_("The same in English"), [at_most(4000)], filters=[stripped])
    owner = SelectField(_("On behalf of"), coerce=int)
    first_day = DayField(_("First day for answers"), [required(NO_DATE)])
    last_day = DayField(_("Last day for answers"), [required(NO_DATE)])
    reminder_days = IntegerField(
        _("Remind so many days before the end"),
        [NumberRange(0, 30, message=_("From 0 (nobody is reminded) to 30 days."))],
        default=3,
    )
    kinds = SelectMultipleField(_("Kinds of organisations"))
    oblasts = SelectMultipleField(_("Oblasts"))
    organisations = SelectMultipleField(_("Chosen organisations besides"), coerce=int)
    topics = SelectMultipleField(_("Topics of the catalogue"), coerce=int)
    free_topics = TextAreaField(_("Other topics"), [at_most(8000)], filters=[stripped])

    def __init__(
        self,
        visit: Any,
        data: FormData | None,
        *,
        owners: Sequence[tuple[int, str]],
        homes: Sequence[tuple[int, str]],
        catalogue: Sequence[tuple[int, str]],
        **given: Any,
    ) -> None:
        super().__init__(visit, data, **given)
        language = visit.language
        self.owner.choices = list(owners)
        self.kinds.choices = vocabulary.choices(vocabulary.ORGANISATION_KINDS, language)
        self.oblasts.choices = [(uk, en if language == "en" else uk) for uk, en in OBLASTS.items()]
        self.organisations.choices = list(homes)
        self.topics.choices = list(catalogue)

    def draft(self, kept: SurveyDraft | None = None) -> SurveyDraft:
        """What the domain takes. `kept`: of an open survey, whose audience and topics stay. The form must be valid."""
        assert self.first_day.data is not None
        assert self.last_day.data is not None
        return SurveyDraft(
            title=self.value("title"),
            title_en=self.value("title_en"),
            introduction=self.value("introduction"),
            introduction_en=self.value("introduction_en"),
            owner_id=kept.owner_id if kept else self.owner.data,
            first_day=kept.first_day if kept else self.first_day.data,
            last_day=self.last_day.data,
            reminder_days=self.reminder_days.data or 0,
            kinds=kept.kinds if kept else tuple(self.kinds.data or ()),
            oblasts=kept.oblasts if kept else tuple(self.oblasts.data or ()),
            organisation_ids=kept.organisation_ids if kept else tuple(self.organisations.data or ()),
            topic_ids=kept.topic_ids if kept else tuple(self.topics.data or ()),
            free_topics=kept.free_topics if kept else tuple(free_topics(self.value("free_topics"))),
        )

    def refuse(self, refused: Refusal) -> bool:
        """Show a refusal at its field; the domain knows other names."""
        name = {"owner_id": "owner"}.get(refused.field, refused.field)
        return super().refuse(type(refused)(refused.code, refused.detail, name))


def values_of(draft: SurveyDraft, version: int = 0) -> dict[str, Any]:
    """What the form shows of a survey."""
    return {
        "version": str(version),
        "title": draft.title,
        "title_en": draft.title_en,
        "introduction": draft.introduction,
        "introduction_en": draft.introduction_en,
        "owner": draft.owner_id,
        "first_day": draft.first_day,
        "last_day": draft.last_day,
        "reminder_days": draft.reminder_days,
        "kinds": list(draft.kinds),
        "oblasts": list(draft.oblasts),
        "organisations": list(draft.organisation_ids),
        "topics": list(draft.topic_ids),
        "free_topics": lines_of(draft.free_topics),
    }


def free_topics(written: str) -> list[FreeTopic]:
    """One a line; the English name behind a bar."""
    found = []
    for line in written.splitlines():
        name_uk, _bar, name_en = (part.strip() for part in line.partition(_DIVIDER))
        if name_uk or name_en:
            found.append(FreeTopic(name_uk, name_en))
    return found


def lines_of(topics: Iterable[FreeTopic]) -> str:
    """The same back."""
    return "\n".join(f"{each.name_uk} {_DIVIDER} {each.name_en}" if each.name_en else each.name_uk for each in topics)


def answers_of(form: FormData, questions: Iterable[int], places: Sequence[int]) -> Answers:
    """What somebody sent. A mark that is none counts as not given; with one place to answer for, none is asked."""
    home = whole(text(form, "organisation"))
    weekday = whole(text(form, "weekday"))
    return Answers(
        organisation_id=home if home is not None else (places[0] if len(places) == 1 else 0),
        ratings={
            number: Ratings(_mark(form, f"skill-{number}"), _mark(form, f"need-{number}")) for number in questions
        },
        way=_word(Way, text(form, "way")),
        weekday=weekday if weekday is not None and weekday < 7 else None,
        part_of_day=_word(PartOfDay, text(form, "part_of_day")),
        more=text(form, "more"),
    )


def _mark(form: Mapping[str, Any], name: str) -> int | None:
    mark = whole(form.get(name, ""))
    return mark if mark in MARKS else None


def _word(words: Any, given: str) -> Any:
    return words(given) if given in {each.value for each in words} else None
