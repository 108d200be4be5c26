"""Projects: who keeps them, what their logo is made of, and which occurrence bears which tag."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory import projects
from lms.directory.models import OrganisationKind, RoleName, Scope
from lms.directory.projects import ProjectDraft
from lms.errors import Conflict, Invalid, NotAllowed
from lms.files import MemoryFiles
from lms.schedule import actions, calendar, programmes, project_of, tags
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Series
from lms.schedule.programmes import ProgrammeDraft
from tests.lms.facts import NOW, draft, organisation, organiser, person


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 300), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 16, 46)).save(out, kind, **more)
    return out.getvalue()


def test_a_project_is_kept_by_those_who_plan_for_its_organisation(database: Database) -> None:
    with database.writing() as session:
        home = organisation(session, "undp", OrganisationKind.PROJECT)
        payer = organisation(session, "uk-aid", OrganisationKind.PROJECT)
        other = organisation(session, "kyiv")
        keeper = person(session, "k@example.org", RoleName.ORGANISER, scope=Scope.ORGANISATION, scope_id=home.id)
        stranger = person(session, "s@example.org", RoleName.ORGANISER, scope=Scope.ORGANISATION, scope_id=other.id)
        wanted = ProjectDraft("Стійкі громади", home.id, number=" UNDP-7 ", funders=(payer.id, home.id, payer.id))
        with pytest.raises(NotAllowed):
            projects.create(session, stranger, wanted, NOW)
        made = projects.create(session, keeper, wanted, NOW)
        second = projects.create(session, keeper, wanted, NOW)
        assert (made.slug, second.slug) == ("stiiki-hromady", "stiiki-hromady-2")
        tag = projects.tag(session, made.slug)
        assert (tag.number, tag.statement) == ("UNDP-7", "За підтримки: ЦНАП uk-aid, ЦНАП undp")
        with pytest.raises(NotAllowed):
            projects.edit(session, stranger, made.slug, wanted, NOW)
        kept = ProjectDraft("Інша назва", home.id, statement="За підтримки Уряду", funders=(home.id,))
        projects.edit(session, keeper, made.slug, kept, NOW)
        tag = projects.tag(session, made.slug)
        assert (tag.name, tag.statement, [number for number, *_ in tag.funders]) == (
            "Інша назва", "За підтримки Уряду", [home.id],
        )  # fmt: skip
        with pytest.raises(Invalid):
            projects.edit(session, keeper, made.slug, ProjectDraft(" ", home.id), NOW)


def test_a_logo_is_written_anew_and_needs_words(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        home = organisation(session, "undp")
        store = MemoryFiles()
        made = projects.create(session, visitor, ProjectDraft("Проєкт", home.id), NOW)
        secret = PngImagePlugin.PngInfo()
        secret.add_text("Comment", "where it was taken")
        with pytest.raises(Invalid, match="Say what"):
            projects.set_logo(session, visitor, made.slug, picture(), store, NOW)
        projects.edit(session, visitor, made.slug, ProjectDraft("Проєкт", home.id, logo_alt="Прапор"), NOW)
        projects.set_logo(session, visitor, made.slug, picture(pnginfo=secret), store, NOW)
        kept = store.get(projects.tag(session, made.slug).logo)
        assert b"where it was taken" not in kept
        with Image.open(io.BytesIO(kept)) as opened:
            assert (opened.format, opened.size) == ("PNG", (600, 150))
        for bad in (b"<svg/>", picture("GIF"), b"\x89PNG" + b"0" * 200, picture(size=(5000, 10)), b"x" * 3_000_000):
            with pytest.raises(Invalid) as refused:
                projects.set_logo(session, visitor, made.slug, bad, store, NOW)
            assert refused.value.code in ("logo_kind", "logo_large")
        with pytest.raises(Invalid):
            projects.edit(session, visitor, made.slug, ProjectDraft("Проєкт", home.id), NOW)


def shown(session: Session, occurrence: Occurrence) -> int | None:
    return session.scalar(select(project_of.occurrence()).where(Occurrence.id == occurrence.id))


def test_an_occurrence_bears_its_own_tag_or_its_series_or_its_programme_s(database: Database) -> None:
    with database.writing() as session:
        visitor = organiser(session)
        home = organisation(session, "undp")
        first, second, third = (
            projects.create(session, visitor, ProjectDraft(f"Проєкт {number}", home.id), NOW) for number in (1, 2, 3)
        )
        programme = programmes.create(session, visitor, ProgrammeDraft("Програма", home.id, date(2026, 1, 1)), NOW)
        occurrence = actions.create(session, visitor, draft(), NOW)
        series = Series(
            slug="s", owner_id=home.id, programme_id=programme.id, kind=occurrence.kind, title="S", created_by="x",
            starts_local=occurrence.starts_local, zone=occurrence.zone, duration_minutes=60, created_at=NOW,
            updated_at=NOW,
        )  # fmt: skip
        session.add(series)
        session.flush()
        occurrence.series_id = series.id
        session.flush()
        assert shown(session, occurrence) is None
        tags.put(session, visitor, "programme", programme.slug, third.slug, NOW)
        assert shown(session, occurrence) == third.id
        tags.put(session, visitor, "series", "s", second.slug, NOW)
        assert (shown(session, occurrence), tags.of_series(session, "s")) == (second.id, (second.id, second.id))
        tags.put(session, visitor, "occurrence", occurrence.slug, first.slug, NOW)
        assert tags.of_occurrence(session, occurrence.id) == (first.id, first.id)
        actions.publish(session, visitor, occurrence.slug, NOW)
        for slug, count in ((first.slug, 1), (second.slug, 0)):
            page = calendar.coming(session, visitor, NOW, calendar.Wanted(project=slug))
            assert len(page.cards) == count
        projects.close(session, visitor, first.slug, NOW, closed=True)
        tags.put(session, visitor, "occurrence", occurrence.slug, first.slug, NOW)
        tags.put(session, visitor, "occurrence", occurrence.slug, "", NOW)
        assert shown(session, occurrence) == second.id
        with pytest.raises(Conflict, match="closed"):
            tags.put(session, visitor, "occurrence", occurrence.slug, first.slug, NOW)
