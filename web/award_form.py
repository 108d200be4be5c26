"""The form of a rule of award: what it is for, in which words, by what it is earned."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from lms.credentials.awarding import KINDS_OF_ACHIEVEMENT, RuleDraft
from lms.credentials.models import AwardRule, RuleKind
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
    hours = StringField(_("Hours"), [at_most(10)], filters=[stripped])
    credits = StringField(_("ECTS credits"), [at_most(10)], filters=[stripped])
    valid_months = IntegerField(_("Valid for so many months"), [Optional(), NumberRange(1, 600)])
    signatory = StringField(_("Who signs"), [at_most(200)], filters=[stripped])
    signatory_position = StringField(_("Position"), [at_most(300)], filters=[stripped])
    signatory_position_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])

    def choose_from(self, kinds: list[RuleKind]) -> AwardForm:
        """Offer these kinds of rule."""
        language = self.visit.language
        self.kind.choices = [(kind.value, translate(language, AWARD_KINDS[kind])) for kind in kinds]
        self.achievement_kind.choices = [
            (kind, translate(language, ACHIEVEMENTS[kind])) for kind in KINDS_OF_ACHIEVEMENT
        ]
        return self

    def draft(self) -> RuleDraft:
        """What was typed."""
        texts = {name: self.value(name) for name in RuleDraft.__slots__ if name not in _OTHERS}
        return RuleDraft(
            kind=RuleKind(self.value("kind")),
            min_share=self.min_share.data,
            valid_months=self.valid_months.data,
            **texts,
        )


_OTHERS = ("kind", "min_share", "valid_months")


def values(rule: AwardRule) -> dict[str, Any]:
    """A rule as the form holds it."""
    return {name: getattr(rule, name) for name in RuleDraft.__slots__} | {"kind": rule.kind.value}
