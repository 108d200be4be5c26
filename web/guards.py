"""Who may open a page at all. What they may see on it, `lms` decides where it fetches."""

from __future__ import annotations

from lms.directory.people_queries import may_open_people
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Visit


def administrators_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in, 403 for others who are no administrators."""
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("This page is for administrators. Sign in with your account."))
    if not visit.visitor.is_administrator:
        raise Problem(403, "administrators_only", _("This page is for administrators."))


def organisers_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in, 403 for others who plan nothing."""
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("Planning is for organisers. Sign in with your account."))
    if not visit.visitor.is_organiser:
        raise Problem(403, "organisers_only", _("Planning is for organisers. Ask an administrator for this role."))


def planners_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in, 403 for others who plan nothing, not even one series."""
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("Planning is for organisers. Sign in with your account."))
    if not visit.visitor.plans:
        raise Problem(403, "organisers_only", _("Planning is for organisers. Ask an administrator for this role."))


def people_readers_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in, 403 for whoever looks after nobody."""
    signed_in_only(visit)
    if not may_open_people(visit.visitor):
        raise Problem(403, "people_readers_only", _("People are shown to administrators and to leads of centres."))


def people_keepers_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in, 403 for whoever changes nobody's entry."""
    people_readers_only(visit)
    if not visit.visitor.is_administrator and not visit.visitor.led_organisations:
        raise Problem(403, "people_keepers_only", _("People are entered by administrators and by leads of centres."))


def signed_in_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in."""
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("This page is for people with an account. Sign in."))


def mail_keepers_only(visit: Visit) -> None:
    """Raises `Problem` 401 for whoever has not signed in, 403 for others than administrators and operators."""
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("This page is for administrators. Sign in with your account."))
    if not visit.visitor.keeps_mail:
        raise Problem(403, "administrators_only", _("This page is for administrators."))
