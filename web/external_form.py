"""The form of a certificate from elsewhere."""

from __future__ import annotations

from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lms.credentials.external_actions import ExternalDraft
from lms.credentials.external_queries import AreaLine
from web.directory_forms import day_field
from web.forms import VisitForm, at_most, stripped
from web.i18n import mark as _


class ExternalForm(VisitForm):
    """A certificate as it is declared. What stands in a credential need not be typed."""

    title = StringField(_("What it is called"), [Optional(), at_most(300)], filters=[stripped])
    issuer = StringField(_("Who gave it"), [Optional(), at_most(300)], filters=[stripped])
    issued_on = day_field(_("When it was given"), "issued_on", needed=False)
    valid_until = day_field(_("Valid until"), "valid_until", needed=False)
    url = StringField(_("Address where it is"), [Optional(), at_most(500)], filters=[stripped])
    areas = SelectMultipleField(
        _("What it is about"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    shared = BooleanField(_("Show it to those who lead or organise my organisation"))

    def offer(self, areas: list[AreaLine]) -> ExternalForm:
        """These areas to choose from."""
        english = self.visit.language == "en"
        self.areas.choices = [(each.number, each.name_en if english else each.name_uk) for each in areas]
        return self

    def draft(self) -> ExternalDraft:
        """What was typed."""
        return ExternalDraft(
            title=self.value("title"),
            issuer=self.value("issuer"),
            issued_on=self.issued_on.data,
            valid_until=self.valid_until.data,
            url=self.value("url"),
            areas=tuple(self.areas.data or ()),
            shared=bool(self.shared.data),
        )
