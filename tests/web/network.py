"""Every page of the network by who opens it, and where on a server with the demo's data each of them stands."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import (
    demo,
    demo_attendance,
    demo_classes,
    demo_credentials,
    demo_directory,
    demo_groups,
    demo_needs,
    images,
)
from lms.appointments.models import Appointment, ConsultationHours
from lms.appointments.plans import free_times
from lms.courses.classes import sittings
from lms.courses.classes.models import ClassSitting, CourseClass
from lms.credentials import seals
from lms.credentials.external_models import ExternalCertificate
from lms.credentials.models import AwardRule, Certificate
from lms.database import Database
from lms.directory.eid import attempts
from lms.directory.eid.models import EidAttempt, EidPurpose
from lms.directory.models import Account, RoleName
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Grant, Visitor
from lms.media import actions as media
from lms.media.library import Made, MadeFile
from lms.media.models import Recording, RecordingState, Rendition, Watching
from lms.needs.models import NeedsSurvey
from lms.notify import receiving
from lms.roadmaps.models import Roadmap
from lms.schedule import guests, pictures
from lms.schedule.audience_models import Invitation, RegistrationPolicy
from lms.schedule.models import Occurrence
from lms.schedule.pictures import Taken
from lms.schedule.plan_models import Programme, Series
from lms.streaming import targets as stream_targets
from lms.streaming.models import TargetKind
from lms.streaming.targets import TargetDraft
from tests.lms.notify import mails
from tests.support import sealing
from tests.web.test_recordings import PLAYBACK
from tests.web.test_seals import Refusing
from tests.web.visitor import ADMINISTRATOR, ORGANISER
from web.certificate_files import document_to_seal
from web.config import WebConfig, utc_now
from web.cookies import CookieName
from web.mail.invitations import RSVP
from web.main.library import FolderLibrary
from web.main.seal import SealDuty
from web.pades import Pkcs12Sealer

PLANNER = Visitor(grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
PEOPLE = "Прізвище;Ім’я;Електронна пошта\nКоваль;Олена;olena@example.org\nБондар;;без адреси\n".encode("windows-1251")
NETWORK = {
    "": (
        "/ /schedule /schedule?when=past /schedule?view=month /schedule?view=week /schedule?q=zzz /sign-in /help "
        "/accessibility /endpoint /no-such-page /organisations /organisations/lviv /series {series} /programmes "
        "{programme} /topics /acts {announced} {registered} {live} {live}/pictures {guest} {rsvp} /courses "
        "/verify /verify/{certificate} /verify/{certificate}?e=2 /issuer /achievements/1 "
        "/courses/digital-literacy /live/demo /offline/uk /class "
        "/open-data /frames /frames/digcomp30"
    ),
    ORGANISER: (
        "/ /manage /schedule /schedule/new {announced} {announced}/edit {announced}/history {announced}/materials "
        "{announced}/invitations {registered} {registered}/registrations {registered}/registration-policy "
        "{registered}/register {held} {held}/attendance {held}/roll-call {held}/roll-call?organisation=2 {live} "
        "{live}/pictures "
        "/needs /needs/new {closed_survey} {closed_survey}/groups {closed_survey}/groups?by=oblast {open_survey} "
        "{open_survey}/edit {open_survey}/answer /series /series/new {series} {series}/edit {series}/reschedule "
        "/programmes /programmes/new {programme} {programme}/protection {series}/protection {announced}/protection "
        "/projects /projects/new "
        "{programme}/edit {programme}/goals/new {programme}/goals/2 "
        "/topics /acts /items /items/dl-1-1-01 /items/new /items/new?kind=cloze "
        "/items/dl-1-1-01/edit /items/dl-1-1-01/try /items/import /items/export?format=gift&look=yes "
        "/slots /slots?duration=60 /attendance-rules "
        "/streaming {training} {training}/groups {announced}/groups /roadmaps?state=all /roadmaps/report {roadmap} "
        "/courses?which=edited /courses/new /courses/import /courses/tasks /courses/mobile-case/edit "
        "/courses/mobile-case/edit/lessons/check /courses/mobile-case/edit/lesson?kind=video "
        "/courses/mobile-case/people /classes /classes/new {class} {class}/sittings/1 "
        "/awards /awards/new /awards/1 /awards/1?person=Демо /awards/1/edit {awarded}/awards {awarded}/awards/new "
        "/reports /reports?period=2020&by=month /reports?period=1999 /reports?by=project "
        "/tests /tests/essays /tests/figures /courses/mobile-case/awards /courses/mobile-case/awards/new"
    ),
    demo_directory.LEAD: (
        "/ {announced} {registered} {registered}/register {registered}/register-people {held} {held}/attendance "
        "{held}/roll-call /organisations/lviv /imports /me/attendance /needs {closed_survey} {open_survey} "
        "/roadmaps /roadmaps/new /roadmaps/report {roadmap} {roadmap}/edit /declared {declared} /reports"
    ),
    demo_directory.STAFF: (
        "/ {announced} {registered} {held} {series} /me /me/notifications /me/calendar /me/attendance /needs "
        "{closed_survey} {open_survey} {open_survey}/answer {roadmap} /courses/mobile-case "
        "/courses/mobile-case/lessons/preparing /courses/mobile-case/lessons/road-map "
        "/courses/mobile-case/lessons/check {recording} "
        "/me/certificates /certificates/{certificate} /me/tests /me/background /me/declared/new {declared} /offline "
        "/consultations /consultations?q=zzz /consultations/with/1 {free_time} /appointments {appointment} "
        "{appointment}/move"
    ),
    demo_directory.EXPERT: "/ /consultations/hours /appointments {appointment} /appointments/1",
    ADMINISTRATOR: (
        "/ /manage /audit /people /people/1 /people/new /people/1/edit /organisations /organisations/new "
        "/organisations/lviv /organisations/lviv/edit /organisations/capabilities /endpoints /duplicates "
        "/items /items/dl-1-1-01 /items/dl-3-4-04 "
        "/duplicates/organisation/1/2 /duplicates/person/1/2 /imports /imports/1 /mail /mail?box=trouble "
        "/mail?box=sent /mail/1 /mail/inbox /mail/inbox/1 /mail/addresses /streaming"
    ),
}
"""Every page of the network by who opens it; what is in brackets is looked up in the demo's data."""

