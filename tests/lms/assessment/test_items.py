"""The bank: drafts, a second pair of eyes, versions that never change, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment import actions, queries
from lms.assessment.content import TrueFalse, dump
from lms.assessment.drafts import ItemDraft, code_of, digest_of, family_of
from lms.assessment.models import Item, ItemVersion, Verdict, VersionState
from lms.assessment.queries import Filter
from lms.assessment.tags import Tag
from lms.assessment.tags import read as read_tags
from lms.audit.models import AuditEntry
from lms.audit.queries import find_tampering
from lms.database import Database
from lms.directory.models import RoleName
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.lms.facts import NOW, administrator, counted, person

LATER = NOW + timedelta(hours=1)
TAGS = (Tag("digcomp22", "1.1"), Tag("level", "3"), Tag("audience", "citizen"))


def draft(text: str = "Небо блакитне", **more: Any) -> ItemDraft:
    return ItemDraft(**{"body": TrueFalse(text=text, answer=True), "code": "dl-1-1-01", "tags": TAGS, **more})


def trainer(session: Session) -> Visitor:
    return person(session, "trainer@example.org", RoleName.TRAINER)


def reviewer(session: Session) -> Visitor:
    return person(session, "reviewer@example.org", RoleName.ITEM_REVIEWER)


def offered(session: Session, author: Visitor, one: ItemDraft) -> Item:
    item = actions.create(session, author, one, NOW)
    return actions.offer(session, author, item.code, NOW)


def usable(session: Session, author: Visitor, second: Visitor, one: ItemDraft | None = None) -> Item:
    item = offered(session, author, one or draft())
    actions.review(session, second, item.code, Verdict.GOOD, "", NOW, digest=item.versions[-1].digest)
    return actions.release(session, author, item.code, NOW)


def test_from_a_draft_by_a_second_person_to_use_and_out_of_it(database: Database) -> None:
    with database.writing() as session:
        author, second = trainer(session), reviewer(session)
        item = actions.create(session, author, draft(), NOW)
        digest = item.versions[-1].digest
        with pytest.raises(Conflict) as early:
            actions.release(session, author, item.code, NOW)
        assert early.value.code == "item_not_reviewed"
        with pytest.raises(NotAllowed) as own:
            actions.review(session, author, item.code, Verdict.GOOD, "", NOW, digest=digest)
        assert own.value.code == "item_not_reviewer"
        with pytest.raises(Conflict) as unfinished:
            actions.review(session, second, item.code, Verdict.GOOD, "", NOW, digest=digest)
        assert unfinished.value.code == "item_not_offered"
        assert queries.awaiting_review(session, second) == []
        actions.offer(session, author, item.code, NOW)
        assert [card.code for card in queries.awaiting_review(session, second)] == [item.code]
        actions.review(session, second, item.code, Verdict.RETURNED, "Коли саме?", NOW, digest=digest)
        assert item.state is VersionState.DRAFT
        actions.save(
            session, author, item.code, draft("Удень небо блакитне"), LATER, expected_version=item.lock_version
        )
        actions.offer(session, author, item.code, LATER)
        with pytest.raises(Conflict) as stale:
            actions.review(session, second, item.code, Verdict.GOOD, "", LATER, digest=digest)
        assert stale.value.code == "changed_meanwhile"
        assert len(item.versions) == 1
        actions.review(session, second, item.code, Verdict.GOOD, "", LATER, digest=item.versions[-1].digest)
        actions.release(session, second, item.code, LATER)
        assert (item.state, item.usable_id) == (VersionState.USABLE, item.versions[-1].id)
        page = queries.item_page(session, author, item.code)
        assert [(each.verdict, each.of_this_text) for each in page.reviews] == [
            (Verdict.GOOD, True),
            (Verdict.RETURNED, False),
        ]
        actions.withdraw(session, author, item.code, "Застаріло", LATER)
        assert (item.state, item.usable_id) == (VersionState.WITHDRAWN, None)
        with pytest.raises(Conflict):
            actions.withdraw(session, author, item.code, "Ще раз", LATER)
        actions.offer(session, author, item.code, LATER)
        assert (item.state, item.latest, item.usable_id) == (VersionState.OFFERED, 2, None), "back, as a new version"
    with database.reading() as session:
        assert find_tampering(session) is None
        done = session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "item")).all()
        assert sorted(done) == sorted(
            [f"item.{each}" for each in ("create", "change", "release", "withdraw")]
            + ["item.offer"] * 3
            + ["item.review"] * 2
        )


def test_whoever_wrote_any_of_it_does_not_approve_it_whatever_they_are(database: Database) -> None:
    with database.writing() as session:
        admin, author = administrator(session), trainer(session)
        item = actions.create(session, author, draft(), NOW)
        actions.save(session, admin, item.code, draft("Інше"), NOW, expected_version=item.lock_version)
        actions.save(session, author, item.code, draft("Третє"), NOW, expected_version=item.lock_version)
        actions.offer(session, author, item.code, NOW)
        with pytest.raises(NotAllowed) as refused:
            actions.review(session, admin, item.code, Verdict.GOOD, "", NOW, digest=item.versions[-1].digest)
        assert refused.value.code == "item_own_review"
        assert queries.awaiting_review(session, admin) == []
        assert [card.code for card in queries.awaiting_review(session, reviewer(session))] == [item.code]


def test_a_change_of_what_was_reviewed_is_a_new_version(database: Database) -> None:
    with database.writing() as session:
        author, second = trainer(session), reviewer(session)
        item = usable(session, author, second)
        first = item.usable_id
        actions.save(session, author, item.code, draft("Нове"), LATER, expected_version=item.lock_version)
        assert [(each.number, each.state) for each in item.versions] == [
            (1, VersionState.USABLE),
            (2, VersionState.DRAFT),
        ]
        assert item.usable_id == first  # tests go on with the old one
        actions.offer(session, author, item.code, LATER)
        actions.review(session, second, item.code, Verdict.GOOD, "", LATER, digest=item.versions[-1].digest)
        actions.release(session, author, item.code, LATER)
        assert [each.state for each in item.versions] == [VersionState.REPLACED, VersionState.USABLE]
        assert queries.body_of(session, author, item.code, 1).text == "Небо блакитне"
        assert queries.body_of(session, author, item.code, 2).text == "Нове"


@pytest.mark.parametrize("state", ["reviewed", "used"])
def test_what_was_reviewed_or_used_never_changes_whatever_code_tries(database: Database, state: str) -> None:
    with database.writing() as session:
        author = trainer(session)
        item = offered(session, author, draft())
        version = item.versions[-1]
        if state == "used":
            actions.mark_used(session, {version.id}, NOW)
        else:
            actions.review(session, reviewer(session), item.code, Verdict.GOOD, "", NOW, digest=version.digest)
        version.body = dump(TrueFalse(text="Підмінено", answer=False))
        with pytest.raises(RuntimeError, match="is fixed"):
            session.flush()
        session.rollback()


def test_saving_the_same_changes_nothing_and_retagging_makes_no_version(database: Database) -> None:
    with database.writing() as session:
        author = trainer(session)
        item = usable(session, author, reviewer(session))
        version = item.lock_version
        actions.save(session, author, item.code, draft(), LATER, expected_version=version)
        assert (item.lock_version, item.updated_at) == (version, NOW)
        actions.save(session, author, item.code, draft(tags=TAGS[:1]), LATER, expected_version=version)
        assert (len(item.versions), item.state, len(item.tags)) == (1, VersionState.USABLE, 1)
        with pytest.raises(Conflict) as refused:
            actions.save(session, author, item.code, draft("Пізно"), LATER, expected_version=version)
        assert refused.value.code == "changed_meanwhile"


def test_translations_belong_together(database: Database) -> None:
    with database.writing() as session:
        author = trainer(session)
        english = draft("The sky is blue", code="dl-1-1-01-en", language="en")
        assert family_of(english) == "dl-1-1-01"
        actions.create(session, author, english, NOW)
        actions.create(session, author, draft(), NOW)
        assert queries.item_page(session, author, "dl-1-1-01").translations == (("dl-1-1-01-en", "en"),)
        with pytest.raises(Conflict) as taken:
            actions.create(session, author, draft(), NOW)
        assert taken.value.code == "item_code_taken"


def test_the_bank_is_shown_to_those_who_write_and_review_only(database: Database) -> None:
    with database.writing() as session:
        author, lead = trainer(session), person(session, "lead@example.org", RoleName.CENTRE_LEAD)
        item = actions.create(session, author, draft(), NOW)
        for nobody in (ANONYMOUS, lead):
            for ask in (
                lambda who: queries.listed(session, who, Filter()),
                lambda who: queries.item_page(session, who, item.code),
                lambda who: queries.body_of(session, who, item.code, 1),
                lambda who: actions.create(session, who, draft(code="other"), NOW),
                lambda who: actions.save(session, who, item.code, draft("x"), NOW, expected_version=1),
                lambda who: actions.review(session, who, item.code, Verdict.GOOD, "", NOW, digest=""),
                lambda who: actions.release(session, who, item.code, NOW),
                lambda who: actions.withdraw(session, who, item.code, "so", NOW),
            ):
                with pytest.raises(NotAllowed):
                    ask(nobody)
        with pytest.raises(NotFound):
            queries.item_page(session, author, "none")


def test_found_by_area_level_audience_language_and_words(database: Database) -> None:
    with database.writing() as session:
        author = trainer(session)
        for number, (competence, level) in enumerate([("1.1", "1"), ("1.2", "3"), ("10.1", "3"), ("2.1", "3")]):
            tags = (Tag("digcomp22", competence), Tag("level", level), Tag("audience", "teacher"))
            actions.create(session, author, draft(f"Питання {number}", code=f"i-{number}", tags=tags), NOW)

        def codes(**which: str) -> list[str]:
            cards, total = queries.listed(session, author, Filter(**which))
            assert total == len(cards)
            return sorted(card.code for card in cards)

        assert codes(scheme="digcomp22", number="1") == ["i-0", "i-1"]
        assert codes(scheme="digcomp22", number="1.2") == ["i-1"]
        assert codes(level="3", audience="teacher") == ["i-1", "i-2", "i-3"]
        assert codes(audience="doctor") == []
        assert codes(words="ПИТАННЯ 2") == ["i-2"]
        assert codes(words="%") == []
        assert codes(language="en") == []
        assert codes(state="usable") == []
        assert codes(kind="true_false", state="nonsense") == ["i-0", "i-1", "i-2", "i-3"]


def test_a_page_of_the_bank_takes_the_same_few_queries_however_long_it_is(database: Database) -> None:
    with database.writing() as session:
        author = trainer(session)
        for number in range(queries.PAGE + 5):
            actions.create(session, author, draft(f"Питання {number}", code=f"i-{number}"), NOW)
    with database.reading() as session, counted(database) as said:
        cards, total = queries.listed(session, author, Filter())
        assert (len(cards), total) == (queries.PAGE, queries.PAGE + 5)
        assert len(said) <= 4
    with database.reading() as session, counted(database) as said:
        assert len(list(queries.stored(session, Filter()))) == queries.PAGE + 5
        assert len(said) <= 5


def test_an_item_without_a_code_gets_one_of_its_content() -> None:
    one, same, other = draft(code=""), draft(code="", tags=()), draft("Інше", code="")
    assert code_of(one) == code_of(same) != code_of(other)
    assert code_of(one).startswith("true-false-")
    assert digest_of(one.body) == digest_of(same.body)


@pytest.mark.parametrize("wrong", [{"code": "ї"}, {"code": "a b"}, {"code": "x" * 65}, {"language": "ru"}])
def test_a_draft_with_a_wrong_code_or_language_is_refused(database: Database, wrong: dict[str, str]) -> None:
    with database.writing() as session:
        author = trainer(session)
        with pytest.raises(Invalid):
            actions.create(session, author, draft(**wrong), NOW)
        assert session.scalar(select(func.count()).select_from(ItemVersion)) == 0


def test_tags_as_they_are_written() -> None:
    words = [
        "digcomp22:1.1",
        "level:3",
        "level:9",
        "audience:teacher",
        "Пошук",
        "digcomp22:x",
        "foo:bar",
        "",
        "level:3",
    ]
    tags, said = read_tags(words, {"digcomp22"})
    assert [str(tag) for tag in tags] == [
        "digcomp22:1.1",
        "level:3",
        "audience:teacher",
        "topic:Пошук",
        "topic:foo:bar",
    ]
    assert len(said) == 3
