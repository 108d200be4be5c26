"""Files applied: what is new, what is found again, who is asked about, who may, and that twice changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory import accounts, queries
from lms.directory.imports import actions
from lms.directory.imports.plan import Outcome, Plan
from lms.directory.models import (
    Account,
    Affiliation,
    Membership,
    Organisation,
    OrganisationStatus,
    Person,
    RoleName,
    Scope,
)
from lms.directory.queries import WorkloadFigure
from lms.directory.register_models import ContactChannel, DirectoryImport, ImportKind, ImportState
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from tests.lms.facts import NOW, administrator, counted, organisation, organiser, person

PEOPLE = """Прізвище;Ім’я;По батькові;Ел. пошта;Телефон;ЦНАП;Посада
Приклад;Олена;Іванівна;olena@x.ua;+380670000001;lviv;Адміністраторка
Приклад;Олена;Петрівна;olena2@x.ua;;lviv;Спеціалістка
Зразок;Іван;;;;ЦНАП lutsk;
Зразок;;;bad@@x.ua;12;Атлантида;
"""


def sent(session: Session, visitor: Visitor, kind: ImportKind, text: str, encoding: str = "utf-8") -> int:
    return actions.upload(session, visitor, kind, "файл.csv", text.encode(encoding), NOW).id


def plan(session: Session, visitor: Visitor, number: int) -> Plan:
    seen = actions.preview(session, visitor, number, NOW)
    assert seen.plan is not None, seen.lacking
    return seen.plan


def outcomes(planned: Plan) -> list[str]:
    return [row.outcome.value for row in planned.rows]


def test_people_are_imported_and_a_second_time_nothing_changes(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        organisation(session, "lviv")
        organisation(session, "lutsk")
        number = sent(session, boss, ImportKind.PEOPLE, PEOPLE, "cp1251")
        before = session.scalar(select(func.count()).select_from(Person))
        planned = plan(session, boss, number)
        assert outcomes(planned) == ["create", "ask", "create", "refused"]
        assert session.scalar(select(func.count()).select_from(Person)) == before, "a preview changes nothing"
        wrong = {(problem.field, problem.code) for problem in planned.rows[3].problems}
        assert wrong == {
            ("family_name", "name_whole_needed"),
            ("email", "email_invalid"),
            ("phone", "phone_invalid"),
            ("organisation", "organisation_unknown"),
        }
        actions.decide(session, boss, number, {"3": "new"}, NOW)
        done = actions.apply(session, boss, number, NOW)
        assert done.report["counts"] == {"create": 3, "refused": 1}
        assert {one["row"] for one in done.report["problems"]} == {5}
        assert done.content is None
    with database.writing() as session:
        olena = session.scalars(select(Account).where(Account.subject == "olena@x.ua")).one()
        assert session.scalars(select(Affiliation.position).where(Affiliation.person_id == olena.person_id)).one() == (
            "Адміністраторка"
        )
        assert session.scalars(select(ContactChannel.address)).all() == ["+380670000001"]
        created = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.create")).all()
        assert len([entry for entry in created if (entry.after or {}).get("import") == number]) == 3
        again = sent(session, boss, ImportKind.PEOPLE, PEOPLE)
        assert outcomes(plan(session, boss, again)) == ["same", "same", "same", "refused"]
        actions.apply(session, boss, again, NOW)
        assert session.scalar(select(func.count()).select_from(Person)) == (before or 0) + 3
        with pytest.raises(Conflict):
            actions.apply(session, boss, again, NOW)


def test_two_people_of_one_name_are_asked_about_and_never_put_together(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        home, other = organisation(session, "lviv"), organisation(session, "lutsk")
        known = accounts.create_person(
            session, "x", family_name="Shcherbak", given_name="Yuliia", email="y@x.ua", organisation_id=home.id, now=NOW
        )
        header = "Прізвище;Ім’я;E-mail;ЦНАП\n"
        text = header + "Щербак;Юлія;other@x.ua;lviv\nЩербак;Юлія;;lutsk\nІнша;Особа;y@x.ua;lviv\n"
        number = sent(session, boss, ImportKind.PEOPLE, text)
        planned = plan(session, boss, number)
        assert outcomes(planned) == ["ask", "ask", "ask"]
        assert [row.problems[0].code for row in planned.rows] == ["same_name", "same_name", "name_differs"]
        assert [candidate.id for row in planned.rows for candidate in row.candidates] == [known.id] * 3
        actions.apply(session, boss, number, NOW)
        assert session.scalar(select(func.count()).select_from(Person)) == 2, "undecided rows stay out"

        number = sent(session, boss, ImportKind.PEOPLE, text)
        actions.decide(session, boss, number, {"2": "new", "3": str(known.id), "4": "skip", "x": "new"}, NOW)
        assert outcomes(plan(session, boss, number)) == ["create", "change", "skip"]
        actions.apply(session, boss, number, NOW)
        homes = session.scalars(select(Affiliation.organisation_id).where(Affiliation.person_id == known.id)).all()
        assert set(homes) == {home.id, other.id}, "one person in two organisations"
        actions.decide(session, boss, sent(session, boss, ImportKind.PEOPLE, text), {"4": "new"}, NOW)
        latest = session.scalars(select(func.max(DirectoryImport.id))).one()
        assert outcomes(plan(session, boss, latest))[2] == "ask", "an address cannot belong to two"


def test_who_imports_for_one_centre_reaches_nobody_elsewhere(database: Database) -> None:
    with database.writing() as session:
        home, other = organisation(session, "lviv"), organisation(session, "lutsk")
        helper = person(session, "i@x.ua", RoleName.DATA_IMPORTER, scope=Scope.ORGANISATION, scope_id=home.id)
        accounts.create_person(
            session, "x", family_name="Чужий", given_name="Іван", email="c@x.ua", organisation_id=other.id, now=NOW
        )
        chief = person(session, "chief@x.ua", RoleName.ADMINISTRATOR, home=home)
        text = (
            "Прізвище;Ім’я;E-mail;Телефон;ЦНАП\n"
            "Новий;Петро;;;\n"
            "Новий;Павло;;;lutsk\n"
            "Чужий;Іван;;;lviv\n"
            "Чужий;Іван;c@x.ua;;lviv\n"
            "Прізвище;chief;chief@x.ua;+380670000000;lviv\n"
        )
        number = sent(session, helper, ImportKind.PEOPLE, text)
        planned = plan(session, helper, number)
        assert outcomes(planned) == ["create", "refused", "create", "refused", "same"]
        assert [row.problems[0].code for row in planned.rows if row.problems] == [
            "other_organisation",
            "email_elsewhere",
        ]
        actions.apply(session, helper, number, NOW)
        assert session.scalars(select(ContactChannel)).all() == [], "nobody redirects an administrator's letters"
        with pytest.raises(NotAllowed):
            sent(session, helper, ImportKind.ORGANISATIONS, "Назва\nЦНАП\n")
        with pytest.raises(NotAllowed):
            sent(session, organiser(session), ImportKind.PEOPLE, text)
        foreign = sent(session, chief, ImportKind.PEOPLE, text)
        for act in (actions.preview, actions.apply, actions.discard):
            with pytest.raises(NotFound):
                act(session, helper, foreign, NOW)


def test_organisations_are_found_again_by_code_or_by_name_and_settlement(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        known = organisation(session, "lviv")
        known.name_uk, known.settlement = "ЦНАП м. Львова", "Львів"
        text = (
            "Код,Назва,Вид,Стан,Область,Населений пункт,Сайт,Учасник з\n"
            ",Центр надання адміністративних послуг м. Львова,,,Львівська обл.,Львів,lviv.example,31.12.2019\n"
            "new-one,ЦНАП Новий,ЦНАП,переміщено,Сумська,Суми,,\n"
            ",ЦНАП м. Львова,,,,Інше місто,,\n"
            ",Цирк,цирк,танцює,Нарнія,,,колись\n"
            "new-one,Двічі,,,,,,\n"
        )
        number = sent(session, boss, ImportKind.ORGANISATIONS, text, "utf-8-sig")
        planned = plan(session, boss, number)
        assert outcomes(planned) == ["change", "create", "create", "refused", "refused"]
        assert {problem.code for problem in planned.rows[3].problems} == {
            "kind_unknown",
            "status_unknown",
            "oblast_unknown",
            "day_unreadable",
        }
        actions.apply(session, boss, number, NOW)
        session.expire_all()
        assert (known.oblast, known.website) == ("Львівська область", "https://lviv.example")
        assert session.scalars(select(Membership.from_date)).all() == [date(2019, 12, 31)]
        made = queries.organisation_by_code(session, "new-one")
        assert (made.status, made.oblast) == (OrganisationStatus.RELOCATED, "Сумська область")
        again = sent(session, boss, ImportKind.ORGANISATIONS, text)
        assert outcomes(plan(session, boss, again)) == ["same", "same", "same", "refused", "refused"]


def test_workload_replaces_its_own_figures(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        home = organisation(session, "lviv")
        text = "Центр;День;Година;Кількість\nlviv;пт;9:00;10\nlviv;27.11.2026;9;20\nlviv;пт;9;11\nlviv;;x;-\n"
        number = sent(session, boss, ImportKind.WORKLOAD, text)
        planned = plan(session, boss, number)
        assert outcomes(planned) == ["create", "create", "refused", "refused"]
        assert [problem.code for problem in planned.rows[3].problems] == [
            "day_needed",
            "hour_unreadable",
            "count_unreadable",
        ]
        actions.apply(session, boss, number, NOW)
        assert queries.workload(session, [home.id]) == [WorkloadFigure(home.id, 4, 9, 20.0)]
        again = sent(session, boss, ImportKind.WORKLOAD, text.replace(";20", ";30"))
        assert outcomes(plan(session, boss, again)) == ["same", "change", "refused", "refused"]
        actions.apply(session, boss, again, NOW)
        assert queries.workload(session, [home.id]) == [WorkloadFigure(home.id, 4, 9, 30.0)]


def test_columns_can_be_chosen_and_a_lacking_one_is_named(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        number = sent(session, boss, ImportKind.PEOPLE, "a;b\nПриклад;Олена\n")
        seen = actions.preview(session, boss, number, NOW)
        assert seen.plan is None
        assert seen.lacking
        with pytest.raises(Invalid) as refused:
            actions.apply(session, boss, number, NOW)
        assert refused.value.code == "columns_needed"
        actions.choose_columns(session, boss, number, {"family_name": 0, "given_name": 1, "nonsense": 7}, NOW)
        assert outcomes(plan(session, boss, number)) == ["create"]
        actions.choose_columns(session, boss, number, {"family_name": 0, "given_name": 99}, NOW)
        assert outcomes(plan(session, boss, number)) == ["refused"]


def test_a_row_of_another_width_is_refused_by_itself(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        text = "Прізвище;Ім’я;Посада;Телефон\nА;Б;В;;;зайве\nЗліплений рядок\nПриклад;Олена\n"
        planned = plan(session, boss, sent(session, boss, ImportKind.PEOPLE, text))
        assert [row.problems[0].code if row.problems else "" for row in planned.rows] == ["row_wide", "row_narrow", ""]
        assert planned.rows[2].outcome is Outcome.CREATE


def test_files_that_wait_are_bounded_and_thrown_away(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        numbers = [sent(session, boss, ImportKind.PEOPLE, "a;b\nx;y\n") for _ in range(actions.MOST_WAITING)]
        with pytest.raises(TooMany):
            sent(session, boss, ImportKind.PEOPLE, "a;b\nx;y\n")
        actions.discard(session, boss, numbers[0], NOW)
        kept = session.get_one(DirectoryImport, numbers[0])
        assert (kept.state, kept.content) == (ImportState.DISCARDED, None)
        with pytest.raises(Conflict):
            actions.preview(session, boss, numbers[0], NOW)
        assert len(actions.imports_of(session, boss)) == actions.MOST_WAITING


def test_a_long_file_takes_as_many_queries_as_a_short_one(database: Database) -> None:
    asked = []
    with database.writing() as session:
        boss = administrator(session)
        organisation(session, "lviv")
        for size in (2, 300):
            rows = "".join(f"Приклад{number};Ім’я;p{size}-{number}@x.ua;lviv\n" for number in range(size))
            number = sent(session, boss, ImportKind.PEOPLE, f"Прізвище;Ім’я;E-mail;ЦНАП\n{rows}")
            session.flush()
            with counted(database) as said:
                actions.preview(session, boss, number, NOW)
            asked.append(len(said))
            actions.apply(session, boss, number, NOW)
        assert session.scalars(select(func.count()).select_from(Organisation)).one() == 1
    assert asked[1] <= asked[0]