CODE = "00000000000000ab"
"""The recording of the live consultation, interpreted into English."""


def places(database: Database, config: WebConfig, folder: Path) -> dict[str, str]:
    """Where the demo's things stand, and what a class's code is; things that the demo lacks are put in first.

    `folder` takes the sealed document and the recording, which must be in the library of `config`.
    """
    now = utc_now()
    with database.writing() as session:
        _put_in(session, config, now)
        made = _addresses(session, config, now)
    _publish_recording(database, folder, now)
    made["sealed"] = str(_seal_one(database, config, folder))
    # The others wait: the administrator reads why.
    SealDuty(Refusing(), config.files)(database, now)
    return made


def _put_in(session: Session, config: WebConfig, now: datetime) -> None:
    """An import's letter, a target of streams, pictures, certificates, a class that sits now."""
    target = TargetDraft("Сторінка асоціації", TargetKind.FACEBOOK, "rtmps://live.example.org/app")
    stream_targets.add(session, PLANNER, target, "key", config.sealer, now)
    receiving.take_in(session, mails.LETTER, now, None)
    _take_pictures(session, config)
    demo_credentials.seed(session, config.issuer, now)
    demo_classes.seed(session, now, facilitator=ORGANISER)
    holds = visitor_of_person(session, _person(session, ORGANISER), now)
    sittings.open_sitting(session, holds, session.scalars(select(CourseClass.id)).one(), 120, now)


