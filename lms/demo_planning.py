"""Demo data of planning: the catalogue of topics, the series of 2019, this season's consultations, two legal acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.schedule import acts, programmes, releases, rules, series, topics
from lms.schedule.drafts import AgendaDraft, PartyDraft
from lms.schedule.models import AgendaKind, Kind, Occurrence, Part
from lms.schedule.plan_models import LegalAct, OccurrenceTopic, Programme, Series, SeriesDate, SeriesDefaults, Topic
from lms.schedule.programmes import ProgrammeDraft
from lms.schedule.series_drafts import SeriesDraft, to_contents

ZONE = "Europe/Kyiv"
PROGRAMME = "Консультації для центрів"
SEASON = "Осінні консультації"

# Name, English name, the name of the topic above. The first ones are those of the consultations of 2019.
TOPICS = (
    ("Паспорти та реєстрація місця проживання", "Passports and residence registration", ""),
    ("Паспортні послуги", "Passport services", "Паспорти та реєстрація місця проживання"),
    ("Реєстрація місця проживання", "Residence registration", "Паспорти та реєстрація місця проживання"),
    ("Протоколи про адміністративні правопорушення", "Administrative-offence reports", ""),
    ("Публічні послуги та цифрова трансформація", "Public services and digital transformation", ""),
    ("Цивільний стан і нерухомість", "Civil status and real property", ""),
    ("Акти цивільного стану", "Civil status acts", "Цивільний стан і нерухомість"),
    ("Речові права на нерухоме майно", "Real property rights", "Цивільний стан і нерухомість"),
    ("Соціальні послуги", "Social services", ""),
)
# Title, English title, expert bodies, topics.
SEASON_DATES = (
    (
        "Паспорти та реєстрація місця проживання: запитання центрів",
        "Passports and residence registration: the centres’ questions",
        ("migration-service",),
        ("Паспортні послуги", "Реєстрація місця проживання"),
    ),
    (
        "Протоколи про адміністративні правопорушення: як складати",
        "Administrative-offence reports: how to write them",
        ("regulatory-service",),
        ("Протоколи про адміністративні правопорушення",),
    ),
    (
        "Публічні послуги та цифрова трансформація",
        "Public services and digital transformation",
        ("mindigital",),
        ("Публічні послуги та цифрова трансформація",),
    ),
    (
        "Акти цивільного стану та речові права на нерухоме майно",
        "Civil status acts and real property rights",
        ("minjust", "nais"),
        ("Акти цивільного стану", "Речові права на нерухоме майно"),
    ),
    ("Соціальні послуги через ЦНАП", "Social services through ASCs", ("minsocial",), ("Соціальні послуги",)),
)
# Series of the past, by the titles of their dates (`demo_facts.PAST`).
PAST_SERIES = (
    ("Надихаюче лідерство", "Inspirational Leadership", Kind.TRAINING, "Надихаюче лідерство", ""),
    (
        "Щотижневі консультації 2019 року",
        "Weekly consultations of 2019",
        Kind.CONSULTATION,
        "",
        "FREQ=WEEKLY;BYDAY=WE;COUNT=5",
    ),
)
ACTS = (
    (
        "5203-VI",
        "Закон України «Про адміністративні послуги»",
        date(2012, 9, 6),
        "https://zakon.rada.gov.ua/laws/show/5203-17",
    ),
    (
        "2073-IX",
        "Закон України «Про адміністративну процедуру»",
        date(2022, 2, 17),
        "https://zakon.rada.gov.ua/laws/show/2073-20",
    ),
)


def seed(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """Put it in where it is missing. A season that is over is followed by a new one."""
    tags = _topics(session, planner, now)
    for number, title, adopted, url in ACTS:
        if session.scalar(select(LegalAct.id).where(LegalAct.number == number)) is None:
            acts.create(session, planner, acts.ActDraft(number, title, adopted, now.date(), url), now)
    for title, title_en, kind, beginning, rule in PAST_SERIES:
        _past_series(session, homes["association"], title, title_en, kind, beginning, rule, now)
    _season(session, planner, homes, _programme(session, planner, homes["association"], now), tags, now)


def _topics(session: Session, planner: Visitor, now: datetime) -> dict[str, int]:
    known = {each.name_uk: each.id for each in session.scalars(select(Topic))}
    for name_uk, name_en, above in TOPICS:
        if name_uk not in known:
            parent = known.get(above)
            known[name_uk] = topics.create(session, planner, name_uk, now, name_en=name_en, parent_id=parent).id
    held = select(Occurrence.id, Occurrence.title).where(Occurrence.starts_local < datetime(2021, 1, 1))
    for number, title in session.execute(held).all():
        wanted = [known[name] for name, _en, _above in TOPICS if name in title]
        for topic in wanted:
            if session.get(OccurrenceTopic, (number, topic)) is None:
                session.add(OccurrenceTopic(occurrence_id=number, topic_id=topic))
    session.flush()
    return known


def _programme(session: Session, planner: Visitor, home: Organisation, now: datetime) -> Programme:
    found = session.scalar(select(Programme).where(Programme.title == PROGRAMME))
    if found is not None:
        return found
    draft = ProgrammeDraft(
        title=PROGRAMME,
        title_en="Consultations for the centres",
        description="Експерти центральних органів відповідають на запитання працівників центрів.",
        description_en="Experts of central bodies answer the questions of the centres’ staff.",
        owner_id=home.id,
        from_date=date(now.year, 9, 1),
        to_date=date(now.year + 1, 9, 1),
    )
    return programmes.create(session, planner, draft, now)


def _season(
    session: Session,
    planner: Visitor,
    homes: dict[str, Organisation],
    programme: Programme,
    tags: dict[str, int],
    now: datetime,
) -> None:
    ahead = select(Occurrence.id).join(Series, Series.id == Occurrence.series_id)
    if session.scalar(ahead.where(Series.title == SEASON, Occurrence.ends_at > now).limit(1)) is not None:
        return
    today = now.astimezone(rules.zone_of(ZONE)).date()
    first = datetime.combine(today + timedelta(days=7), time(14, 0))
    draft = SeriesDraft(
        kind=Kind.CONSULTATION,
        title=SEASON,
        title_en="Autumn consultations",
        description="Щотижня — одна тема й одне відомство. Запитання збираємо заздалегідь.",
        description_en="Each week one topic and one body. Questions are collected beforehand.",
        owner_id=homes["association"].id,
        programme_id=programme.id,
        starts_local=first,
        duration_minutes=90,
        rule=f"FREQ=WEEKLY;COUNT={len(SEASON_DATES)}",
        zone=ZONE,
        parties=[PartyDraft(homes["project-office"].id, Part.SUPPORTER)]
        + [PartyDraft(homes[code].id, Part.PARTICIPANT) for code in ("kyiv", "lviv", "sumy", "vinnytsia")],
        agenda=[
            AgendaDraft("Вітання", 5, "Welcome"),
            AgendaDraft("Виступ експерта", 40, "The expert’s talk"),
            AgendaDraft("Запитання центрів", 45, "The centres’ questions", AgendaKind.QUESTIONS),
        ],
    )
    models = [
        replace(
            draft.occurrence(first),
            title=title,
            title_en=title_en,
            parties=[PartyDraft(homes[code].id, Part.EXPERT_BODY) for code in bodies],
            topic_ids=tuple(tags[name] for name in names),
        )
        for title, title_en, bodies, names in SEASON_DATES
    ]
    made = series.create(session, planner, draft, now, models=models)
    # The last date stays a draft: a series is work in progress.
    drafts = session.scalars(
        select(Occurrence.slug).where(Occurrence.series_id == made.id).order_by(Occurrence.starts_at)
    ).all()
    releases.release(session, planner, made.slug, now, chosen=drafts[:-1], note="Перші чотири теми.")
    act = session.scalar(select(LegalAct.id).where(LegalAct.number == ACTS[0][0]))
    if act is not None:
        acts.attach(session, planner, drafts[2], act, "", now)


def _past_series(
    session: Session,
    home: Organisation,
    title: str,
    title_en: str,
    kind: Kind,
    beginning: str,
    rule: str,
    now: datetime,
) -> None:
    """Occurrences that were held before there was this system, put together as they were planned."""
    if session.scalar(select(Series.id).where(Series.title == title)) is not None:
        return
    year = (Occurrence.starts_local >= datetime(2019, 1, 1), Occurrence.starts_local < datetime(2020, 1, 1))
    query = select(Occurrence).where(*year, Occurrence.kind == kind, Occurrence.title.startswith(beginning))
    held = session.scalars(query.order_by(Occurrence.starts_at)).all()
    if not held:
        return
    made = Series(
        slug=f"{held[0].starts_local:%Y-%m-%d}-{'leadership' if beginning else 'consultations'}",
        owner_id=home.id,
        kind=kind,
        title=title,
        title_en=title_en,
        rule=rule,
        starts_local=held[0].starts_local,
        zone=ZONE,
        duration_minutes=held[0].duration_minutes,
        created_by="demo",
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    draft = SeriesDraft(kind, title, home.id, made.starts_local, made.duration_minutes, rule)
    session.add(SeriesDefaults(series_id=made.id, contents=to_contents(draft)))
    for each in held:
        each.series_id, each.planned_local = made.id, each.starts_local
        if not rule:
            session.add(SeriesDate(series_id=made.id, starts_local=each.starts_local))
    session.flush()
