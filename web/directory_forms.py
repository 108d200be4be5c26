"""Forms of the directory: organisations, their memberships and equipment, people, their places and roles."""

from __future__ import annotations

from datetime import date
from zoneinfo import available_timezones

from wtforms import DateField, EmailField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from lms.directory.models import OrganisationKind, OrganisationStatus
from lms.directory.oblasts import OBLASTS
from lms.directory.organisations import OrganisationDraft
from web.forms import EMAIL, PASSWORD, VisitForm, at_most, required, same_as, stripped
from web.i18n import LANGUAGES
from web.i18n import mark as _

ZONES = tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix"))))
DAY_NEEDED = _("Enter a day, for example 2026-12-31.")


def day_field(label: str, element: str, *, needed: bool = True) -> DateField:
    """A day, typed or chosen. `element` is the field's id: several forms stand on one page."""
    return DateField(label, [required(DAY_NEEDED) if needed else Optional()], id=element)


def day_in(form: VisitForm, name: str) -> date:
    """The day in a field that was found valid."""
    value = form[name].data
    assert isinstance(value, date)
    return value


class OrganisationForm(VisitForm):
    """An organisation."""

    kind = SelectField(_("Kind"), [required()])
    name_uk = StringField(_("Name in Ukrainian"), [required(), at_most(300)], filters=[stripped])
    name_en = StringField(_("Name in English"), [at_most(300)], filters=[stripped])
    code = StringField(_("Code"), [at_most(63)], filters=[stripped])
    status = SelectField(_("State"), [required()])
    oblast = SelectField(_("Oblast"))
    settlement = StringField(_("Town or village"), [at_most(120)], filters=[stripped])
    community = StringField(_("Community (hromada)"), [at_most(120)], filters=[stripped])
    community_code = StringField(_("Code of the community (KATOTTG)"), [at_most(32)], filters=[stripped])
    territorial_code = StringField(_("Code of the territory (KATOTTG)"), [at_most(32)], filters=[stripped])
    email = EmailField(_("E-mail"), [at_most(254)], filters=[stripped])
    phone = StringField(_("Telephone"), [at_most(64)], filters=[stripped])
    website = StringField(_("Website"), [at_most(300)], filters=[stripped])

    def draft(self) -> OrganisationDraft:
        """What was typed, for the domain."""
        texts = (
            "name_uk", "name_en", "code", "oblast", "settlement", "community", "community_code", "territorial_code",
            "email", "phone", "website",
        )  # fmt: skip
        return OrganisationDraft(
            kind=OrganisationKind(self.value("kind")),
            status=OrganisationStatus(self.value("status")),
            **{name: self.value(name) for name in texts},
        )


class MembershipForm(VisitForm):
    """From when on an organisation belongs to the network."""

    from_date = day_field(_("Member from"), "member_from")


class EndForm(VisitForm):
    """When something ends."""

    to_date = day_field(_("First day without it"), "ends")


class CapabilityForm(VisitForm):
    """What an organisation has."""

    capability = SelectField(_("What"), [required()])
    quantity = IntegerField(_("How many"), [required(), NumberRange(1, 9999, _("From 1 to 9999."))])
    from_date = day_field(_("From"), "has_from")
    note = StringField(_("Note"), [at_most(300)], filters=[stripped])


class CapabilityKindForm(VisitForm):
    """One more kind of capability."""

    name_uk = StringField(_("Name in Ukrainian"), [required(), at_most(200)], filters=[stripped])
    name_en = StringField(_("Name in English"), [at_most(200)], filters=[stripped])


class PersonForm(VisitForm):
    """A person. The fields of the first place are left out once the person is there."""

    family_name = StringField(_("Family name"), [required(), at_most(100)], filters=[stripped])
    given_name = StringField(_("Given name"), [required(), at_most(100)], filters=[stripped])
    patronymic = StringField(_("Patronymic"), [at_most(100)], filters=[stripped])
    latin_name = StringField(_("Name in Latin letters"), [at_most(200)], filters=[stripped])
    language = SelectField(_("Language of letters"), choices=list(LANGUAGES.items()))
    time_zone = SelectField(_("Time zone"), choices=[(zone, zone) for zone in ZONES])


class NewPersonForm(PersonForm):
    """A person who is not there yet, with an account and a place to work."""

    email = EmailField(_("E-mail for signing in"), [Optional(), at_most(254), EMAIL], filters=[stripped])
    phone = StringField(_("Telephone"), [at_most(64)], filters=[stripped])
    organisation = SelectField(_("Organisation"))
    position = StringField(_("Position"), [at_most(200)], filters=[stripped])


class AffiliationForm(VisitForm):
    """Where somebody works."""

    organisation = SelectField(_("Organisation"), [required()], coerce=int)
    position = StringField(_("Position"), [at_most(200)], filters=[stripped])
    from_date = day_field(_("From"), "works_from")


class RoleForm(VisitForm):
    """What somebody may do, how far, and for how long."""

    role = SelectField(_("Role"), [required()])
    organisation = SelectField(_("For"))
    to_date = day_field(_("Until (may stay empty)"), "role_to", needed=False)


class ChannelForm(VisitForm):
    """How somebody can be reached."""

    kind = SelectField(_("Kind"), [required()])
    address = StringField(_("Address or number"), [required(), at_most(320)], filters=[stripped])


class ChangePassword(VisitForm):
    """One's own new password."""

    old = PasswordField(_("Present password"), [required()])
    new = PasswordField(_("New password"), [required(), PASSWORD])
    new_again = PasswordField(_("The same password again"), [required(), same_as("new")])


def oblast_choices(language: str, empty: str) -> list[tuple[str, str]]:
    """Oblasts in the reader's language, after one for none."""
    return [("", empty), *((name, english if language == "en" else name) for name, english in OBLASTS.items())]