def _addresses(session: Session, config: WebConfig, now: datetime) -> dict[str, str]:
    invitation = session.scalars(select(Invitation).order_by(Invitation.id)).first()
    assert invitation is not None
    announced = session.get_one(Occurrence, invitation.occurrence_id).slug
    token = guests.invite_guest(session, PLANNER, announced, name="Олена", now=now).token
    staff = _person(session, demo_directory.STAFF)
    surveys = {each.title: each.slug for each in session.scalars(select(NeedsSurvey))}
    held, live = (_met(session, meeting) for meeting in (demo_attendance.MEETING, demo.DEMO_MEETING))
    registered = session.scalars(select(Occurrence.slug).join(RegistrationPolicy).limit(1)).one()
    training = session.scalars(select(Occurrence.slug).where(Occurrence.title == demo_groups.TRAINING)).one()
    awarded = session.scalars(select(Series.slug).join(AwardRule, AwardRule.series_id == Series.id)).one()
    return {
        "announced": "/schedule/" + announced,
        "registered": "/schedule/" + registered,
        "held": "/schedule/" + held.slug,
        "live": "/schedule/" + live.slug,
        "series": "/series/" + session.scalars(select(Series.slug).order_by(Series.id.desc()).limit(1)).one(),
        "programme": "/programmes/" + session.scalars(select(Programme.slug).limit(1)).one(),
        "closed_survey": "/needs/" + surveys[demo_needs.CLOSED],
        "open_survey": "/needs/" + surveys[demo_needs.OPEN],
        "training": "/schedule/" + training,
        "roadmap": f"/roadmaps/{session.scalars(select(Roadmap.id).order_by(Roadmap.id.desc()).limit(1)).one()}",
        "class": f"/classes/{session.scalars(select(func.max(CourseClass.id))).one()}",
        "class_code": session.scalars(select(ClassSitting.code).where(ClassSitting.ends_at > now)).one(),
        "guest": f"/guest/{token}",
        "appointment": f"/appointments/{session.scalars(select(func.max(Appointment.id))).one()}",
        "free_time": f"/consultations/with/1/book?at={_free_time(session, now):%Y-%m-%dT%H:%MZ}",
        "declared": "/declared/" + session.scalars(select(ExternalCertificate.code)).one(),
        "certificate": session.scalars(select(Certificate.number).where(Certificate.person_id == staff)).one(),
        "awarded": "/series/" + awarded,
        "recording": f"/recordings/{CODE}",
        "rsvp": "/rsvp/" + config.links.sign(RSVP, invitation.id),
    }


def _person(session: Session, email: str) -> int:
    return session.scalars(select(Account.person_id).where(Account.subject == email)).one()


def _met(session: Session, meeting: str) -> Occurrence:
    return session.scalars(select(Occurrence).where(Occurrence.meeting == meeting)).one()


def _free_time(session: Session, now: datetime) -> datetime:
    (hours,) = session.scalars(select(ConsultationHours))
    return free_times(session, [hours], now, now, 14)[hours.id][0].starts_at


def _take_pictures(session: Session, config: WebConfig) -> None:
    """Two of the live consultation, one of them hidden."""
    live = _met(session, demo.DEMO_MEETING)
    written = io.BytesIO()
    Image.new("RGB", (1280, 720), (40, 90, 60)).save(written, "JPEG")
    picture = images.clean(written.getvalue())
    for number in (1, 2):
        taken = Taken("Олена Коваль", "Ірина Бондар", "document_camera", f"Сканер паспортів, вид {number}")
        made = pictures.keep(session, PLANNER, live.id, taken, picture, config.files, utc_now())
    pictures.hide(session, PLANNER, live.slug, made, utc_now(), hidden=True)


