"""Every address of the app against every kind of visitor. An address that is not in the table fails the test.

What is posted is empty, so that nothing but permission decides between "in" (done, or refused for what was typed) and
"out" (401, 403, 404, or the way to the sign-in page). Nothing of it is kept.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo, demo_directory, demo_items, demo_needs
from lms.appointments.models import Appointment, AppointmentState, ConsultationHours
from lms.assessment import actions as items
from lms.assessment.attempts import granting
from lms.assessment.attempts.models import Test
from lms.assessment.attempts.timing import Accommodation
from lms.assessment.content import TrueFalse
from lms.assessment.drafts import ItemDraft
from lms.assessment.exchange import uploads as item_files
from lms.courses import testing
from lms.courses.classes import rosters, seats, sittings
from lms.courses.classes.models import ClassMember
from lms.courses.classes.names import Listed
from lms.courses.classes.rosters import ClassDraft
from lms.courses.models import Course, EnrolmentRule, Opinion, RuleKind, Submission
from lms.credentials import awarding, bulk, external_actions, issuing
from lms.credentials.external_files import Looked
from lms.credentials.keys import Issuer
from lms.credentials.models import RuleKind as AwardKind
from lms.database import Database
from lms.directory import accounts, projects
from lms.directory.access_models import Endpoint
from lms.directory.imports import actions as imports
from lms.directory.models import Account, Affiliation, Membership, Organisation, RoleGrant, RoleName, Scope
from lms.directory.projects import ProjectDraft
from lms.directory.queries import visitor_of_person
from lms.directory.register_models import Capability, ChannelKind, ContactChannel, ImportKind
from lms.evidence.models import Counting, Goal
from lms.files import MemoryFiles
from lms.images import CleanPicture, Encoded
from lms.media.models import Deletion, DeletionReason, DeletionScope, Recording, RecordingState, Watching
from lms.meetings.attendance_models import AttendanceRule, RosterEntry
from lms.needs.models import NeedsPlan, NeedsSurvey
from lms.notify.actions import enqueue
from lms.notify.models import BouncedAddress, InboundKind, InboundMessage, InboundState, OutboxMessage
from lms.roadmaps.models import RoadmapStep
from lms.schedule import acts, materials, pictures
from lms.schedule.audience_models import CalendarFeed, Invitation, Registration
from lms.schedule.models import GuestLink, MeetingRole, Occurrence, Status
from lms.schedule.pictures import Taken
from lms.schedule.plan_models import LegalAct, Programme, Series, Topic
from lms.sealing import FernetSealer
from lms.streaming.models import StreamTarget, TargetKind
from tests.lms.facts import NOW
from tests.support.postgres import PostgresServer, knowing_statements
from tests.support.seeding import whole
from tests.web.visitor import ADMINISTRATOR, HOST, ORGANISER, PASSWORD, Visitor

WHO = {
    "n": "nobody who has signed in",
    "s": "staff of another centre",
    "l": "lead of another centre",
    "o": "organiser of one organisation that has no part in it",
    "i": "data importer",
    "u": "auditor",
    "k": "operator",
    "S": "staff of the centre that is concerned, invited and registered",
    "L": "lead of that centre",
    "P": "organiser of the network",
    "A": "administrator",
}
ALL = "".join(WHO)
KNOWN = ALL.removeprefix("n")
NOBODY = ""
"""None of them: the object is somebody else's, or there is none of the kind."""
BY_LINK = ""
"""Whoever holds the link, which none of them does."""
BY_KEY = ""
"""A media node with its key."""

WITHOUT_OUR_PAGE = {"/internal/events", "/unsubscribe/{signed}"}
"""A media node posts with its key, a mail program with the signed link alone (RFC 8058)."""
UPLOADS = {
    "POST /appointments/{number}/materials",
    "POST /classes/{class_id}/people",
    "POST /courses/import",
    "POST /projects/new",
    "POST /projects/{slug}/edit",
    "POST /courses/{slug}/edit/lesson",
    "POST /courses/{slug}/edit/lessons/{key}",
    "POST /courses/{slug}/lessons/{key}/task",
    "POST /imports",
    "POST /items/import",
    "POST /me/declared/new",
    "POST /schedule/{slug}/materials",
    "POST /verify",
}

TAKEN = Taken(by="Дмитро", shows="Олена", source="document_camera", caption="Сканер")
PICTURE = CleanPicture(Encoded(b"whole", 16, 9), Encoded(b"small", 16, 9))

