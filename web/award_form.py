"""The form of a rule of award: what it is for, in which words, by what it is earned."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from lms.credentials.award_tests import TestChoice
from lms.credentials.awarding import BY_HOURS, KINDS_OF_ACHIEVEMENT, RuleDraft
from lms.credentials.models import AwardRule, RuleKind
from lms.directory import projects
from web.forms import VisitForm, at_most, required, stripped
from web.i18n import mark as _
from web.i18n import translate
from web.vocabulary import ACHIEVEMENTS, AWARD_KINDS


class AwardForm(VisitForm):
    """A rule as it is typed."""

    kind = RadioField(_("How it is earned"), [required()])
    min_share = IntegerField(_("Share of the dates attended, percent"), [Optional(), NumberRange(1, 100)])
    name = StringField(_("Name of the certificate"), [required(), at_most(300)], filters=[stripped])
    name_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])
    criteria = TextAreaField(_("What had to be done"), [required(), at_most(2000)], filters=[stripped])
    criteria_en = TextAreaField(_("The same in English"), [at_most(2000)], filters=[stripped])
    description = TextAreaField(_("What it is about"), [at_most(2000)], filters=[stripped])
    description_en = TextAreaField(_("The same in English"), [at_most(2000)], filters=[stripped])
    achievement_kind = SelectField(_("Kind of achievement"), [required()])
    hours = StringField(_("Hours"), [at_most(10)], filters=[stripped], render_kw={"inputmode": "decimal"})
    credits = BooleanField(_("State ECTS credits"))
    test = SelectField(_("Test that must be passed"), validate_choice=False)
    valid_months = IntegerField(_("Valid for so many months"), [Optional(), NumberRange(1, 600)])
    remind_days = IntegerField(_("Remind the holder so many days before"), [Optional(), NumberRange(1, 365)])
    funder = StringField(_("Project or funder"), [at_most(300)], filters=[stripped])
    funder_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])
    project = SelectField(_("Project"), validate_choice=False)
    by_itself = BooleanField(_("Issue it by itself to whoever has earned it"))
    signatory = StringField(_("Who signs"), [at_most(200)], filters=[stripped])
    signatory_position = StringField(_("Position"), [at_most(300)], filters=[stripped])
    signatory_position_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])

    def choose_from(self, kinds: list[RuleKind], tests: Sequence[TestChoice] = ()) -> AwardForm:
        """Offer these kinds of rule, and these tests."""
        language = self.visit.language
        self.kind.choices = [(kind.value, translate(language, AWARD_KINDS[kind])) for kind in kinds]
        self.achievement_kind.choices = [
            (kind, translate(language, ACHIEVEMENTS[kind])) for kind in KINDS_OF_ACHIEVEMENT
        ]
        english = language == "en"
        self.test.choices = [("", translate(language, _("no test")))] + [
            (each.code, each.title_en if english else each.title) for each in tests
        ]
        inherits = translate(language, _("That of what it is given for"))
        self.project.choices = [("", inherits)] + [
            (each.slug, each.name_en if english and each.name_en else each.name)
            for each in projects.tags(self.visit.session)
            if not each.closed or each.slug == self.project.data
        ]
        return self

    def draft(self) -> RuleDraft:
        """What was typed."""
        texts = {name: self.value(name) for name in RuleDraft.__slots__ if name not in _OTHERS}
        return RuleDraft(
            kind=RuleKind(self.value("kind")),
            min_share=self.min_share.data,
            valid_months=self.valid_months.data,
            remind_days=self.remind_days.data,
            by_itself=bool(self.by_itself.data),
            credits=BY_HOURS if self.credits.data else "",
            **texts,
        )


_OTHERS = ("kind", "min_share", "valid_months", "remind_days", "credits", "by_itself")


def hours_shown(hours: Decimal | str, language: str) -> str:
    """Hours as one types them: `1,5` in Ukrainian, `1.5` in English; empty for none."""
    return format_decimal(hours, locale=language, group_separator=False) if hours else ""


def values(rule: AwardRule, language: str, test: str, project: str = "") -> dict[str, Any]:
    """A rule as the form holds it; `test`: the code of its test."""
    found = {name: getattr(rule, name) for name in RuleDraft.__slots__ if name not in ("test", "project")}
    return found | {
        "kind": rule.kind.value,
        "test": test,
        "project": project,
        "hours": hours_shown(rule.hours, language),
        "credits": bool(rule.credits),
    }