def _publish_recording(database: Database, folder: Path, now: datetime) -> None:
    """What was held, with an English interpretation: its page offers films in two languages."""
    library = FolderLibrary(folder)
    version = library.made(CODE) / "v0001"
    version.mkdir(parents=True)
    (version / "playback.json").write_text(json.dumps(PLAYBACK))
    (library.made(CODE) / "current").symlink_to("v0001")
    names = {"video.mp4": ("composition", ""), "small.mp4": ("small", ""), "video.en.mp4": ("channel", "en")}
    for name in names:
        (version / name).write_bytes(b"")
    with database.writing() as session:
        held = _met(session, demo_attendance.MEETING)
        made = Recording(code=CODE, meeting=held.meeting, occurrence_id=held.id, state=RecordingState.QUEUED)
        made.watching, made.began_at, made.heard_at, made.downloadable = Watching.NETWORK, held.starts_at, now, True
        session.add(made)
        session.flush()
        job = media.claim(session, "test", now)
        assert job is not None
        files = [MadeFile(name, "video/mp4", 10**8, "0" * 64, 3700.0, source) for name, (source, _) in names.items()]
        media.finish(session, job.id, Made("v0001", 3700.0, files), now)
        for each in session.scalars(select(Rendition).where(Rendition.recording_id == made.id)):
            each.label = names[each.name][1]


def _seal_one(database: Database, config: WebConfig, folder: Path) -> Path:
    """The document of one certificate, sealed as the worker does; the others go on waiting."""
    files, path = sealing.files(folder / "seal"), folder / "sealed.pdf"
    with database.writing() as session:
        one = next(iter(seals.waiting(session, utc_now(), after=0, most=1)))
        document, found = seals.sealed(Pkcs12Sealer(files.key, files.password), document_to_seal(one, config.files))
        assert seals.keep(session, one.edition_id, config.files.put(document), found, utc_now())
    path.write_bytes(document)
    return path


def names_of_a_class(page: Page, url: str, _config: WebConfig, place: dict[str, str]) -> None:
    """Who has typed the code of a sitting chooses a name."""
    page.goto(url + "/class")
    page.fill("main input[name=code]", place["class_code"])
    page.click("main form button")
    page.locator(".class-names").wait_for()


def sealed_file(page: Page, url: str, _config: WebConfig, place: dict[str, str]) -> None:
    """What is said of a certificate's document under an electronic seal."""
    page.goto(url + "/verify")
    page.set_input_files("input[type=file]", place["sealed"])
    page.locator("form[enctype] button").click()
    page.locator("#seals-told").wait_for()


def found_by_identity(page: Page, url: str, config: WebConfig, _place: dict[str, str]) -> None:
    """Somebody whom an electronic identity names and nobody here knows."""
    page.goto(url + "/sign-in")
    browser = next(each["value"] for each in page.context.cookies() if each.get("name") == CookieName.BROWSER)
    now, came = utc_now(), attempts.Found("staff", "mark", None, "bankid", "Олена Іванівна Коваль")
    with config.database.writing() as session:
        journey, purpose = attempts.new_journey(url), EidPurpose.SIGN_IN
        attempts.begin(session, config.sealer, journey, provider="staff", purpose=purpose, browser=browser, now=now)
        number = session.scalars(select(func.max(EidAttempt.id))).one()
        handle = attempts.hold(session, config.sealer, number, came, "/me", now)
    page.goto(f"{url}/sign-in/found/{handle}")
    page.locator("#email").wait_for()


def an_import(page: Page, url: str, _config: WebConfig, _place: dict[str, str]) -> None:
    """A table of people was sent in, of which one line is refused."""
    page.goto(url + "/imports")
    page.set_input_files("input[type=file]", {"name": "people.csv", "mimeType": "text/csv", "buffer": PEOPLE})
    page.click("main form button")
    page.wait_for_url("**/imports/1**")


Act = Callable[[Page, str, WebConfig, dict[str, str]], None]
ACTS: dict[str, tuple[Act, ...]] = {
    "": (names_of_a_class, sealed_file, found_by_identity),
    ADMINISTRATOR: (an_import,),
}
"""Pages that no address alone leads to; they are opened before the others."""