LETS_IN: dict[str, str] = {
    "GET /": ALL,
    "GET /accessibility": ALL,
    "GET /achievements/{award}": ALL,
    "GET /achievements/{award}/badge.png": ALL,
    "GET /acts": ALL,
    "GET /api/endpoint/state": ALL,
    "GET /appointments": KNOWN,
    "GET /appointments/{number}": "S",
    "GET /appointments/{number}/move": "S",
    "GET /api/meetings/{meeting}/groups": "PA",
    "GET /api/meetings/{meeting}/roll-call": "L",
    "GET /attendance-rules": "ouPA",
    "GET /app.webmanifest": ALL,
    "GET /attempts/{code}": "S",
    "GET /attempts/{code}/result": "S",
    "GET /attempts/{code}/state": "S",
    "GET /audit": "uA",
    "GET /awards": "oPA",
    "GET /awards/batches/{batch_code}": "PA",
    "GET /awards/new": "oPA",
    "GET /awards/{award_id}": "PA",
    "GET /awards/{award_id}/edit": "PA",
    "GET /calendar/{token}.ics": BY_LINK,
    "GET /certificates/{certificate}": "SPA",
    "GET /certificates/{certificate}/{name}": "SPA",
    "GET /consultations": KNOWN,
    "GET /consultations/hours": "oPA",
    "GET /consultations/with/{hours_id}": KNOWN,
    "GET /consultations/with/{hours_id}/book": KNOWN,
    "GET /class": ALL,
    "GET /classes": "loLPA",
    "GET /classes/new": "loLPA",
    "GET /classes/{class_id}": "LPA",
    "GET /classes/{class_id}/sittings/{sitting_id}": "LPA",
    "GET /courses": ALL,
    "GET /courses/import": "oPA",
    "GET /courses/new": "oPA",
    "GET /courses/tasks": "oPA",
    "GET /courses/{slug}": ALL,
    "GET /courses/{slug}/awards": "PA",
    "GET /courses/{slug}/awards/new": "PA",
    "GET /courses/{slug}/edit": "PA",
    "GET /courses/{slug}/edit/lesson": "PA",
    "GET /courses/{slug}/edit/lessons/{key}": "PA",
    "GET /courses/{slug}/export.zip": "PA",
    "GET /courses/{slug}/lessons/{key}": "SPA",
    "GET /courses/{slug}/lessons/{key}/files/{name}": BY_LINK,
    "GET /courses/{slug}/lessons/{key}/handed-in/{digest}": "SPA",
    "GET /courses/{slug}/offline": "S",
    "GET /courses/{slug}/people": "lLPA",
    "GET /courses/{slug}/people.csv": "lLPA",
    "GET /declared": "loLPA",
    "GET /declared/{external_code}": "SLPA",
    "GET /declared/{external_code}/file": "SLPA",
    "GET /duplicates": "A",
    "GET /duplicates/{kind}/{one}/{other}": "A",
    "GET /endpoint": ALL,
    "GET /endpoints": "A",
    "GET /guest/{token}": BY_LINK,
    "GET /guest/{token}.ics": BY_LINK,
    "GET /healthz": ALL,
    "GET /frames": ALL,
    "GET /frames/{code}": ALL,
    "GET /help": ALL,
    "GET /icons/{name}.png": ALL,
    "GET /imports": "liLA",
    "GET /imports/sample-{kind}.csv": "liLA",
    "GET /imports/{import_id}": "A",
    "GET /imports/{import_id}/report.csv": "A",
    "GET /issuer": ALL,
    "GET /issuer/keys/{thumbprint}": NOBODY,
    "GET /language/{code}": ALL,
    "GET /logo.svg": ALL,
    "GET /mail": "kA",
    "GET /mail/addresses": "kA",
    "GET /mail/inbox": "kA",
    "GET /mail/inbox/{number}": "kA",
    "GET /mail/{number}": "kA",
    "GET /manage": "loiukLPA",
    "GET /live/{meeting}": ALL,
    "GET /live/{meeting}/questions": ALL,
    "GET /live/{meeting}/state": ALL,
    "GET /live/{meeting}/watch": NOBODY,
    "GET /live/{meeting}/{name:path}": NOBODY,
    "GET /me": KNOWN,
    "GET /me/attendance": KNOWN,
    "GET /me/background": KNOWN,
    "GET /me/calendar": KNOWN,
    "GET /me/certificates": KNOWN,
    "GET /me/declared/new": KNOWN,
    "GET /me/notifications": KNOWN,
    "GET /me/learning-record.json": KNOWN,
    "GET /me/tests": KNOWN,
    "GET /meet/{meeting}": ALL,
    "GET /metrics": ALL,
    "GET /needs": KNOWN,
    "GET /needs/new": "oPA",
    "GET /needs/{slug}": "uSLPA",
    "GET /needs/{slug}/answer": "SLPA",
    "GET /needs/{slug}/edit": "PA",
    "GET /needs/{slug}/groups": "uPA",
    "GET /needs/{slug}/result.csv": "uPA",
    "GET /needs/{slug}/result.xlsx": "uPA",
    "GET /offers/{signed}": BY_LINK,
    "GET /offline": ALL,
    "GET /offline/account": ALL,
    "GET /offline/{language}": ALL,
    "GET /organisations": ALL,
    "GET /organisations/capabilities": "A",
    "GET /organisations/export": ALL,
    "GET /organisations/new": "A",
    "GET /organisations/{code}": ALL,
    "GET /organisations/{code}/edit": "A",
    "GET /people": "luLA",
    "GET /people/export": "luLA",
    "GET /people/new": "lLA",
    "GET /people/{person_id}": "uLA",
    "GET /people/{person_id}/edit": "LA",
    "GET /presence/{signed}": BY_LINK,
    "GET /programmes": ALL,
    "GET /programmes/new": "oPA",
    "GET /programmes/{slug}": ALL,
    "GET /projects": ALL,
    "GET /projects/new": "oPA",
    "GET /projects/{slug}": ALL,
    "GET /projects/{slug}/edit": "PA",
    "GET /projects/{slug}/logo": ALL,
    "GET /programmes/{slug}/edit": "PA",
    "GET /programmes/{slug}/protection": "PA",
    "GET /programmes/{slug}/goals.csv": ALL,
    "GET /programmes/{slug}/goals/new": "PA",
    "GET /programmes/{slug}/goals/{goal_id}": "PA",
    "GET /readyz": ALL,
    "GET /recordings/{recording}": KNOWN,
    "GET /recordings/{recording}/consents.csv": "PA",
    "GET /recordings/{recording}/deletions/{number}.txt": "PA",
    "GET /recordings/{recording}/files/{name:path}": BY_LINK,
    "GET /recordings/{recording}/state": KNOWN,
    "GET /items": "uPA",
    "GET /items/export": "uPA",
    "GET /items/import": "PA",
    "GET /items/import/{import_id}": "P",
    "GET /items/import/{import_id}/report.csv": "P",
    "GET /items/new": "PA",
    "GET /items/{item_code}": "uPA",
    "GET /items/{item_code}/edit": "PA",
    "GET /items/{item_code}/try": "uPA",
    "GET /roadmaps": KNOWN,
    "GET /roadmaps/new": "lLPA",
    "GET /roadmaps/report": KNOWN,
    "GET /roadmaps/{roadmap_id}": "ouSLPA",
    "GET /roadmaps/{roadmap_id}.docx": "ouSLPA",
    "GET /roadmaps/{roadmap_id}.pdf": "ouSLPA",
    "GET /roadmaps/{roadmap_id}/edit": "LPA",
    "GET /rsvp/{signed}": BY_LINK,
    "GET /schedule": ALL,
    "GET /schedule.ics": ALL,
    "GET /schedule/experts": "oPA",
    "GET /schedule/new": "oPA",
    "GET /schedule/{slug}": ALL,
    "GET /schedule/{slug}.ics": ALL,
    "GET /schedule/{slug}/attendance": "uLPA",
    "GET /schedule/{slug}/attendance.csv": "uLPA",
    "GET /schedule/{slug}/attendance.svg": "uLPA",
    "GET /schedule/{slug}/attendance.xlsx": "uLPA",
    "GET /schedule/{slug}/edit": "PA",
    "GET /schedule/{slug}/protection": "PA",
    "GET /schedule/{slug}/groups": "PA",
    "GET /schedule/{slug}/history": "uPA",
    "GET /schedule/{slug}/invitations": "PA",
    "GET /schedule/{slug}/materials": "PA",
    "GET /schedule/{slug}/materials/{material_id}": NOBODY,
    "GET /schedule/{slug}/pictures": ALL,
    "GET /schedule/{slug}/pictures/{picture_id}": ALL,
    "GET /schedule/{slug}/pictures/{picture_id}/small": ALL,
    "GET /schedule/{slug}/register": KNOWN,
    "GET /schedule/{slug}/register-people": "lL",
    "GET /schedule/{slug}/registration-policy": "PA",
    "GET /schedule/{slug}/registrations": "PA",
    "GET /schedule/{slug}/registrations.{kind}": "PA",
    "GET /schedule/{slug}/roll-call": "LPA",
    "GET /series": ALL,
    "GET /series/new": "oPA",
    "GET /series/{slug}": ALL,
    "GET /series/{slug}.ics": ALL,
    "GET /series/{slug}/awards": "PA",
    "GET /series/{slug}/awards/new": "PA",
    "GET /series/{slug}/edit": "PA",
    "GET /series/{slug}/protection": "PA",
    "GET /series/{slug}/register": NOBODY,
    "GET /series/{slug}/reschedule": "PA",
    "GET /sign-in": ALL,
    "GET /sign-in/found/{handle}": ALL,  # to the page where it begins, who was not found
    "GET /sign-in/with/{key}": NOBODY,  # there is no such service
    "GET /sign-in/with/{key}/back": NOBODY,
    "GET /slots": "oPA",
    "GET /status/{list_id}": ALL,
    "GET /streaming": "oPA",
    "GET /sw.js": ALL,
    "GET /tests": "oPA",
    "GET /tests/areas.{kind}": "uPA",
    "GET /tests/essays": "oPA",
    "GET /tests/essays/{essay_id}": NOBODY,
    "GET /open-data": NOBODY,  # unless the installation allows it: then everybody
    "GET /open-data/catalog.json": NOBODY,
    "GET /open-data/{table}.csv-metadata.json": NOBODY,
    "GET /open-data/{table}.{form}": NOBODY,
    "GET /reports": "louLPA",
    "GET /reports/figures.{form}": "louLPA",
    "GET /tests/figures": "uPA",
    "GET /tests/figures.{kind}": "uPA",
    "GET /tests/rulings/{version_id}": "PA",
    "GET /tests/{test_id}": "PA",
    "GET /tests/{test_id}/areas.{kind}": "uPA",
    "GET /tests/{test_id}/attempts/{attempt_code}": "PA",
    "GET /tests/{test_id}/figures": "uPA",
    "GET /tests/{test_id}/figures.{kind}": "uPA",
    "GET /tests/{test_id}/items.{kind}": "uPA",
    "GET /topics": ALL,
    "GET /unsubscribe/{signed}": BY_LINK,
    "GET /verify": ALL,
    "GET /verify/{certificate}": ALL,
    "GET /welcome/{token}": BY_LINK,
    "POST /acts": "oPA",
    "POST /acts/{act_id}/change": "oPA",
    "POST /api/endpoint/pairing": ALL,
    "POST /api/endpoint/pairing/poll": ALL,
    "POST /api/meetings/{meeting}/groups": "PA",
    "POST /api/meetings/{meeting}/pictures": ALL,
    "POST /api/meetings/{meeting}/roll-call": "L",
    "POST /api/meetings/{meeting}/token": ALL,
    "POST /appointments/{number}/cancel": "S",
    "POST /appointments/{number}/materials": "S",
    "POST /appointments/{number}/materials/{material_id}/remove": NOBODY,
    "POST /appointments/{number}/move": "S",
    "POST /appointments/{number}/outcome": NOBODY,
    "POST /attempts/{code}": "S",
    "POST /attempts/{code}/answers/{position}": "S",
    "POST /attempts/{code}/appeal": "S",
    "POST /attempts/{code}/state": "S",
    "POST /attempts/{code}/take-over": "S",
    "POST /attendance-rules": "PA",
    "POST /attendance-rules/{rule_id}/retire": "PA",
    "POST /awards/new": "oPA",
    "POST /awards/{award_id}/edit": "PA",
    "POST /awards/{award_id}/export": "PA",
    "POST /awards/{award_id}/issue": "PA",
    "POST /awards/{award_id}/retire": "PA",
    "POST /awards/{award_id}/revoke": "PA",
    "POST /certificates/{certificate}/edition": "PA",
    "POST /certificates/{certificate}/revoke": "PA",
    "POST /certificates/{certificate}/share": "S",
    "POST /consultations/hours": "oPA",
    "POST /consultations/hours/absences": "oPA",
    "POST /consultations/hours/absences/{number}/end": NOBODY,
    "POST /consultations/hours/windows": "oPA",
    "POST /consultations/hours/windows/{number}/close": NOBODY,
    "POST /consultations/with/{hours_id}/book": KNOWN,
    "POST /class": ALL,
    "POST /class/leave": ALL,
    "POST /class/sit": ALL,
    "POST /classes/new": "loLPA",
    "POST /classes/{class_id}/close": "LPA",
    "POST /classes/{class_id}/leave": "S",
    "POST /classes/{class_id}/people": "LPA",
    "POST /classes/{class_id}/people/{member_id}/remove": "LPA",
    "POST /classes/{class_id}/sittings": "LPA",
    "POST /classes/{class_id}/sittings/{sitting_id}/again/{member_id}": "LPA",
    "POST /classes/{class_id}/sittings/{sitting_id}/end": "LPA",
    "POST /classes/{class_id}/sittings/{sitting_id}/present": "LPA",
    "POST /classes/{class_id}/sittings/{sitting_id}/prolong": "LPA",
    "POST /courses/import": "oPA",
    "POST /courses/new": "oPA",
    "POST /courses/{slug}/again": "S",
    "POST /courses/{slug}/archive": "PA",
    "POST /courses/{slug}/awards/new": "PA",
    "POST /courses/{slug}/begin": KNOWN,
    "POST /courses/{slug}/discard": "PA",
    "POST /courses/{slug}/edit": "PA",
    "POST /courses/{slug}/edit/lesson": "PA",
    "POST /courses/{slug}/edit/lessons/{key}": "PA",
    "POST /courses/{slug}/edit/lessons/{key}/move": "PA",
    "POST /courses/{slug}/edit/lessons/{key}/remove": "PA",
    "POST /courses/{slug}/leave": "S",
    "POST /courses/{slug}/lessons/{key}/done": "S",
    "POST /courses/{slug}/lessons/{key}/opened": "S",
    "POST /courses/{slug}/lessons/{key}/task": "S",
    "POST /courses/{slug}/lessons/{key}/test": "S",
    "POST /courses/{slug}/opinion": "S",
    "POST /courses/{slug}/opinions/{opinion_id}/hide": "PA",
    "POST /courses/{slug}/people": "LPA",
    "POST /courses/{slug}/people/{person_id}/due": "LPA",
    "POST /courses/{slug}/people/{person_id}/withdraw": "SLPA",
    "POST /courses/{slug}/publish": "PA",
    "POST /courses/{slug}/people/again": "PA",
    "POST /courses/{slug}/people/bring": "PA",
    "POST /courses/{slug}/rules": "PA",
    "POST /courses/{slug}/rules/{rule_id}/end": "PA",
    "POST /courses/{slug}/tasks/{submission_id}": "PA",
    "POST /declared/{external_code}/remove": "S",
    "POST /declared/{external_code}/seen": "LPA",
    "POST /declared/{external_code}/share": "S",
    "POST /duplicates/{kind}/{one}/{other}/apart": "A",
    "POST /duplicates/{kind}/{one}/{other}/merge": "A",
    "POST /endpoints": "A",
    "POST /endpoints/{endpoint_id}/revoke": "A",
    "POST /guest/{token}": BY_LINK,
    "POST /guest/{token}/answer": BY_LINK,
    "POST /imports": "liLA",
    "POST /imports/{import_id}/apply": "A",
    "POST /imports/{import_id}/columns": "A",
    "POST /imports/{import_id}/decisions": "A",
    "POST /imports/{import_id}/discard": "A",
    "POST /internal/events": BY_KEY,
    "POST /live/{meeting}/questions": ALL,
    "POST /mail/addresses/{number}/lift": "kA",
    "POST /mail/inbox/{number}/done": "kA",
    "POST /mail/knock": "kA",
    "POST /mail/{number}/retry": "kA",
    "POST /me/declared/new": KNOWN,
    "POST /me": KNOWN,
    "POST /me/attendance/{entry_id}": NOBODY,
    "POST /me/background": KNOWN,
    "POST /me/background/remove": KNOWN,
    "POST /me/calendar": KNOWN,
    "POST /me/calendar/{feed_id}/revoke": "S",
    "POST /me/channels": KNOWN,
    "POST /me/channels/{channel_id}/remove": KNOWN,
    "POST /me/identities/{identity_id}/unlink": NOBODY,
    "POST /me/notifications": KNOWN,
    "POST /me/password": KNOWN,
    "POST /needs/new": "oPA",
    "POST /needs/{slug}/answer": "SL",
    "POST /needs/{slug}/close": "PA",
    "POST /needs/{slug}/edit": "PA",
    "POST /needs/{slug}/open": "PA",
    "POST /needs/{slug}/plans": "PA",
    "POST /needs/{slug}/plans/{plan_id}/remove": "PA",
    "POST /needs/{slug}/remove": "PA",
    "POST /offers/{signed}": BY_LINK,
    "POST /organisations/capabilities": "A",
    "POST /organisations/new": "A",
    "POST /organisations/{code}/capabilities": "A",
    "POST /organisations/{code}/capabilities/{capability_id}/end": "A",
    "POST /organisations/{code}/close": "A",
    "POST /organisations/{code}/edit": "A",
    "POST /organisations/{code}/memberships": "A",
    "POST /organisations/{code}/protection": "A",
    "POST /organisations/{code}/memberships/{membership_id}/end": "A",
    "POST /people": "A",
    "POST /people/new": "lLA",
    "POST /people/{person_id}/account": "LA",
    "POST /people/{person_id}/affiliations": "LA",
    "POST /people/{person_id}/affiliations/{affiliation_id}/end": "LA",
    "POST /people/{person_id}/channels": "LA",
    "POST /people/{person_id}/channels/{channel_id}/remove": "LA",
    "POST /people/{person_id}/disable": "A",
    "POST /people/{person_id}/edit": "LA",
    "POST /people/{person_id}/enable": "A",
    "POST /people/{person_id}/invite": "LA",
    "POST /people/{person_id}/roles": "A",
    "POST /people/{person_id}/roles/{grant_id}/revoke": "A",
    "POST /presence/{signed}": BY_LINK,
    "POST /programmes/new": "oPA",
    "POST /projects/new": "oPA",
    "POST /projects/{slug}/close": "PA",
    "POST /projects/{slug}/edit": "PA",
    "POST /courses/{slug}/project": "PA",
    "POST /programmes/{slug}/edit": "PA",
    "POST /programmes/{slug}/project": "PA",
    "POST /programmes/{slug}/protection": "PA",
    "POST /programmes/{slug}/goals/new": "PA",
    "POST /programmes/{slug}/goals/{goal_id}": "PA",
    "POST /programmes/{slug}/goals/{goal_id}/figures": "PA",
    "POST /programmes/{slug}/goals/{goal_id}/take-back": "PA",
    "POST /programmes/{slug}/hand-over": "PA",
    "POST /recordings/{recording}/delete": "PA",
    "POST /recordings/{recording}/rebuild": "PA",
    "POST /recordings/{recording}/terms": "PA",
    "POST /registrations/{number}/{act}": "SLPA",
    "POST /items/import": "PA",
    "POST /items/import/{import_id}": "P",
    "POST /items/new": "PA",
    "POST /items/new/form": "PA",
    "POST /items/offer": "PA",
    "POST /items/{item_code}/edit": "PA",
    "POST /items/{item_code}/edit/form": "PA",
    "POST /items/{item_code}/offer": "PA",
    "POST /items/{item_code}/release": "PA",
    "POST /items/{item_code}/review": "A",
    "POST /items/{item_code}/try": "uPA",
    "POST /items/{item_code}/withdraw": "PA",
    "POST /roadmaps/new": "lLPA",
    "POST /roadmaps/{roadmap_id}/edit": "LPA",
    "POST /roadmaps/{roadmap_id}/steps/{step_id}": "SLPA",
    "POST /rsvp/{signed}": BY_LINK,
    "POST /schedule/new": "oPA",
    "POST /schedule/{slug}/answer/{invitation_id}": "S",
    "POST /schedule/{slug}/attendance/approve": "PA",
    "POST /schedule/{slug}/attendance/breaks": "PA",
    "POST /schedule/{slug}/attendance/corrections": "PA",
    "POST /schedule/{slug}/attendance/metrics": "PA",
    "POST /schedule/{slug}/attendance/reopen": "PA",
    "POST /schedule/{slug}/attendance/rule": "PA",
    "POST /schedule/{slug}/cancel": "PA",
    "POST /schedule/{slug}/edit": "PA",
    "POST /schedule/{slug}/project": "PA",
    "POST /schedule/{slug}/protection": "PA",
    "POST /schedule/{slug}/pseudonym": KNOWN,
    "POST /schedule/{slug}/end": "PA",
    "POST /schedule/{slug}/groups": "PA",
    "POST /schedule/{slug}/guests": "PA",
    "POST /schedule/{slug}/guests/{link_id}/new-device": "PA",
    "POST /schedule/{slug}/guests/{link_id}/revoke": "PA",
    "POST /schedule/{slug}/invitations": "PA",
    "POST /schedule/{slug}/invitations/{invitation_id}/withdraw": "PA",
    "POST /schedule/{slug}/materials": "PA",
    "POST /schedule/{slug}/materials/acts": "PA",
    "POST /schedule/{slug}/materials/acts/{act_id}/remove": "PA",
    "POST /schedule/{slug}/materials/{material_id}/remove": "PA",
    "POST /schedule/{slug}/pictures/{picture_id}/caption": "PA",
    "POST /schedule/{slug}/pictures/{picture_id}/hide": "PA",
    "POST /schedule/{slug}/pictures/{picture_id}/remove": "PA",
    "POST /schedule/{slug}/pictures/{picture_id}/show": "PA",
    "POST /schedule/{slug}/publish": "PA",
    "POST /schedule/{slug}/register": KNOWN,
    "POST /schedule/{slug}/register-people": "lL",
    "POST /schedule/{slug}/registration-policy": "PA",
    "POST /schedule/{slug}/registrations/add": "PA",
    "POST /schedule/{slug}/registrations/decide": "PA",
    "POST /schedule/{slug}/roadmaps": "PA",
    "POST /schedule/{slug}/roll-call": "LPA",
    "POST /schedule/{slug}/start": "PA",
    "POST /schedule/{slug}/streaming": "PA",
    "POST /series/dates": "oPA",
    "POST /series/new": "oPA",
    "POST /series/{slug}/awards/new": "PA",
    "POST /series/{slug}/dates": "PA",
    "POST /series/{slug}/dates/{occurrence}": "PA",
    "POST /series/{slug}/dates/{occurrence}/leave-out": "PA",
    "POST /series/{slug}/dates/{occurrence}/move": "PA",
    "POST /series/{slug}/dates/{occurrence}/took-place": "PA",
    "POST /series/{slug}/edit": "PA",
    "POST /series/{slug}/project": "PA",
    "POST /series/{slug}/protection": "PA",
    "POST /series/{slug}/hand-over": "PA",
    "POST /series/{slug}/register": NOBODY,
    "POST /series/{slug}/release": "PA",
    "POST /series/{slug}/reschedule": "PA",
    "POST /series/{slug}/streaming": "PA",
    "POST /sign-in": ALL,
    "POST /sign-in/found/{handle}": ALL,
    "POST /sign-out": ALL,
    "POST /streaming": "oPA",
    "POST /streaming/{target_id}": "PA",
    "POST /streaming/{target_id}/key": "PA",
    "POST /streaming/{target_id}/remove": "PA",
    "POST /streaming/{target_id}/switch": "PA",
    "POST /tests/essays/{essay_id}": NOBODY,
    "POST /tests/rulings/{version_id}": "PA",
    "POST /tests/{test_id}/attempts/{attempt_code}/appeal": "PA",
    "POST /tests/{test_id}/attempts/{attempt_code}/late": "PA",
    "POST /tests/{test_id}/attempts/{attempt_code}/time": "PA",
    "POST /tests/{test_id}/attempts/{attempt_code}/void": "PA",
    "POST /tests/{test_id}/extend": "PA",
    "POST /tests/{test_id}/time": "PA",
    "POST /tests/{test_id}/time/{grant_id}/revoke": "PA",
    "POST /topics": "oPA",
    "POST /topics/{topic_id}": "oPA",
    "POST /unsubscribe/{signed}": BY_LINK,
    "POST /verify": ALL,
    "POST /welcome/{token}": BY_LINK,
}


