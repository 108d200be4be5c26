"""Forms: WTForms with labels and errors in the reader's language. What was typed is kept when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData
from wtforms import EmailField, Form, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Regexp, ValidationError

from lms.errors import Refusal
from web import wording
from web.i18n import mark as _
from web.i18n import translate

if TYPE_CHECKING:
    from web.visits import Visit

MOST_DIGITS = 15
PASSWORD_MIN = 10
REQUIRED = _("Fill this in.")


def text(form: FormData, name: str) -> str:
    """A field of a form as text without blanks around it; empty if it is missing."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """A number as somebody's browser sent it; None for what is none, or too long for one that we hold."""
    written = value.strip() if isinstance(value, str) else str(value)
    return int(written) if written.isdecimal() and len(written) <= MOST_DIGITS else None


def sentence(visit: Visit, refused: Refusal) -> str:
    """What a person reads when the domain refuses something."""
    return wording.say(visit.language, refused.code, refused.detail)


class VisitForm(Form):
    """A form of one visit. Messages of validators are translated when they are shown (`errors_of`)."""

    def __init__(self, visit: Visit, data: FormData | None, **given: Any) -> None:
        self.visit = visit
        super().__init__(data, meta={"locales": [visit.language]}, **given)

    def value(self, name: str) -> str:
        """What was typed into a field, as text; empty if nothing was."""
        return str(self[name].data or "")

    def refuse(self, refused: Refusal) -> bool:
        """Show a refusal at the field that it names; False if it names none of this form."""
        if refused.field not in self:
            return False
        self[refused.field].errors = [*self[refused.field].errors, sentence(self.visit, refused)]
        return True

    def errors_of(self, name: str) -> list[str]:
        """The errors of a field, in the reader's language."""
        return [translate(self.visit.language, str(error)) for error in self[name].errors]


def stripped(value: str | None) -> str:
    """Without blanks at both ends."""
    return (value or "").strip()


def required(message: str = REQUIRED) -> InputRequired:
    """The field must not be empty."""
    return InputRequired(message)


def at_most(count: int) -> Length:
    """Bound on the length, in characters."""
    return Length(max=count, message=_("This is too long."))


def same_as(other: str) -> Callable[[Any, Any], None]:
    """The field repeats another one."""

    def check(form: Any, field: Any) -> None:
        if field.data != form[other].data:
            raise ValidationError(_("The two passwords differ. Type the same one twice."))

    return check


EMAIL = Regexp(
    r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$", message=_("This is no e-mail address. It looks like name@example.ua.")
)
PASSWORD = Length(
    PASSWORD_MIN, 200, _("A password has at least 10 characters. Three words are easy to remember and hard to guess.")
)


class SignIn(VisitForm):
    """E-mail and password."""

    email = EmailField(_("E-mail"), [required(), at_most(254)], filters=[stripped])
    password = PasswordField(_("Password"), [required(), Length(max=200)])


class Welcome(VisitForm):
    """The first administrator, or an organiser who was invited."""

    family_name = StringField(_("Family name"), [required(), at_most(80)], filters=[stripped])
    given_name = StringField(_("Given name"), [required(), at_most(80)], filters=[stripped])
    email = EmailField(_("E-mail"), [required(), at_most(254), EMAIL], filters=[stripped])
    password = PasswordField(_("Password"), [required(), PASSWORD])
    password_again = PasswordField(_("The same password again"), [required(), same_as("password")])


class NewPassword(VisitForm):
    """A password, by an invitation or a link for who forgot the old one."""

    password = PasswordField(_("Password"), [required(), PASSWORD])
    password_again = PasswordField(_("The same password again"), [required(), same_as("password")])


class Invite(VisitForm):
    """An organiser to be invited."""

    family_name = StringField(_("Family name"), [required(), at_most(80)], filters=[stripped])
    given_name = StringField(_("Given name"), [required(), at_most(80)], filters=[stripped])
    email = EmailField(_("E-mail"), [required(), at_most(254), EMAIL], filters=[stripped])


class Pair(VisitForm):
    """An endpoint by the code on its screen."""

    code = StringField(_("Code on the device's screen"), [required(), at_most(20)], filters=[stripped])
    organisation = SelectField(_("Organisation"), [required()], coerce=int)
    label = StringField(_("Name of the device"), [required(), at_most(80)], filters=[stripped])


class GuestLink(VisitForm):
    """A personal link for somebody without an account."""

    name = StringField(_("Name"), [required(), at_most(120)], filters=[stripped])
    organisation = StringField(_("Organisation"), [at_most(160)], filters=[stripped])
    role = SelectField(_("Role"), [required()])
