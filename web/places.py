"""The places where the network is managed: pages that only some people see, listed at `/manage`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lms.appointments.rules import offers_by_role
from lms.assessment.rules import keeps_tests
from lms.assessment.rules import may_read as may_read_items
from lms.courses.classes.access import holds_classes
from lms.directory.models import RoleName
from lms.directory.people_queries import may_open_people
from lms.directory.rules import Grant, Visitor
from lms.reports.reach import reach_of
from web.i18n import mark as _


@dataclass(frozen=True, slots=True)
class Place:
    """A page, what it is for, and who may open it."""

    href: str
    name: str
    purpose: str
    open_to: Callable[[Visitor], bool]


def administrators(visitor: Visitor) -> bool:
    """Administrators of the network."""
    return visitor.is_administrator


def organisers(visitor: Visitor) -> bool:
    """Whoever plans something."""
    return visitor.is_organiser


def auditors(visitor: Visitor) -> bool:
    """Administrators, and auditors of the whole network."""
    return visitor.is_administrator or Grant(RoleName.AUDITOR) in visitor.grants


def road_mappers(visitor: Visitor) -> bool:
    """Whoever makes road maps or looks over them."""
    return visitor.is_organiser or visitor.audits or bool(visitor.led_organisations)


def certifiers(visitor: Visitor) -> bool:
    """Whoever approves certificates, be it of one organisation or series."""
    return visitor.is_organiser or any(grant.role is RoleName.CERTIFIER for grant in visitor.grants)


def shown_certificates(visitor: Visitor) -> bool:
    """Whoever people can show their certificates from elsewhere to."""
    return visitor.is_organiser or bool(visitor.led_organisations)


def planners(visitor: Visitor) -> bool:
    """Whoever plans something, be it one series that others began."""
    return visitor.plans


def mail_keepers(visitor: Visitor) -> bool:
    """Whoever looks after the mail."""
    return visitor.keeps_mail


def importers(visitor: Visitor) -> bool:
    """Whoever may send files, be it for one centre."""
    return visitor.imports_everything or bool(visitor.imported_organisations)


def reporters(visitor: Visitor) -> bool:
    """Whoever may see figures, be it of one centre."""
    return reach_of(visitor).anything


def testers(visitor: Visitor) -> bool:
    """Whoever looks after tests, of the network or of one organisation."""
    return keeps_tests(visitor)


PLACES: tuple[Place, ...] = (
    Place(
        "/series", _("All series"), _("Plan dates together, fill them with topics and experts, release them."), planners
    ),
    Place("/programmes", _("Programmes"), _("What runs over a year; series belong to it."), planners),
    Place(
        "/projects",
        _("Projects and funders"),
        _("With whose support things are held, and how it is named."),
        organisers,
    ),
    Place(
        "/consultations/hours",
        _("My consultation hours"),
        _("When you can be booked for a talk of two, and by whom."),
        offers_by_role,
    ),
    Place("/slots", _("Quiet hours"), _("When the centres have the fewest visitors."), organisers),
    Place("/streaming", _("Live streams"), _("To which services meetings are streamed, with which keys."), planners),
    Place("/needs", _("Surveys of needs"), _("Ask the centres what they want to learn, then plan for it."), organisers),
    Place("/roadmaps", _("Road maps"), _("What the centres do after trainings, and how far they are."), road_mappers),
    Place(
        "/awards",
        _("Certificates to approve"),
        _("For what certificates are given, and who has earned one."),
        certifiers,
    ),
    Place(
        "/declared",
        _("Certificates from elsewhere"),
        _("What people of your organisations have shown you, as they declare it."),
        shown_certificates,
    ),
    Place(
        "/items", _("Bank of questions"), _("What tests are drawn from; a second person reads each."), may_read_items
    ),
    Place("/tests", _("Tests and results"), _("Who takes tests, what waits for a decision, how people do."), testers),
    Place("/reports", _("Reports"), _("What was held, learnt and awarded, compared."), reporters),
    Place("/classes", _("Classes"), _("People whom you teach in a library or a training centre."), holds_classes),
    Place("/frames", _("Frames of competences"), _("What questions are tagged by, and results told by."), keeps_tests),
    Place("/topics", _("Topics"), _("The catalogue of services by which everything is found."), organisers),
    Place("/acts", _("Legal acts"), _("What occurrences explain, and what has changed since."), organisers),
    Place("/people", _("People"), _("Who is who, where they work, accounts and roles."), may_open_people),
    Place(
        "/attendance-rules",
        _("Rules of attendance"),
        _("When somebody counts as having attended; versions, never changed."),
        organisers,
    ),
    Place("/duplicates", _("Entered twice"), _("People and organisations that may be one."), administrators),
    Place("/imports", _("Import"), _("Organisations, people and workload from CSV and XLSX."), importers),
    Place("/endpoints", _("Endpoints"), _("Connect meeting-room devices, disconnect them."), administrators),
    Place("/mail", _("Mail"), _("What was sent, what waits, what came back and what came in."), mail_keepers),
    Place("/audit", _("Log of changes"), _("Who changed what and when; whether the chain is whole."), auditors),
)
"""In the order shown."""


def open_to(visitor: Visitor) -> list[Place]:
    """The places that this visitor may open."""
    return [place for place in PLACES if place.open_to(visitor)]