class Forgetful(Database):
    """A database that keeps nothing from `forget` on."""

    forget = False

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """As usual, but undone at the end."""
        if not self.forget:
            with super().writing() as session:
                yield session
            return
        session = self.open(write=True)
        try:
            yield session
        finally:
            session.rollback()
            session.close()


def filled(database: Database) -> dict[str, Any]:
    """Puts in what is needed besides the demo; the objects for each place in an address."""
    with database.writing() as session:
        demo.seed(session, NOW, password=PASSWORD)
        demo_items.seed(session, NOW, author=ORGANISER, reviewer=ADMINISTRATOR)
    held = prepare(database)
    whole(database)
    return held


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, dict[str, Any]]:
    """A file with everything, and the objects."""
    path = tmp_path_factory.mktemp("permissions") / "vikno.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path, filled(Database(f"sqlite:///{path}"))


@pytest.fixture(scope="module")
def on_postgresql(postgres: PostgresServer, postgres_template: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `on_sqlite`."""
    with postgres.fresh_database(postgres_template) as url:
        held = filled(Database(url))
        yield url.rpartition("/")[2], held


@pytest.fixture
def filled_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The address of a copy with everything, and the objects.

    Who may do what is one code for both databases. Whoever may do most meets PostgreSQL, so that every address answers
    on it; the others meet SQLite.
    """
    letter = request.node.callspec.params["letter"] if hasattr(request.node, "callspec") else "-"
    if letter == "A":
        server: PostgresServer = request.getfixturevalue("postgres")
        template, held = request.getfixturevalue("on_postgresql")
        with server.fresh_database(template) as url:
            yield url, held
        return
    path, held = request.getfixturevalue("on_sqlite")
    shutil.copy(path, tmp_path / "vikno.db")
    yield f"sqlite:///{tmp_path / 'vikno.db'}", held


@pytest.fixture
def held(filled_database: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """What to put into addresses."""
    return dict(filled_database[1])


@pytest.fixture
def database(filled_database: tuple[str, dict[str, Any]]) -> Iterator[Forgetful]:
    """With everything."""
    made = knowing_statements(Forgetful(filled_database[0]))
    yield made
    made.close()


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Every address that our code answers."""

    def walk(found: list[Any]) -> Iterator[APIRoute]:
        for each in found:
            if isinstance(each, APIRoute):
                yield each
            elif hasattr(each, "original_router"):
                yield from walk(each.original_router.routes)

    return list(walk(app.routes))


def names_of(app: FastAPI) -> list[str]:
    """HEAD is left out: where it is answered it is GET without the body."""
    return sorted(f"{method} {each.path}" for each in routes_of(app) for method in each.methods if method != "HEAD")


def one(session: Session, what: Any, *where: Any) -> Any:
    return session.scalars(select(what).where(*where).limit(1)).one()


def prepare(database: Database) -> dict[str, Any]:
    """People with their roles, and one object for each number or name in an address."""
    with database.writing() as session:
        homes = {each.code: each for each in session.scalars(select(Organisation))}
        kinds: list[tuple[str, RoleName | None, str, bool]] = [
            ("s", None, "kharkiv", False),
            ("l", RoleName.CENTRE_LEAD, "kharkiv", True),
            ("o", RoleName.ORGANISER, "mindigital", True),
            ("i", RoleName.DATA_IMPORTER, "kharkiv", False),
            ("u", RoleName.AUDITOR, "kharkiv", False),
            ("k", RoleName.OPERATOR, "kharkiv", False),
        ]
        for letter, role, code, scoped in kinds:
            made = accounts.create_person(
                session,
                "system",
                family_name="Перевірка",
                given_name=letter.upper(),
                email=f"{letter}-visitor@vikno.test",
                organisation_id=homes[code].id,
                now=NOW,
            )
            one(session, Account, Account.person_id == made.id).secret = one(
                session, Account, Account.subject == ORGANISER
            ).secret
            if role is not None:
                where = {"scope": Scope.ORGANISATION, "scope_id": homes[code].id} if scoped else {}
                accounts.give_role(session, "system", person_id=made.id, role=role, now=NOW, **where)
        session.flush()
        return objects(session, homes)


def objects(session: Session, homes: dict[str, Organisation]) -> dict[str, Any]:
    planner = visitor_of_person(session, one(session, Account, Account.subject == ORGANISER).person_id, NOW)
    keeper = visitor_of_person(session, one(session, Account, Account.subject == ADMINISTRATOR).person_id, NOW)
    staff = one(session, Account, Account.subject == demo_directory.STAFF).person_id
    mine = (Invitation.person_id == staff, Invitation.of_speaker.is_(False))
    invited = one(session, Invitation, Invitation.guest_link_id.is_(None), *mine)
    occurrence = session.get_one(Occurrence, invited.occurrence_id)
    registered = one(session, Registration, Registration.person_id == staff)
    material = materials.add_link(session, planner, occurrence.slug, "Порядок", "https://example.org/", NOW)
    picture = pictures.keep(session, planner, occurrence.id, TAKEN, PICTURE, MemoryFiles(), NOW)
    act = one(session, LegalAct)
    project = projects.create(session, planner, ProjectDraft("Проєкт", homes["kharkiv"].id), NOW)
    project.logo = hashlib.sha256(PICTURE.whole.contents).hexdigest()
    acts.attach(session, planner, occurrence.slug, act.id, "", NOW)
    link = GuestLink(
        occurrence_id=occurrence.id, name="Гість", organisation="", role=MeetingRole.PARTICIPANT, token_hash="0" * 64,
        created_by=planner.actor, created_at=NOW,
    )  # fmt: skip
    feed = CalendarFeed(person_id=staff, token_hash="1" * 64, created_at=NOW)
    channel = ContactChannel(person_id=staff, kind=ChannelKind.EMAIL, address="another@vikno.test", created_at=NOW)
    bounced = BouncedAddress(address="dead@vikno.test", reason="550", at=NOW)
    mail = InboundMessage(
        mark="m", received_at=NOW, sender="x@vikno.test", subject="", kind=InboundKind.LETTER,
        state=InboundState.UNMATCHED, detail="", raw=b"Subject: x\r\n\r\n",
    )  # fmt: skip
    table = imports.upload(session, keeper, ImportKind.ORGANISATIONS, "a.csv", "Назва\nЦНАП".encode(), NOW)
    enqueue(session, "try", "account.password_link", f"person:{staff}", {}, now=NOW)
    session.add_all([link, feed, channel, bounced, mail])
    session.flush()
    entry = one(session, RosterEntry)
    asked = ItemDraft(TrueFalse(text="Небо блакитне", answer=True), code="sky")
    waiting = items.create(session, planner, asked, NOW)
    items.offer(session, planner, waiting.code, NOW)
    item_file = item_files.upload(session, planner, "a.gift", "::Q:: Так? {T}".encode(), "gift", "uk", NOW)
    own_step = one(session, RoadmapStep, RoadmapStep.owner_id == staff)
    recording = Recording(
        code="00000000000000ab", meeting="held", occurrence_id=entry.occurrence_id, state=RecordingState.READY,
        watching=Watching.NETWORK, began_at=NOW, heard_at=NOW,
    )  # fmt: skip
    session.add(recording)
    session.flush()
    deletion = Deletion(
        recording_id=recording.id, scope=DeletionScope.RAW, reason=DeletionReason.ORDERED,
        ordered_by=planner.actor, ordered_at=NOW,
    )  # fmt: skip
    session.add(deletion)
    target = StreamTarget(
        name="Канал", kind=TargetKind.OTHER, server="rtmp://live.example.org/app", sealed=b"", key_set_at=NOW,
        owner_id=homes["lviv"].id, created_by=planner.actor, created_at=NOW,
    )  # fmt: skip
    session.add(target)
    session.flush()
    series = one(session, Series, Series.created_by == planner.actor)
    dated = one(session, Occurrence, Occurrence.series_id == series.id, Occurrence.status == Status.PUBLISHED)
    attempt = testing.begin(session, visitor_of_person(session, staff, NOW), "mobile-case", "check", NOW)
    handed = one(session, Submission)
    handed.file_name, handed.file_digest = "план.pdf", MemoryFiles().put(b"%PDF-")
    mobile = one(session, Course, Course.slug == "mobile-case").id
    rule = EnrolmentRule(course_id=mobile, kind=RuleKind.ROLE, role="auditor", created_by=planner.actor, created_at=NOW)
    session.add(rule)
    session.flush()
    people = session.scalars(select(Account.person_id).order_by(Account.person_id).limit(2)).all()
    return {
        "slug": occurrence.slug,
        "registration_slug": session.get_one(Occurrence, registered.occurrence_id).slug,
        "held_slug": session.get_one(Occurrence, entry.occurrence_id).slug,
        "series_slug": series.slug,
        "programme_slug": one(session, Programme).slug,
        "project_slug": project.slug,
        "goal_id": one(session, Goal, Goal.counting == Counting.ENTERED).id,
        "occurrence": dated.slug,
        "survey_slug": one(session, NeedsSurvey, NeedsSurvey.title == demo_needs.CLOSED).slug,
        "plan_id": one(session, NeedsPlan).id,
        "need": one(session, NeedsPlan).question_id,
        "draft_slug": one(session, Occurrence, Occurrence.status == Status.DRAFT).slug,
        "meeting": demo.DEMO_MEETING,
        "code": homes["lviv"].code,
        "person_id": staff,
        "number": registered.id,
        "item_code": waiting.code,
        "roadmap_id": own_step.roadmap_id,
        "step_id": own_step.id,
        "message": one(session, OutboxMessage).id,
        "inbound": mail.id,
        "address": bounced.id,
        "material_id": material.id,
        "picture_id": picture,
        "recording": recording.code,
        "target_id": target.id,
        "act_id": act.id,
        "topic_id": one(session, Topic).id,
        "rule_id": one(session, AttendanceRule).id,
        "entry_id": entry.id,
        "invitation_id": invited.id,
        "link_id": link.id,
        "feed_id": feed.id,
        "channel_id": channel.id,
        "import_id": table.id,
        "item_file": item_file.id,
        "endpoint_id": one(session, Endpoint).id,
        "affiliation_id": one(session, Affiliation, Affiliation.person_id == staff).id,
        "grant_id": one(session, RoleGrant).id,
        "capability_id": one(session, Capability, Capability.organisation_id == homes["lviv"].id).id,
        "membership_id": one(session, Membership, Membership.organisation_id == homes["lviv"].id).id,
        "one": people[0],
        "other": people[1],
        "act": "cancel",
        "attempt": attempt.code,
        "attempt_code": attempt.code,
        "test_id": attempt.test_id,
        "essay_id": attempt.items[0].id,
        "version_id": attempt.items[0].item_version_id,
        "more_time": granting.accommodate(
            session,
            planner,
            staff,
            Accommodation(added_minutes=5),
            "Потреба",
            NOW,
            test_code=session.get_one(Test, attempt.test_id).code,
        ).id,
        "position": 1,
        "course_slug": "mobile-case",
        "key": "purpose",
        "submission_id": handed.id,
        "handed_in": handed.file_digest,
        "opinion_id": one(session, Opinion).id,
        "enrolment_rule": rule.id,
        "organisation": homes["lviv"].id,
        "series": series.id,
        "deletion": deletion.id,
        "identity_id": 0,
        "hours_id": one(session, ConsultationHours).id,
        "appointment": one(session, Appointment, Appointment.state == AppointmentState.BOOKED).id,
        **certificate_of(session, planner, series.slug, staff),
        "external_code": declared_of(session, visitor_of_person(session, staff, NOW)),
        **class_of(session, homes["lviv"].id),
    }


def class_of(session: Session, home: int) -> dict[str, Any]:
    """A class that the centre's lead holds, with its staff in it, and somebody who sits at a computer."""
    lead = one(session, Account, Account.subject == demo_directory.LEAD).person_id
    holds = visitor_of_person(session, lead, NOW)
    made = rosters.create(session, holds, ClassDraft("Вівторок", "mobile-case", home), NOW)
    listed = [Listed("Навчальна", "Перша"), Listed("Штатна", "Працівниця", email=demo_directory.STAFF)]
    rosters.add(session, holds, made.id, listed, NOW)
    sitting = sittings.open_sitting(session, holds, made.id, 60, NOW)
    member = one(session, ClassMember, ClassMember.class_id == made.id, ClassMember.email == "")
    seats.take(session, sitting.code, member.id, NOW)
    return {"class_id": made.id, "sitting_id": sitting.id, "member_id": member.id, "class_code": sitting.code}


def certificate_of(session: Session, planner: Any, series_slug: str, person_id: int) -> dict[str, Any]:
    """A certificate of the centre's staff, given by decision."""
    issuer = Issuer(HOST, "Видавець", FernetSealer(b"k" * 32))
    draft = awarding.RuleDraft(AwardKind.MANUAL, "Подяка", "За заняття")
    rule = awarding.create(session, planner, series_slug, draft, NOW)
    (made,) = issuing.issue(session, issuer, planner, rule.id, [person_id], NOW, reason="Провів").certificates
    batch = bulk.ask_to_revoke(session, planner, rule.id, [made.number], "Перевірка", NOW)
    return {
        "batch_code": batch.code,
        "award": rule.id,
        "award_id": rule.id,
        "certificate": made.number,
        "certificate_file": "badge.svg",
        "list_id": made.list_id,
        "frame": "digcomp30",
        "icon": "icon-192",
        "language": "uk",
    }


def declared_of(session: Session, visitor: Any) -> str:
    """A certificate from elsewhere that the centre's staff has shown to their lead."""
    draft = external_actions.ExternalDraft(title="Курс", issuer="Інша установа", shared=True)
    return external_actions.declare(session, visitor, draft, Looked("курс.pdf", b"%PDF-"), MemoryFiles(), NOW).code


def address_of(path: str, held: dict[str, Any]) -> str:
    """The path with an object in each of its places."""
    special = {
        ("/attempts/", "code"): "attempt",
        ("/frames/", "code"): "frame",
        ("/tests/", "grant_id"): "more_time",
        ("/courses/", "slug"): "course_slug",
        ("/courses/", "rule_id"): "enrolment_rule",
        ("/courses/", "digest"): "handed_in",
        ("/series/", "slug"): "series_slug",
        ("/programmes/", "slug"): "programme_slug",
        ("/projects/", "slug"): "project_slug",
        ("/schedule/{slug}/regist", "slug"): "registration_slug",
        ("/schedule/{slug}/attendance", "slug"): "held_slug",
        ("/schedule/{slug}/roll-call", "slug"): "held_slug",
        ("/needs/", "slug"): "survey_slug",
        ("/mail/inbox/", "number"): "inbound",
        ("/mail/addresses/", "number"): "address",
        ("/mail/{", "number"): "message",
        ("/certificates/", "name"): "certificate_file",
        ("/items/import/", "import_id"): "item_file",
        ("/icons/", "name"): "icon",
        ("/offline/", "language"): "language",
        ("/recordings/", "number"): "deletion",
        ("/appointments/", "number"): "appointment",
    }

    def fill(found: re.Match[str]) -> str:
        name = found.group(1)
        if name == "kind":
            return {"/dup": "person", "/imp": "people"}.get(path[:4], "csv")
        if name == "form":
            return "csv"
        if name == "code" and path.startswith("/language"):
            return "en"
        for (prefix, place), other in special.items():
            if path.startswith(prefix) and name == place:
                return str(held[other])
        return str(held.get(name, "made-up"))

    return re.sub(r"\{(\w+)(?::\w+)?\}", fill, path)


EMAILS = {"S": demo_directory.STAFF, "L": demo_directory.LEAD, "P": ORGANISER, "A": ADMINISTRATOR}


def posted(name: str, held: dict[str, Any]) -> dict[str, Any]:
    """What is sent where an empty form is refused before anybody asks who sends it."""
    day, home = "2026-12-02", held["organisation"]
    return {
        "POST /api/meetings/{meeting}/groups": {"do": "close_now"},
        "POST /class": {"code": held["class_code"]},
        "POST /class/sit": {"code": held["class_code"], "member": held["member_id"]},
        "POST /tests/{test_id}/time": {"person": demo_directory.STAFF},
        "POST /courses/{slug}/people": {"person": demo_directory.STAFF},
        "POST /courses/{slug}/rules": {"kind": "organisation", "organisation": home},
        "POST /schedule/{slug}/guests": {"name": "Гість", "role": "participant"},
        "POST /series/{slug}/dates": {"day": day, "time": "10:00"},
        "POST /series/{slug}/dates/{occurrence}/move": {"day": day, "time": "10:00"},
        "POST /series/{slug}/hand-over": {"owner": home},
        "POST /programmes/{slug}/hand-over": {"owner": home},
        "POST /recordings/{recording}/terms": {"watching": "public"},
        "POST /acts/{act_id}/change": {"state": "in_force", "note": "Без змін"},
        "POST /people/new": {
            "family_name": "Нова", "given_name": "Особа", "language": "uk", "time_zone": "Europe/Kyiv",
            "organisation": home,
        },
        "POST /people/{person_id}/affiliations": {"organisation": home, "from_date": day},
        "POST /people/{person_id}/affiliations/{affiliation_id}/end": {"to_date": day},
        "POST /people/{person_id}/channels": {"kind": "email", "address": "third@vikno.test"},
        "POST /people/{person_id}/roles": {"role": "centre_lead", "organisation": home},
        "POST /people/{person_id}/account": {"email": "second@vikno.test"},
        "POST /schedule/{slug}/attendance/corrections": {
            "subject": f"person:{held['person_id']}", "verdict": "absent", "reason": "Перевірка",
        },
        "POST /schedule/{slug}/attendance/metrics": {"day": "2026-11-18", "source": "YouTube", "concurrent": "5"},
        "POST /schedule/{slug}/attendance/rule": {"rule": held["rule_id"]},
        "POST /schedule/{slug}/materials/acts": {"act": held["act_id"]},
        "POST /schedule/{slug}/roll-call": {"head_count": "3"},
        "POST /certificates/{certificate}/edition": {"do": "replace"},
        "POST /needs/{slug}/plans": {"question": held["need"], "series": held["series_slug"]},
        "POST /registrations/{number}/{act}": {},
    }.get(name, {})  # fmt: skip


async def comes_in(visitor: Visitor, name: str, held: dict[str, Any], csrf: str) -> tuple[bool, int]:
    """Whether an address lets somebody in, and the status."""
    method, _, path = name.partition(" ")
    address, body = address_of(path, held), posted(name, held)
    if path.endswith("/roll-call"):
        address += f"?organisation={held['organisation']}"
    if method == "GET":
        answer = await visitor.client.get(address)
    elif address.startswith("/api/"):
        answer = await visitor.client.post(address, json=body, headers={"X-CSRF-Token": csrf})
    elif name in UPLOADS:
        answer = await visitor.client.post(address, data={"csrf": csrf, **body}, files={"file": ("a.csv", b"x")})
    else:
        answer = await visitor.client.post(address, data={"csrf": csrf, **body})
    assert answer.status_code < 500, (name, answer.status_code, answer.text[:2000])
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=")
    return answer.status_code not in (401, 403, 404, 410) and not to_sign_in, answer.status_code


@pytest.fixture
def unlimited(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """How often somebody may try is another matter."""
    monkeypatch.setattr(app.state.site.limits, "check", lambda *_: None)


def test_every_address_has_a_decision(app: FastAPI) -> None:
    assert names_of(app) == sorted(LETS_IN), "say in the table whom a new address lets in"


@pytest.mark.timeout(300)  # some four hundred addresses
@pytest.mark.parametrize("letter", WHO)
async def test_whom_the_addresses_let_in(
    letter: str, app: FastAPI, browser: Any, database: Forgetful, held: dict[str, Any], unlimited: None
) -> None:
    visitor: Visitor = browser()
    if letter != "n":
        answer = await visitor.sign_in(EMAILS.get(letter, f"{letter}-visitor@vikno.test"))
        assert answer.status_code == 303, answer.text
    csrf = await visitor.csrf()
    for contents in (PICTURE.whole.contents, PICTURE.thumbnail.contents, b"%PDF-"):
        app.state.site.config.files.put(contents)
    database.forget = True
    wrong = {}
    for name in sorted(LETS_IN, key="POST /sign-out".__eq__):  # the last one, because it takes the cookie away
        inside, status = await comes_in(visitor, name, held, csrf)
        if inside != (letter in LETS_IN[name]):
            wrong[name] = status
    assert not wrong, f"{WHO[letter]}: let in or kept out against the table"


@pytest.mark.parametrize("letter", "nlouL")
async def test_a_draft_is_for_those_who_plan_it(
    letter: str, app: FastAPI, browser: Any, database: Forgetful, held: dict[str, Any], unlimited: None
) -> None:
    held |= dict.fromkeys(("slug", "registration_slug", "held_slug"), held["draft_slug"])
    visitor: Visitor = browser()
    if letter != "n":
        await visitor.sign_in(EMAILS.get(letter, f"{letter}-visitor@vikno.test"))
    csrf = await visitor.csrf()
    database.forget = True
    names = [name for name in LETS_IN if " /schedule/{slug}" in name]
    let_in = {name: (await comes_in(visitor, name, held, csrf)) for name in names}
    assert {name: status for name, (inside, status) in let_in.items() if inside} == {}, WHO[letter]


async def test_nothing_is_posted_without_our_own_page(app: FastAPI, browser: Any, held: dict[str, Any]) -> None:
    visitor: Visitor = browser()
    await visitor.sign_in(ADMINISTRATOR)
    wrong = {}
    for name in LETS_IN:
        method, _, path = name.partition(" ")
        if method != "POST" or path in WITHOUT_OUR_PAGE:
            continue
        for csrf in ("", "0" * 64):
            address = address_of(path, held)
            body = {"csrf": csrf, **posted(name, held)}
            answer = await visitor.client.post(
                address, **({"json": {}} if path.startswith("/api/") else {"data": body})
            )
            if name in UPLOADS and answer.status_code == 404:
                continue  # it is somebody else's, which is said before the form is read
            if answer.status_code not in (403, 422) or (answer.status_code == 422 and not path.startswith("/api/")):
                wrong[name] = answer.status_code
    assert wrong == {}
