"""Versions of tests. What attempts began with never changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts.drawing import Candidate, draw
from lms.assessment.attempts.models import Test, TestVersion
from lms.assessment.attempts.spec import TestSpec, digest_of, dump
from lms.assessment.models import Item, ItemTag
from lms.assessment.rules import may_write
from lms.assessment.tags import AUDIENCE, LEVEL
from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed
from lms.frameworks.rules import covers

MOST_CANDIDATES = 10_000


def publish(
    session: Session,
    visitor: Visitor,
    code: str,
    spec: TestSpec,
    now: datetime,
    *,
    title_uk: str,
    title_en: str = "",
    language: str = "uk",
) -> TestVersion:
    """Let people take it: a first version, or the next one when something has changed.

    Raises `NotAllowed`, or `Invalid`: test_short when the bank has too few items in this language, test_spec.
    """
    if not may_write(visitor):
        raise NotAllowed("test_not_yours", "Tests are made by trainers and organisers.")
    return put(session, visitor.actor, code, spec, now, title_uk=title_uk, title_en=title_en, language=language)


def put(
    session: Session,
    actor: str,
    code: str,
    spec: TestSpec,
    now: datetime,
    *,
    title_uk: str,
    title_en: str = "",
    language: str = "uk",
    author: str = "",
    organisation_id: int | None = None,
    audience: Sequence[str] = (),
) -> TestVersion:
    """The same for whoever has been let in already: a lesson of a course that is published.

    `author` made the test, where that is not who puts it there; the organisation's trainers look after it. `audience`
    says for whom it is where its lines do not.
    """
    if not code or len(code) > 160 or not title_uk.strip() or max(len(title_uk), len(title_en)) > 300:
        raise Invalid("test_spec", "A test has a name and a title of at most 300 characters.", "title")
    strange = [area for area in spec.passing.areas if not _asked(spec, area)]
    if strange:
        raise Invalid("test_spec", f"The area {strange[0]} must be passed, and no line asks for it.", "test")
    draw(spec.lines, candidates(session, spec, language), "trial", kinds=spec.kinds)
    test = session.scalar(select(Test).where(Test.code == code))
    if test is None:
        test = Test(code=code, title_uk=title_uk, title_en=title_en, created_by=author or actor, created_at=now)
        session.add(test)
        session.flush()
    lock(session, Test, test.id)
    test.title_uk, test.title_en, test.organisation_id = title_uk, title_en, organisation_id
    asked = {line.audience for line in spec.lines if line.audience}
    test.audience = ",".join(sorted(asked or {*audience}))[:200]
    latest = session.scalar(
        select(TestVersion).where(TestVersion.test_id == test.id).order_by(TestVersion.number.desc()).limit(1)
    )
    if latest is not None and latest.digest == digest_of(spec):
        test.current_id = latest.id
        session.flush()
        return latest
    version = TestVersion(
        test_id=test.id,
        number=latest.number + 1 if latest else 1,
        spec=dump(spec),
        digest=digest_of(spec),
        published_by=author or actor,
        published_at=now,
    )
    session.add(version)
    session.flush()
    test.current_id = version.id
    session.flush()
    told = {"code": code, "version": version.number, "digest": version.digest}
    record(session, actor, "test.publish", "test", test.id, now=now, after=told)
    return version


def _asked(spec: TestSpec, area: str) -> bool:
    numbers = [number for line in spec.lines for number in (*line.competences, *([line.area] if line.area else []))]
    return not numbers or any(covers(area, number) or covers(number, area) for number in numbers)


def close(session: Session, visitor: Visitor, code: str, now: datetime) -> None:
    """Let nobody begin any more; attempts that run go on. Raises `NotAllowed`."""
    if not may_write(visitor):
        raise NotAllowed("test_not_yours", "Tests are closed by trainers and organisers.")
    test = session.scalar(select(Test).where(Test.code == code).with_for_update())
    if test is not None and test.current_id is not None:
        test.current_id = None
        session.flush()
        record(session, visitor.actor, "test.close", "test", test.id, now=now, after={"code": code})


def candidates(session: Session, spec: TestSpec, language: str) -> list[Candidate]:
    """What a test may draw now, in a language: a few columns of each usable item and its tags."""
    wanted = [Item.usable_id.is_not(None), Item.language == language]
    if spec.kinds:
        wanted.append(Item.kind.in_(spec.kinds))
    items = session.execute(
        select(Item.id, Item.usable_id, Item.family, Item.kind).where(*wanted).order_by(Item.id).limit(MOST_CANDIDATES)
    ).all()
    tags: dict[int, list[tuple[str, str]]] = {}
    rows = session.execute(
        select(ItemTag.item_id, ItemTag.scheme, ItemTag.value)
        .join(Item, Item.id == ItemTag.item_id)
        .where(*wanted, ItemTag.scheme.in_((spec.framework, LEVEL, AUDIENCE)))
    )
    for item_id, scheme, value in rows:
        tags.setdefault(item_id, []).append((scheme, value))
    found = []
    for item_id, version_id, family, kind in items:
        assert version_id is not None
        own = tags.get(item_id, [])
        found.append(
            Candidate(
                version_id=version_id,
                family=family,
                kind=kind,
                competences=frozenset(value for scheme, value in own if scheme == spec.framework),
                levels=frozenset(int(value) for scheme, value in own if scheme == LEVEL),
                audiences=frozenset(value for scheme, value in own if scheme == AUDIENCE),
            )
        )
    return found


def current(session: Session, code: str) -> tuple[Test, TestVersion] | None:
    """The test and the version with which attempts begin; None where there is none."""
    row = session.execute(
        select(Test, TestVersion).join(TestVersion, TestVersion.id == Test.current_id).where(Test.code == code)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None
